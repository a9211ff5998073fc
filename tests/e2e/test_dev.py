"""``make dev``: it ticks through recorded sessions, its people can sign in, and Ctrl-C leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.emulators.firestore_emulator import HOST_VARIABLE
from tests.emulators.suite import ENABLE_COMMAND, is_available
from tests.emulators.tiers import require_tier

pytestmark = [pytest.mark.suite, pytest.mark.firestore, pytest.mark.timeout(420)]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300.0
STOP_SECONDS = 60.0
TICKS = 3
LINE = re.compile(r"^(?P<day>\d{4}-\d{2}-\d{2})  equity (?P<equity>[\d.]+)  (?P<decision>\d+ strategies: .+)$")


@pytest.fixture
def dev(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    require_tier("firebase-tools emulator suite", is_available(), ENABLE_COMMAND)
    environment = {name: value for name, value in os.environ.items() if name != HOST_VARIABLE}
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / "dev.py"), "--seconds=0.1"],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)


def test_dev_ticks_signs_people_in_and_ends_with_all_its_processes(
    dev: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    printed = tmp_path / "printed"
    ticks = _wait_for_ticks(dev, printed)
    assert len({tick["day"] for tick in ticks}) == len(ticks) >= TICKS
    assert sum("judged for the first time" in tick["decision"] for tick in ticks) == 1
    places = dict(re.findall(r"^ *([A-Za-z ]+?)  +(\S.*?) *$", printed.read_text(), re.MULTILINE))
    for role in ("owner", "operator", "viewer"):
        assert _claims(places, role) == {"tenant_id": "demo", "role": role}
        assert _document(places, f"tenants/demo/members/{role}")["role"] == {"stringValue": role}
    assert _claims(places, "platform operator") == {"operator": True}
    assert _document(places, f"tenants/demo/portfolio_performance/main__{ticks[0]['day']}")["tenant_id"]

    started = psutil.Process(dev.pid).children(recursive=True)
    assert len(started) > 3, "expected the emulators among its processes"
    os.kill(dev.pid, signal.SIGINT)
    assert dev.wait(timeout=STOP_SECONDS) == 0
    assert printed.read_text().splitlines()[-1] == "stopped"
    gone, alive = psutil.wait_procs(started, timeout=5)
    assert alive == [], gone


def _wait_for_ticks(dev: "subprocess.Popen[bytes]", printed: Path) -> list[dict[str, str]]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and dev.poll() is None:
        found = [match.groupdict() for line in printed.read_text().splitlines() if (match := LINE.match(line))]
        if len(found) >= TICKS:
            return found
        time.sleep(0.2)
    pytest.fail(f"expected {TICKS} ticks within {START_SECONDS:.0f} s, found:\n{printed.read_text()}")


def _claims(places: dict[str, str], role: str) -> dict[str, Any]:
    """Sign in as the table says, and return the claims of ours in the ID token."""
    email, password = places[role].split()
    answer = httpx.post(
        f"http://{places['Auth']}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=any",
        json={"email": email, "password": password, "returnSecureToken": True},
    )
    body = answer.raise_for_status().json()["idToken"].split(".")[1]
    token = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return {name: token[name] for name in ("tenant_id", "role", "operator") if name in token}


def _document(places: dict[str, str], path: str) -> dict[str, Any]:
    url = f"http://{places['Firestore']}/v1/projects/{places['project']}/databases/(default)/documents/{path}"
    fields: dict[str, Any] = (
        httpx.get(url, headers={"Authorization": "Bearer owner"}).raise_for_status().json()["fields"]
    )
    return fields
