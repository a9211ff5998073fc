"""The real Firestore emulator: one that runs already, else gcloud's, else the one of firebase-tools."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST_VARIABLE = "FIRESTORE_EMULATOR_HOST"
ENABLE_COMMAND = (
    "apt-get install default-jre google-cloud-cli google-cloud-cli-firestore-emulator "
    "(or: gcloud components install cloud-firestore-emulator; or: npm install firebase-tools, with Java 21 or newer)"
)
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 10.0


@contextmanager
def firestore_emulator(rules: Path = ROOT / "firestore.rules") -> Iterator[str | None]:
    """Yield ``host:port`` of an emulator, None when none can be started; one that was started here is stopped."""
    running = os.environ.get(HOST_VARIABLE)
    if running is not None and _answers(running):
        yield running
        return
    with tempfile.TemporaryDirectory(prefix="maestro-emulator-") as folder:
        for command in _commands(rules, Path(folder)):
            with _started(command, Path(folder)) as host:
                if host is not None:
                    yield host
                    return
    yield None


def _commands(rules: Path, folder: Path) -> Iterator[tuple[Sequence[str], str]]:
    if shutil.which("gcloud") and shutil.which("java"):
        host = f"127.0.0.1:{_free_port()}"
        start = ["gcloud", "emulators", "firestore", "start", "--quiet", f"--host-port={host}", f"--rules={rules}"]
        yield start, host
    firebase = shutil.which(
        "firebase", path=f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if firebase and shutil.which("java"):
        port = _free_port()
        shutil.copy(rules, folder / "firestore.rules")
        emulators = {"firestore": {"host": "127.0.0.1", "port": port}, "ui": {"enabled": False}}
        configuration = {"firestore": {"rules": "firestore.rules"}, "emulators": emulators}
        (folder / "firebase.json").write_text(json.dumps(configuration))
        start = [firebase, "emulators:start", "--only=firestore", "--project=demo-maestro"]
        yield start, f"127.0.0.1:{port}"


@contextmanager
def _started(command: tuple[Sequence[str], str], folder: Path) -> Iterator[str | None]:
    start, host = command
    with (folder / "emulator.log").open("ab") as log:
        process = subprocess.Popen(
            start,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, so that Java ends with the script that started it
        )
        try:
            yield host if _comes_up(process, host) else None
        finally:
            _stop(process)


def _environment(folder: Path) -> Mapping[str, str]:
    quiet = {"CLOUDSDK_CONFIG": str(folder / "gcloud"), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    return {**{name: value for name, value in os.environ.items() if name != HOST_VARIABLE}, **quiet}


def _comes_up(process: "subprocess.Popen[bytes]", host: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(host):
            return True
        time.sleep(0.1)
    return False


def _answers(host: str) -> bool:
    connection = http.client.HTTPConnection(host, timeout=2.0)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for ending, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(process.pid, ending)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _group_lives(process):
            time.sleep(0.05)
    process.wait()


def _group_lives(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # reap the leader, or its remains would count as alive
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
