"""``maestro paper-broker`` as a process: it says when it is ready, serves alpaca-py, and ends when asked to."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.models import Clock

from tests.integration.maestro_process import finish, maestro, start

PRICES = "date,AAPL\n2024-01-02,100\n2024-01-03,110\n"
READY = "paper broker ready at "


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    return path


@pytest.fixture
def process(tmp_path: Path, prices: Path) -> Iterator[subprocess.Popen[str]]:
    with start("paper-broker", "--prices", prices, "--start", "2024-01-02", folder=tmp_path) as running:
        yield running
        running.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY), line
    return line.removeprefix(READY).strip()


def clock_at(url: str) -> Clock:
    client = TradingClient("key", "secret", url_override=url)
    clock = client.get_clock()
    client._session.close()
    assert isinstance(clock, Clock)
    return clock


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_paper_broker_serves_alpacas_client_until_it_is_told_to_stop(
    process: subprocess.Popen[str], how: signal.Signals
) -> None:
    url = url_of(process)
    clock = clock_at(url)
    assert (clock.timestamp.isoformat(), clock.is_open) == ("2024-01-02T16:00:00-05:00", False)
    process.send_signal(how)
    ended = finish(process)
    assert ended.err == ""
    assert ended.status in (0, 128 + how, -how)


def test_paper_broker_on_a_taken_port_says_so(process: subprocess.Popen[str], tmp_path: Path, prices: Path) -> None:
    port = url_of(process).rpartition(":")[2]
    second = maestro("paper-broker", "--prices", prices, "--port", port, folder=tmp_path)
    assert second.status == 2
    assert f"expected a free port on 127.0.0.1, found {port} taken" in second.err


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--fault", "POST /v2/orders:explode"], "expected 'METHOD PATH:ACTION"),
        (["--cash", "much"], "expected a number, found 'much'"),
        (["--start", "soon"], "expected 2020-03-02"),
        (["--partial-fill", "0"], "partial_fill: expected a fraction above 0"),
    ],
)
def test_paper_broker_wrong_option_is_explained(tmp_path: Path, prices: Path, options: list[str], part: str) -> None:
    answer = maestro("paper-broker", "--prices", prices, *options, folder=tmp_path)
    assert (answer.status, answer.out) == (2, "")
    assert part in answer.err


def test_paper_broker_damaged_prices_exit_like_everywhere(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("date,AAPL\n2024-01-02,abc\n")
    answer = maestro("paper-broker", "--prices", "bad.csv", folder=tmp_path)
    assert "AAPL price 'abc'" in answer.err
    assert answer.status == 5
