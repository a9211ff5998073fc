"""What would be uploaded, as firebase-tools packs it: complete, and free of what must not leave the machine."""

import json
import shutil
from pathlib import Path

import pytest

from scripts.deployment.check import Status
from scripts.deployment.upload import Upload, check_content, check_names, check_requirements, check_upload, packed
from tests.emulators.suite import ENABLE_COMMAND, is_available
from tests.emulators.tiers import require_tier
from tests.integration.deployable_project import ROOT, copy_project, failed

suite = pytest.mark.suite


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tier("firebase-tools", is_available(), ENABLE_COMMAND)
    return copy_project(tmp_path)


@suite
def test_upload_is_what_the_folder_links_to(project: Path) -> None:
    with packed(project) as upload:
        assert check_names(upload).status is Status.OK
        assert check_requirements(upload).status is Status.OK
        python = {each for each in upload.names if each.endswith(".py")}
    linked = {str(each.relative_to(ROOT)) for name in ("functions", "backend") for each in (ROOT / name).rglob("*.py")}
    assert python == {*linked, "main.py"}


@suite
@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("functions/id_rsa", "x", "functions/id_rsa is a secret"),
        ("backend/google-service-account.json", "{}", "backend/google-service-account.json is a secret"),
        ("backend/domain/test_lot.py", "", "backend/domain/test_lot.py is a test"),
        ("functions/tests/sample.py", "", "functions/tests/sample.py is a test"),
        ("functions/.pytest_cache/x", "", "functions/.pytest_cache/x is a cache or an environment"),
        ("deploy/maestro.sqlite3", "", "maestro.sqlite3 is a database"),
    ],
)
def test_upload_refuses_names_that_do_not_belong_there(project: Path, path: str, content: str, said: str) -> None:
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text(content)
    with packed(project) as upload:
        assert failed(check_names(upload)).found == said


@suite
def test_upload_leaves_out_what_firebase_json_ignores(project: Path) -> None:
    for name in (".secret.local", ".env.local", "notes.log", "maestro.db", "tls.pem"):
        (project / "deploy" / name).write_text("x")
    with packed(project) as upload:
        assert check_names(upload).status is Status.OK
    configuration = json.loads((project / "firebase.json").read_text())
    configuration["functions"][0]["ignore"] = ["venv"]
    (project / "firebase.json").write_text(json.dumps(configuration))
    with packed(project) as upload:
        refused = failed(check_names(upload))
    for name in (".secret.local is a secret", "notes.log is a log", "maestro.db is a database", "tls.pem is a secret"):
        assert name in refused.details


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("functions/keys.py", 'KEY = "AKIA' + 'QLP4ZNTR7WXC2V5M"\n', "functions/keys.py:1: AWS Access Key"),
        ("functions/keys.py", 'KEY = "PK' + '7XQ2M4ZT9LWC8VR3JD"\n', "functions/keys.py:1: Alpaca API Key"),
        ("notes.txt", "-----BEGIN RSA PRIVATE " + "KEY-----\n", "notes.txt:1: Private Key"),
        ("backend/ours.json", '{"type": "service_account"}', "backend/ours.json: a service account's key"),
    ],
)
def test_upload_refuses_content_that_is_secret(tmp_path: Path, path: str, content: str, said: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(content)
    assert said in failed(check_content(_upload(tmp_path, path), ROOT)).details


@suite
@pytest.mark.parametrize("line", ["httpx>=0.28", "--index-url http://127.0.0.1/simple", "-e ."])
def test_upload_refuses_requirements_that_are_not_pinned(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"numpy==2.0.0\n{line}\n")
    assert failed(check_requirements(_upload(tmp_path, "requirements.txt"))).details == (line,)


@suite
def test_upload_refuses_a_link_that_leads_nowhere(project: Path) -> None:
    shutil.rmtree(project / "backend")
    (check,) = check_upload(project)
    assert "Could not read source directory" in failed(check).found


def _upload(folder: Path, *names: str) -> Upload:
    return Upload(folder=folder, names=names, packed_bytes=1)
