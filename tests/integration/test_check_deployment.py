"""What ``make deploy`` checks first: the repository passes, and each check fails on a project that is broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.deployment.check import Status
from scripts.deployment.configuration import check_configuration, check_indexes
from scripts.deployment.discovery import Discovered, Function, check_discovery
from scripts.deployment.parameters import check_parameters, check_secrets
from scripts.deployment.project import check_project
from scripts.deployment.rules import check_rules
from tests.emulators.suite import ENABLE_COMMAND, is_available
from tests.emulators.tiers import require_tier
from tests.integration.deployable_project import ROOT, append, copy_project, edit, failed

SLOW_IMPORT_SECONDS = 11

suite = pytest.mark.suite


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tier("firebase-tools", is_available(), ENABLE_COMMAND)
    return copy_project(tmp_path)


@suite
@pytest.mark.firestore
def test_check_deployment_passes_the_repository(firestore_host: str) -> None:
    require_tier("firebase-tools", is_available(), ENABLE_COMMAND)
    answer = _run("--project=my-project", "--json")
    report = json.loads(answer.stdout)
    assert [each for each in report["checks"] if each["status"] == "failed"] == []
    assert (answer.returncode, report["ok"]) == (0, True)
    found = {each["name"]: each for each in report["checks"]}
    assert "maestro credentials set TENANT" in found["secrets"]["found"]
    assert any(each.startswith("tenanttick (task queue, us-central1): ") for each in found["discovery"]["details"])
    assert "MB packed" in found["upload list"]["found"]


def test_check_deployment_tells_in_a_table_what_to_do(project: Path) -> None:
    edit(project / "firebase.json", '"codebase"', '"codebasis"')
    answer = _run("--project=demo-maestro", f"--root={project}")
    assert answer.returncode == 1
    told = " ".join(answer.stdout.split())
    assert "demo-maestro is a name for emulators" in told
    assert "make deploy PROJECT=my-project" in told
    assert "'codebasis' was unexpected" in told


@pytest.mark.parametrize(("yes", "expected"), [("", False), ("1", True)])
def test_deployment_without_a_terminal_wants_to_be_confirmed(yes: str, expected: bool) -> None:
    asking = "from scripts.deployment.project import is_confirmed; print(is_confirmed('my-project'))"
    assert _python("-c", asking, YES=yes).stdout.strip() == str(expected)


@pytest.mark.parametrize("name", ["", "demo-maestro", "My-Project", "a", "maestro-"])
def test_project_refuses_what_no_cloud_project_is_called(name: str) -> None:
    assert failed(check_project(name)).remedy == "name the project: make deploy PROJECT=my-project"
    assert check_project("maestro-4711").status is Status.OK


def test_configuration_refuses_an_unknown_key(project: Path) -> None:
    assert check_configuration(project).status is Status.OK
    edit(project / "firebase.json", '"codebase"', '"codebasis"')
    assert "codebasis" in failed(check_configuration(project)).found


def test_configuration_refuses_a_missing_file(project: Path) -> None:
    edit(project / "firebase.json", "firestore.rules", "firestore.ruls")
    assert failed(check_configuration(project)).found == "names firestore.ruls, which does not exist"


def test_configuration_refuses_what_is_no_json(project: Path) -> None:
    edit(project / "firebase.json", "{", "", count=1)
    assert failed(check_configuration(project)).found.startswith("no JSON: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"order": "ASCENDING"', '"order": "UPWARDS"', 'Field "order" must be one of'),
        ('"fieldPath": "uid", ', "", 'Must contain "fieldPath"'),
        ('"queryScope": "COLLECTION"', '"queryScope": "EVERYWHERE"', 'Field "queryScope" must be one of'),
    ],
)
def test_indexes_refuse_what_firebase_tools_refuses(project: Path, old: str, new: str, said: str) -> None:
    assert check_indexes(project).status is Status.OK
    edit(project / "firestore.indexes.json", old, new, count=1)
    assert said in failed(check_indexes(project)).found


def test_indexes_refuse_the_same_index_twice(project: Path) -> None:
    file = project / "firestore.indexes.json"
    specification = json.loads(file.read_text())
    specification["indexes"].append(specification["indexes"][0])
    file.write_text(json.dumps(specification))
    name = specification["indexes"][0]["collectionGroup"]
    assert failed(check_indexes(project)).found.startswith(f"twice: {name} (COLLECTION): ")


def test_indexes_refuse_a_composite_of_one_field(project: Path) -> None:
    file = project / "firestore.indexes.json"
    specification = json.loads(file.read_text())
    del specification["indexes"][0]["fields"][1:]
    file.write_text(json.dumps(specification))
    assert "one field alone" in failed(check_indexes(project)).found


@pytest.mark.firestore
def test_rules_refuse_an_unknown_function(project: Path, firestore_host: str) -> None:
    assert check_rules(project).status is Status.OK
    edit(project / "firestore.rules", "allow list: if isOwner(tenant);", "allow list: if isOwnerOf(tenant);")
    assert any("Invalid function name: isOwnerOf." in each for each in failed(check_rules(project)).details)


@pytest.mark.firestore
def test_rules_refuse_what_does_not_parse(project: Path, firestore_host: str) -> None:
    edit(project / "firestore.rules", "rules_version = '2';", "rules_version = '2'; allow everything")
    assert "allow" in failed(check_rules(project)).found


@suite
def test_discovery_refuses_a_function_that_is_exported_but_is_none(project: Path) -> None:
    edit(project / "functions" / "main.py", '    "tenanttick",', '    "tenanttick",\n    "no_function",')
    append(project / "functions" / "main.py", "\nno_function = 1\n")
    assert failed(check_discovery(project)[0]).found == "no_function is not discovered"


@suite
def test_discovery_refuses_code_that_does_not_import(project: Path) -> None:
    append(project / "functions" / "main.py", "\nimport no_such_package\n")
    check, found = check_discovery(project)
    assert failed(check).remedy.startswith("correct the import")
    assert found.functions == ()


@suite
def test_discovery_refuses_an_import_beyond_the_limit(project: Path) -> None:
    append(project / "deploy" / "main.py", f"\nimport time\n\ntime.sleep({SLOW_IMPORT_SECONDS})\n")
    assert "Timeout after 10000" in failed(check_discovery(project)[0]).found


@suite
def test_discovery_warns_above_half_of_the_limit(project: Path) -> None:
    append(project / "deploy" / "main.py", "\nimport time\n\ntime.sleep(5)\n")
    check, _ = check_discovery(project)
    assert check.status in (Status.WARNING, Status.FAILED), check  # the latter on a machine that is busy
    assert "import vendors inside the functions" in check.remedy or "Timeout" in check.found
    assert not (project / "firebase-debug.log").exists()


DISCOVERED = Discovered(parameters=("MAESTRO_SCHEDULE__TICK", "MAESTRO_SCHEDULE__TIME_ZONE"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("MAESTRO_SCHEDULE__TICK=", "MAESTRO_SCHEDULE__TOCK=", "deploy/.env has no MAESTRO_SCHEDULE__TICK"),
        ("MAESTRO_STORE=", "APCA_API_SECRET_KEY=", "a secret's name in .env: APCA_API_SECRET_KEY"),
        ("MAESTRO_STORE=", "MAESTRO_NOTIFICATIONS__SLACK=", "a secret's name in .env: MAESTRO_NOTIFICATIONS__SLACK"),
        ("*/5 9-16", "*/5 9-26", "MAESTRO_SCHEDULE__TICK: expected a schedule"),
        ("New_York", "New_Yorck", "MAESTRO_SCHEDULE__TIME_ZONE: expected a schedule"),
        ("MAESTRO_STORE=firestore", "MAESTRO_STORE=firestore\nMAESTRO_SYMBOL=KO", "MAESTRO_SYMBOL: expected"),
    ],
)
def test_parameters_refuse_what_is_missing_secret_or_wrong(project: Path, old: str, new: str, said: str) -> None:
    assert check_parameters(project, DISCOVERED, "my-project").status is Status.OK
    edit(project / "deploy" / ".env", old, new)
    assert said in failed(check_parameters(project, DISCOVERED, "my-project")).found


def test_parameters_read_the_file_of_the_project_too(project: Path) -> None:
    (project / "deploy" / ".env.my-project").write_text("MAESTRO_SCHEDULE__TICK=often\n")
    assert "'often'" in failed(check_parameters(project, DISCOVERED, "my-project")).found
    assert check_parameters(project, DISCOVERED, "my-other-project").status is Status.OK


def test_secrets_are_told_with_the_command_that_sets_them() -> None:
    function = Function(
        name="api",
        trigger="HTTP",
        region="us-central1",
        memory_mb=256,
        timeout_seconds=60,
        max_instances=None,
        secrets=("HOOK",),
    )
    found = check_secrets(Discovered(functions=(function,)), "my-project")
    assert found.details == ("firebase functions:secrets:set HOOK --project my-project",)
    assert "bound to functions: none" in check_secrets(Discovered(), "my-project").found


def _run(*options: str) -> "subprocess.CompletedProcess[str]":
    return _python(str(ROOT / "scripts" / "check_deployment.py"), *options)


def _python(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if name != "YES"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
