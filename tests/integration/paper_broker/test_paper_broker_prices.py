"""Price files, good and bad, and the paper broker as a process of its own."""

import gzip
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from alpaca.trading.client import TradingClient
from click.testing import Result
from typer.testing import CliRunner

from backend.domain.errors import MarketDataError
from maestro.cli.paper_broker import paper_broker
from maestro.servers.paper_broker import (
    FaultSpecError,
    PaperBrokerConfig,
    PaperBrokerConfigError,
    PaperBrokerServer,
    PriceFileError,
)
from tests.integration.paper_broker_clients import PRICES, closed

COMMAND = "import typer; from maestro.cli.paper_broker import paper_broker; typer.run(paper_broker)"


def cash_and_clock(server: PaperBrokerServer) -> tuple[str | None, datetime]:
    client = TradingClient("key", "secret", url_override=server.url)
    return client.get_account().cash, client.get_clock().timestamp


@pytest.mark.parametrize(
    "text",
    [
        PRICES,
        PRICES.replace("\n", "\r\n"),
        "\ufeff" + PRICES,
        "symbol,date,close\nAAPL,2020-01-02,100\nAAPL,2020-01-08,121\nAMD,2020-01-02,50\n",
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_wide_and_long_files_are_read_plain_and_compressed(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"prices{suffix}"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    with PaperBrokerServer(PaperBrokerConfig(prices=path)) as server:
        assert cash_and_clock(server) == ("100000", closed("2020-01-08"))


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("", 1, "an empty file"),
        ("date,AAPL\n", 1, "no prices"),
        ("date,AAPL\n\n\n", 3, "no prices"),
        ("AAPL,AMD\n1,2\n", 1, "columns"),
        ("date\n2020-01-02\n", 1, "columns"),
        ("date,AAPL,adjusted close\n2020-01-02,1,2\n", 1, "unknown column 'adjusted close'"),
        ("date,symbol,close,volume\n2020-01-02,AAPL,1,2\n", 1, "unknown column 'volume'"),
        ("date,symbol\n2020-01-02,AAPL\n", 1, "columns"),
        ("date,AAPL,AAPL\n2020-01-02,1,2\n", 1, "a repeated column"),
        ("date,AAPL\n2020-01-02,1\n2020-01-03,0\n", 3, "AAPL price '0'"),
        ("date,AAPL\n2020-01-02,-1\n", 2, "AAPL price '-1'"),
        ("date,AAPL\n2020-01-02,nan\n", 2, "AAPL price 'nan'"),
        ("date,AAPL\n2020-01-02,inf\n", 2, "AAPL price 'inf'"),
        ("date,AAPL\n2020-01-02,1.2.3\n", 2, "AAPL price '1.2.3'"),
        ("date,AAPL,AMD\n2020-01-02,1,2\n2020-01-03,,2\n", 3, "AAPL price ''"),
        ("date,AAPL,AMD\n2020-01-02,1,2\n2020-01-03,1", 3, "2 cells"),
        ("date,AAPL\n2020-01-03,1\n2020-01-02,1\n", 3, "date 2020-01-02 after 2020-01-03"),
        ("date,AAPL\n2020-01-03,1\n2020-01-03,1\n", 3, "date 2020-01-03 after 2020-01-03"),
        ("date,AAPL\n01/02/2020,1\n", 2, "date '01/02/2020'"),
        ("date,symbol,close\n2020-01-02,aapl,1\n", 2, "symbol 'aapl'"),
    ],
)
def test_a_bad_file_names_its_line_and_the_remedy(tmp_path: Path, text: str, line: int, found: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PriceFileError) as caught:
        PaperBrokerServer(PaperBrokerConfig(prices=path))
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: found {found}")
    assert "; " in message


@pytest.mark.parametrize(
    "data", [gzip.compress(PRICES.encode())[:-20], b"not gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 40]
)
def test_a_damaged_compressed_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(data)
    with pytest.raises(PriceFileError, match="damaged or half-written"):
        PaperBrokerServer(PaperBrokerConfig(prices=path))


@pytest.mark.parametrize("data", [b"date,AAPL\n2020-01-02,\xff\xfe\n", b'date,AAPL\n2020-01-02,"1\n'])
def test_a_file_that_is_not_text_or_not_csv_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(data)
    with pytest.raises(PriceFileError, match="damaged or half-written"):
        PaperBrokerServer(PaperBrokerConfig(prices=path))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="no such price file"):
        PaperBrokerServer(PaperBrokerConfig(prices=tmp_path / "none.csv"))


@pytest.mark.parametrize(
    "options",
    [
        {"port": 70_000},
        {"initial_cash": Decimal(0)},
        {"slippage_bps": Decimal(-1)},
        {"slippage_bps": Decimal(10_000)},
        {"fee_bps": Decimal(10_000)},
        {"fee_per_share": Decimal("-0.01")},
        {"partial_fill": Decimal(0)},
        {"partial_fill": Decimal("1.1")},
        {"buying_power_multiplier": Decimal("0.5")},
        {"fill_delay": "someday"},
        {"start": datetime(2020, 1, 2)},  # noqa: DTZ001
    ],
)
def test_an_option_out_of_range_is_named(tmp_path: Path, options: dict[str, object]) -> None:
    (name,) = options
    with pytest.raises(PaperBrokerConfigError, match=f"^{name}: expected"):
        PaperBrokerConfig(prices=tmp_path, **options)  # type: ignore[arg-type]


def test_a_start_before_the_first_close_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    with pytest.raises(PaperBrokerConfigError, match="the first close"):
        PaperBrokerServer(PaperBrokerConfig(prices=path, start=datetime(2020, 1, 2, 20, 59, tzinfo=UTC)))


def test_a_wrong_fault_or_a_taken_port_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    with pytest.raises(FaultSpecError):
        PaperBrokerServer(PaperBrokerConfig(prices=path, faults=("never",)))
    with PaperBrokerServer(PaperBrokerConfig(prices=path)) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(PaperBrokerConfigError, match="free port"):
            PaperBrokerServer(PaperBrokerConfig(prices=path, port=port)).__enter__()


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    options = ["--prices", str(path), "--start", "2020-01-03", "--cash", "5000", "--fault", "GET /v2/clock:500*1"]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[-1]
        client = TradingClient("key", "secret", url_override=url)
        try:
            cash = client.get_account().cash
        finally:
            client._session.close()
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
    assert (line, cash) == (f"paper broker ready at {url}\n", "5000")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (["--prices", "none.csv"], PriceFileError, "no such price file"),
        (["--prices", "good.csv", "--actions", "none.csv"], MarketDataError, "expected a file of corporate actions"),
        (["--prices", "good.csv", "--fault", "never"], FaultSpecError, "METHOD PATH:ACTION"),
        (["--prices", "good.csv", "--partial-fill", "2"], PaperBrokerConfigError, "partial_fill: expected"),
        (["--prices", "good.csv", "--start", "2019-12-31"], PaperBrokerConfigError, "the first close"),
    ],
)
def test_the_command_leaves_its_errors_to_the_program(
    tmp_path: Path, options: list[str], error: type[Exception], message: str
) -> None:
    result = run_command(tmp_path, options)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prices", "good.csv", "--cash", "much"], "expected a number"),
        (["--prices", "good.csv", "--cash", "nan"], "expected a number"),
        (["--prices", "good.csv", "--start", "soon"], "expected 2020-03-02"),
    ],
)
def test_the_command_explains_an_option_it_cannot_read(tmp_path: Path, options: list[str], message: str) -> None:
    result = run_command(tmp_path, options)
    assert result.exit_code == 2
    assert message in result.output


def run_command(folder: Path, options: list[str]) -> Result:
    (folder / "good.csv").write_text(PRICES, encoding="utf-8")
    app = typer.Typer()
    app.command()(paper_broker)
    paths = [str(folder / text) if text.endswith(".csv") else text for text in options]
    return CliRunner(env={"COLUMNS": "400"}).invoke(app, paths)
