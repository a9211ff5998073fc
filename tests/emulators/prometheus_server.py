"""A real Prometheus that scrapes one address and judges by the repository's alert rules."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

ENABLE_COMMAND = "apt-get install prometheus (or: put prometheus and promtool on the PATH)"
START_SECONDS = 30.0
SCRAPE_SECONDS = 1
ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "deployment" / "prometheus"


def is_installed() -> bool:
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """What its HTTP API says."""

    url: str

    def get(self, path: str, **parameters: str) -> Any:
        with urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=10) as answer:
            said = json.load(answer)
        assert said["status"] == "success", said
        return said["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression now; return its series."""
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def wait_for(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression until it has a series."""
        deadline = time.monotonic() + START_SECONDS
        while not (found := self.query(expression)):
            assert time.monotonic() < deadline, f"no series in {START_SECONDS:.0f} s: {expression}"
            time.sleep(0.2)
        return found


@contextmanager
def prometheus_scraping(target: str, folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes ``target`` (host:port) each second, until the block ends."""
    (folder / "prometheus.yml").write_text(json.dumps(_configuration(target)))  # JSON is YAML
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with (folder / "prometheus.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            _wait_until_ready(process, f"http://{address}/-/ready", folder / "prometheus.log")
            yield Prometheus(url=f"http://{address}")
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _configuration(target: str) -> dict[str, Any]:
    every = f"{SCRAPE_SECONDS}s"
    return {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "rule_files": [str(DEPLOYMENT / "alerts.yml")],
        "scrape_configs": [{"job_name": "maestro", "static_configs": [{"targets": [target]}]}],
    }


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"Prometheus is not ready: {log.read_text()}")
