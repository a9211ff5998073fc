"""What the functions read from their environment: complete, well formed, and without a secret."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from scripts.deployment.check import Check, failed, passed
from scripts.deployment.discovery import Discovered

PARAMETERS, SECRETS = "parameters", "secrets"
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_SECRET_NAME = re.compile(r"(KEY|SECRET|TOKEN|PASSWORD)(_ID|_KEY)?$|NOTIFICATIONS__(EMAIL|SLACK|WEBHOOK)$")
_SCHEDULE = "MAESTRO_SCHEDULE__"
_TIME_ZONE = f"{_SCHEDULE}TIME_ZONE"
_READ_SETTINGS = "from backend.settings import load_settings; load_settings()"
_SETTINGS_SECONDS = 60.0


def check_parameters(root: Path, discovered: Discovered, project: str) -> Check:
    """Look for every parameter in ``deploy/.env`` and the project's file over it, and for secrets in all of them."""
    files = sorted((root / "deploy").glob(".env*"))
    values = read_environment(root / "deploy" / ".env")
    secret = [f"{file.name}: {name}" for file in files for name in read_environment(file) if _SECRET_NAME.search(name)]
    if secret:
        remedy = "take it out, and put it into Secret Manager: firebase functions:secrets:set NAME"
        return failed(PARAMETERS, f"a secret's name in {'; '.join(secret)}", remedy)
    missing = [name for name in discovered.parameters if name not in values]
    if missing:
        return failed(PARAMETERS, f"deploy/.env has no {', '.join(missing)}", "add a line for each")
    used = {**values, **read_environment(root / "deploy" / f".env.{project}")}
    wrong = list(_wrong_schedules(used))
    if wrong:
        return failed(PARAMETERS, wrong[0], "write five fields of cron, and a zone of the IANA", tuple(wrong))
    refusal = _refusal(root, used)
    if refusal:
        return failed(PARAMETERS, refusal, "correct the variable: every function would refuse to start")
    return passed(PARAMETERS, f"{len(discovered.parameters)} of {len(discovered.parameters)} set, no secret among them")


def check_secrets(discovered: Discovered, project: str) -> Check:
    """Name the secrets that must lie in Secret Manager, each with the command that puts it there."""
    names = sorted({secret for each in discovered.functions for secret in each.secrets})
    commands = tuple(f"firebase functions:secrets:set {name} --project {project}" for name in names)
    tenants = "each tenant's own: maestro credentials set TENANT"
    return passed(SECRETS, f"bound to functions: {', '.join(names) or 'none'}; {tenants}", commands)


def read_environment(file: Path) -> Mapping[str, str]:
    """Return the assignments of a dotenv file, none when there is no such file."""
    lines = file.read_text().splitlines() if file.is_file() else []
    found = (_ASSIGNMENT.fullmatch(line.strip()) for line in lines)
    return {match[1]: match[2].strip().strip("'\"") for match in found if match}


def _refusal(root: Path, values: Mapping[str, str]) -> str:
    """Return why a function would refuse its settings; empty when it takes them."""
    own = ("MAESTRO_", "APCA_", "GCLOUD_", "GOOGLE_", "FIREBASE_", "FIRESTORE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    answer = subprocess.run(
        [sys.executable, "-c", _READ_SETTINGS],
        cwd=root / "deploy",
        env={**inherited, "PYTHONPATH": ".", **values},
        capture_output=True,
        text=True,
        timeout=_SETTINGS_SECONDS,
        check=False,
    )
    return answer.stderr.strip().splitlines()[-1].split("Error: ", 1)[-1] if answer.returncode else ""


def _wrong_schedules(values: Mapping[str, str]) -> Iterator[str]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from cronsim import CronSim, CronSimError

    for name, value in values.items():
        try:
            if name == _TIME_ZONE:
                ZoneInfo(value)
            elif name.startswith(_SCHEDULE):
                CronSim(value, datetime(2026, 1, 1, tzinfo=UTC))
        except (CronSimError, ZoneInfoNotFoundError, ValueError) as e:
            yield f"{name}: expected a schedule, found {value!r}: {e}"
