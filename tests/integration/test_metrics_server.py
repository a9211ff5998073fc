"""``maestro metrics serve`` as a process: it outlives a store that fails, and ends when it is told to."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.fakes.monitored_store import play_demo
from tests.integration.metrics_server import serving, start


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "demo.db"
    play_demo(path, days=2)
    return path


def scraped(target: str) -> dict[str, float]:
    """Return the series without labels beyond tenant and portfolio, by name."""
    with urlopen(f"http://{target}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        lines = answer.read().decode().splitlines()
    owner = '{portfolio="main",tenant="demo"}'
    pairs = (line.split(owner) for line in lines if owner in line)
    return {name: float(value) for name, value in pairs}


def test_server_outlives_a_store_that_fails(store: Path) -> None:
    where = "WHERE path = 'tenants/demo/state/trading'"
    with serving(store) as target, closing(sqlite3.connect(store, isolation_level=None)) as file:
        assert scraped(target)["maestro_up"] == 1.0
        ((whole,),) = file.execute(f"SELECT fields FROM documents {where}").fetchall()
        file.execute(f"UPDATE documents SET fields = '{{}}' {where}")
        assert scraped(target) == {"maestro_up": 0.0, "maestro_scrape_errors_total": 1.0}
        file.execute(f"UPDATE documents SET fields = ? {where}", [whole])
        found = scraped(target)
        assert (found["maestro_up"], found["maestro_scrape_errors_total"]) == (1.0, 1.0)
        assert found["maestro_equity"] > 0


def test_server_ends_with_ctrl_c(store: Path) -> None:
    with start(store) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("metrics of demo/main at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)
    assert (process.returncode, error) == (0, "")


def test_server_on_a_port_that_is_taken_says_so(store: Path) -> None:
    with serving(store) as target:
        port = int(target.rpartition(":")[2])
        with start(store, port) as second:
            _, error = second.communicate(timeout=20)
    assert second.returncode != 0
    assert f"--port {port}: expected a free port of 127.0.0.1, found Address already in use" in " ".join(error.split())
