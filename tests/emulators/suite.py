"""The real firebase-tools: functions, Cloud Tasks and Auth emulators, running what ``deploy/`` would upload."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

ENABLE_COMMAND = "npm ci (with Node 20 or newer)"
ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "deploy" / "main.py"
DEPLOYED = ("requirements.txt", ".env", "functions", "backend")
REGION = "us-central1"
START_SECONDS = 90.0
STOP_SECONDS = 10.0
CALL_SECONDS = 120.0
EMULATORS = ("hub", "logging", "functions", "eventarc", "tasks", "auth")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorSuite:
    """A suite that runs; ``log`` holds what it and its functions print, ``group`` is its process group."""

    project: str
    functions_host: str
    auth_host: str
    log: Path
    group: int

    def fire(self, function: str, scheduled_at: datetime) -> httpx.Response:
        """Call a scheduled function as Cloud Scheduler does."""
        return httpx.post(
            f"http://{self.functions_host}/{self.project}/{REGION}/{function}-0",
            headers={
                "X-CloudScheduler-JobName": f"firebase-schedule-{function}-{REGION}",
                "X-CloudScheduler-ScheduleTime": scheduled_at.isoformat(),
            },
            timeout=CALL_SECONDS,
        )

    def deliver(self, function: str, data: Mapping[str, str]) -> httpx.Response:
        """Call a task's function as Cloud Tasks does."""
        url = f"http://{self.functions_host}/{self.project}/{REGION}/{function}"
        return httpx.post(url, json={"data": dict(data)}, timeout=CALL_SECONDS)


def is_available() -> bool:
    return shutil.which("node") is not None and firebase_command().exists()


@contextmanager
def emulator_suite(
    folder: Path, *, project: str, firestore_host: str, environment: Mapping[str, str], main: Path = MAIN
) -> Iterator[EmulatorSuite]:
    """Run what ``main`` exports in ``folder``; ``environment`` is what the functions see, over their .env."""
    ports = dict(zip(EMULATORS, free_ports(len(EMULATORS)), strict=True))
    _lay_out(folder, ports, environment, main)
    log = folder / "suite.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [firebase_command(), "emulators:start", "--only=functions,tasks,auth", f"--project={project}"],
            cwd=folder,
            env=_environment(folder, firestore_host, environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own: an interrupt leaves every functions worker behind
        )
    try:
        wait_until_ready(process, log)
        yield EmulatorSuite(
            project=project,
            functions_host=f"127.0.0.1:{ports['functions']}",
            auth_host=f"127.0.0.1:{ports['auth']}",
            log=log,
            group=process.pid,
        )
    finally:
        end_group(process)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def firebase_command() -> Path:
    return ROOT / "node_modules" / ".bin" / "firebase"


def _lay_out(folder: Path, ports: Mapping[str, int], environment: Mapping[str, str], main: Path) -> None:
    """Link what is deployed into a source folder of the suite's own, so that two suites share no settings."""
    source = folder / "source"
    source.mkdir()
    for name in DEPLOYED:
        (source / name).symlink_to((ROOT / "deploy" / name).resolve())
    (source / "main.py").symlink_to(main)
    (source / "venv").symlink_to(sys.prefix)
    # What .env sets lies over the environment, and .env.local over both.
    (source / ".env.local").touch(mode=0o600)
    (source / ".env.local").write_text("".join(f"{name}='{value}'\n" for name, value in environment.items()))
    deployed = json.loads((ROOT / "firebase.json").read_text())["functions"][0]
    emulators = {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}
    configuration = {
        "functions": [{**deployed, "source": "source"}],
        "emulators": {**emulators, "ui": {"enabled": False}, "singleProjectMode": True},
    }
    (folder / "firebase.json").write_text(json.dumps(configuration))


def _environment(folder: Path, firestore_host: str, given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAESTRO_", "APCA_"))}
    return {
        **kept,
        "FIRESTORE_EMULATOR_HOST": firestore_host,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "NO_UPDATE_NOTIFIER": "1",
        **given,
    }


def wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while b"All emulators ready" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"firebase-tools: expected the suite within {START_SECONDS:.0f} s, found "
                f"{'it ended' if process.returncode is not None else 'it is not ready'}:\n{log.read_text()[-4000:]}"
            )
        time.sleep(0.1)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        while group_lives(process.pid) and time.monotonic() < deadline:
            if process.poll() is None or ending is signal.SIGKILL:
                os.killpg(process.pid, ending)
            time.sleep(0.2)
    process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that are different from one another: all are held until the last is known."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
