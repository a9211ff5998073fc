"""The audit of the pinned packages: the real pip-audit against a server that speaks OSV's API."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.audit_packages import KNOWN_VULNERABLE, LOCKS, read_pins
from tests.fakes.http_server import Answer, Request, ScriptedServer, json_answer

ROOT = Path(__file__).resolve().parents[2]
PIN = ("alpaca-py", "0.44.0")
ADVISORY = "MAESTRO-2026-0001"


class Osv(ScriptedServer):
    """Knows advisories by name and version of the package."""

    def __init__(self, *vulnerable: tuple[str, str]) -> None:
        super().__init__(json_answer({}))
        self.vulnerable = vulnerable

    def answer_to(self, request: Request) -> Answer:
        asked = request.json()
        pin = (asked["package"]["name"], asked["version"])
        return json_answer({"vulns": [_advisory(pin[0])]} if pin in self.vulnerable else {})


def test_audit_of_the_repository_asks_about_every_pin_and_passes() -> None:
    with Osv(KNOWN_VULNERABLE) as osv:
        answer = _audit(osv.url)
    pins = read_pins(ROOT / name for name in LOCKS)
    assert answer.returncode == 0, answer.stderr
    assert f"{len(pins)} packages audited: no known vulnerability" in answer.stdout
    asked = {(each.json()["package"]["name"], each.json()["version"]) for each in osv.requests}
    assert PIN in asked
    assert len(asked - {KNOWN_VULNERABLE}) == len(pins) > 200


def test_audit_fails_with_the_advisory_of_a_pinned_package(tmp_path: Path) -> None:
    _write_locks(tmp_path)
    with Osv(KNOWN_VULNERABLE, PIN) as osv:
        answer = _audit(osv.url, f"--root={tmp_path}")
    assert answer.returncode == 1, answer.stderr
    assert f"alpaca-py 0.44.0: {ADVISORY}, fixed in 0.45.0" in answer.stdout


@pytest.mark.parametrize(("required", "status"), [("", 0), ("required", 1)])
def test_audit_without_the_service_says_so_and_fails_when_required(required: str, status: int) -> None:
    answer = _audit("http://127.0.0.1:9", AUDIT=required)  # the port of discard, where nothing listens
    assert answer.returncode == status
    assert "NO PACKAGE WAS AUDITED: http://127.0.0.1:9/v1/query did not answer" in answer.stderr
    assert answer.stdout == ""


def test_audit_trusts_no_service_that_knows_nothing_of_a_vulnerable_package() -> None:
    with Osv() as osv:
        answer = _audit(osv.url, AUDIT="required")
    assert answer.returncode == 1
    assert "knows nothing of jinja2 2.4.1" in answer.stderr


def test_audit_that_breaks_off_is_none(tmp_path: Path) -> None:
    _write_locks(tmp_path)
    known = json_answer({"vulns": [_advisory(KNOWN_VULNERABLE[0])]})
    with ScriptedServer(known, Answer(status=503)) as osv:
        answer = _audit(osv.url, f"--root={tmp_path}", AUDIT="required")
    assert answer.returncode == 1
    assert "pip-audit gave no result" in answer.stderr


def _advisory(package: str) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": "0.45.0"}]
    affected = {"package": {"name": package, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": ADVISORY, "summary": "made up for this test", "affected": [affected]}


def _write_locks(root: Path) -> None:
    (root / "deploy").mkdir()
    (root / "deploy" / "requirements.txt").write_text(
        "alpaca-py==0.44.0\nuvicorn[standard]==0.40.0 ; python_version>'3'\n"
    )
    (root / "requirements-dev.lock").write_text("alpaca-py==0.44.0 \\\n    --hash=sha256:00\n")


def _audit(url: str, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "audit_packages.py"), f"--osv-url={url}/v1/query", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "AUDIT": "", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
