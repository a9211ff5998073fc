"""The page on deploying needs a project to be run; what it names is held against what there is."""

import json
import re
from pathlib import Path

from functions import main
from scripts.write_cli_reference import commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "deploy-to-firebase.md").read_text()
# What firebase-tools 15 enables when it deploys functions of the second generation.
ENABLED_BY_FIREBASE = {"cloudfunctions", "cloudbuild", "artifactregistry", "run", "eventarc", "pubsub", "storage"}
USED = {"cloudscheduler", "cloudtasks", "firestore", "firebaserules", "secretmanager", "identitytoolkit"}


def test_page_tells_of_every_function_and_takes_each_down() -> None:
    told = set(re.findall(r"^\| `(\w+)` \| (?:Cloud Scheduler|Cloud Tasks|HTTP)", PAGE, re.MULTILINE))
    assert told == set(main.__all__)
    (taken_down,) = re.findall(r"for name in ([^;]+); do\n  node_modules/.bin/firebase functions:delete", PAGE)
    assert set(taken_down.replace("\\", "").split()) == set(main.__all__)


def test_page_enables_every_service() -> None:
    assert set(re.findall(r"(\w+)\.googleapis\.com", PAGE)) >= ENABLED_BY_FIREBASE | USED


def test_page_names_commands_that_exist() -> None:
    named = re.findall(r"^maestro ([a-z-]+(?: [a-z]+)?)|`maestro ([a-z-]+(?: [a-z]+)?)", PAGE, re.MULTILINE)
    known = commands()
    unknown = [name for pair in named if (name := pair[0] or pair[1]) not in known and name.split()[0] not in known]
    assert len(named) > 8
    assert unknown == []


def test_page_names_every_check() -> None:
    source = "".join(path.read_text() for path in sorted((ROOT / "scripts" / "deployment").glob("*.py")))
    names = set(re.findall(r'^[A-Z]+(?:, [A-Z]+)* = (".+")$', source, re.MULTILINE))
    checks = {name for line in names for name in json.loads(f"[{line}]")} - {"secrets"}
    assert len(checks) == 9
    assert [name for name in sorted(checks) if f"| {name} |" not in PAGE] == []


def test_make_deploy_checks_before_it_uploads() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\ndeploy:")[1].split("\n\n")[0].splitlines()[1:]
    check, upload = recipe
    assert "check_deployment.py" in check
    assert check.endswith("--ask")
    assert "firebase deploy" in upload
