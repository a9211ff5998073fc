"""The security rules, compiled by the Firestore emulator: an issue that Firestore only warns of fails here, too."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from scripts.deployment.check import Check, failed, passed
from tests.emulators import firestore_emulator

RULES = "rules"
_PROJECT = "demo-rules-check"
_CALL_SECONDS = 30.0


def check_rules(root: Path) -> Check:
    """Let the emulator compile the rules; an unknown function is only a warning there, with HTTP 200."""
    file = root / json.loads((root / "firebase.json").read_text())["firestore"]["rules"]
    with firestore_emulator.firestore_emulator() as host:
        if host is None:
            return failed(RULES, "no Firestore emulator to compile them", firestore_emulator.ENABLE_COMMAND)
        answer = httpx.put(
            f"http://{host}/emulator/v1/projects/{_PROJECT}:securityRules",
            json={"rules": {"files": [{"name": file.name, "content": file.read_text()}]}},
            timeout=_CALL_SECONDS,
        )
    issues = [_issue(each) for each in _issues(answer)]
    if issues:
        return failed(RULES, issues[0], f"correct {file.name}", tuple(issues))
    return passed(RULES, f"{file.name} compiles without an issue")


def _issues(answer: httpx.Response) -> list[Mapping[str, Any]]:
    found = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    if answer.status_code == httpx.codes.OK:
        return list(found.get("issues", []))
    return [{"description": found.get("error", {}).get("message", answer.text)}]


def _issue(issue: Mapping[str, Any]) -> str:
    place = issue.get("sourcePosition", {})
    line = f"line {place['line']}: " if "line" in place else ""
    return f"{line}{issue.get('description', issue)}"
