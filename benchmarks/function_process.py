"""One process of one function, started as Cloud Run starts it, with the time of its first answer and its memory.

Google's builder starts a Python function by ``functions-framework``, which loads the source, then has gunicorn listen
and fork one worker; its debug mode, without gunicorn, is not what is deployed.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.unavailable import BenchmarkUnavailable

ROOT = Path(__file__).resolve().parents[1]
DEPLOYED = ROOT / "deploy" / "main.py"
FRAMEWORK = ROOT / "deploy" / "venv" / "bin" / "functions-framework"  # of the environment that firebase-tools runs
HOST = "127.0.0.1"
START_SECONDS = 60.0
ANSWER_SECONDS = 120.0
STOP_SECONDS = 5.0
MEGABYTE = 2**20
_POLL_SECONDS = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a function."""

    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: str


class FunctionProcess:
    """A function that runs; ``started_at`` is the instant before its process was made."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]", started_at: float, log: Path) -> None:
        self._port = port
        self._process = process
        self._log = log
        self.started_at = started_at

    def ask(self, call: Call) -> Answer:
        """Send a request as soon as the port is open and read the whole answer."""
        connection = self._connected()
        try:
            connection.request(call.method, call.path, body=call.body or None, headers=dict(call.headers))
            response = connection.getresponse()
            return Answer(status=response.status, body=response.read().decode())
        except OSError as e:
            raise RuntimeError(f"expected an answer, found {type(e).__name__}: {self._said()}") from e
        finally:
            connection.close()

    def peak_megabytes(self) -> float:
        """Return the peak of the worker, and what gunicorn's master has of its own beside it."""
        master = psutil.Process(self._process.pid)
        workers = sum(_peak_bytes(each.pid) for each in master.children(recursive=True))
        if not workers:
            return _peak_bytes(master.pid) / MEGABYTE
        return float(workers + master.memory_full_info().uss) / MEGABYTE

    def megabytes(self) -> float:
        """Return the worker's resident set as it is now."""
        workers = psutil.Process(self._process.pid).children(recursive=True)
        return float(sum(each.memory_info().rss for each in workers)) / MEGABYTE

    def cpu_seconds(self) -> float:
        """Return the processor time of master and worker since they began."""
        master = psutil.Process(self._process.pid)
        times = [each.cpu_times() for each in (master, *master.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    def _connected(self) -> HTTPConnection:
        deadline = time.perf_counter() + START_SECONDS
        while time.perf_counter() < deadline and self._process.poll() is None:
            connection = HTTPConnection(HOST, self._port, timeout=ANSWER_SECONDS)
            try:
                connection.connect()
            except ConnectionRefusedError:  # it does not listen yet
                time.sleep(_POLL_SECONDS)
            else:
                return connection
        raise RuntimeError(f"expected the function to listen within {START_SECONDS:.0f} s, found: {self._said()}")

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@contextmanager
def function_process(target: str, environment: Mapping[str, str], source: Path = DEPLOYED) -> Iterator[FunctionProcess]:
    """Start a function in a process of its own, and end it."""
    if not FRAMEWORK.exists():
        raise BenchmarkUnavailable("expected functions-framework in deploy/venv, found none; run make deploy/venv")
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAESTRO_", "APCA_"))}
    described = {
        "PORT": str(port),
        "HOST": HOST,
        "FUNCTION_TARGET": target,
        "FUNCTION_SIGNATURE_TYPE": "http",
        "FUNCTION_SOURCE": str(source),
        "PYTHONPATH": str(source.parent),
        "K_SERVICE": target,
    }
    with tempfile.NamedTemporaryFile(prefix="maestro-function-", suffix=".log") as log:
        started_at = time.perf_counter()
        process = subprocess.Popen(
            [FRAMEWORK],
            cwd=source.parent,
            env={**inherited, **described, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield FunctionProcess(port, process, started_at, Path(log.name))
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _peak_bytes(pid: int) -> int:
    """Return the largest resident set that a process has had; the present one where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return int(psutil.Process(pid).memory_info().rss)
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
