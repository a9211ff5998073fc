"""AlpacaStatements, closes and actions on a bad day: reads are repeated, then given up."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.alpaca import AlpacaBars, AlpacaStatements
from backend.domain.errors import BrokerRefused, BrokerUnavailable, MarketDataError
from backend.domain.signal import Symbol
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

DAY = date(2024, 1, 3)
FAULTS = ["429", "500", "502", "504", "garbage", "garbage=503", "hang=30", "drop-before"]
Read = Callable[[PaperBrokerServer], Any]


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text("date,AAPL\n2024-01-02,100\n2024-01-03,110\n")
    return path


@pytest.fixture
def server(prices: Path) -> Iterator[PaperBrokerServer]:
    with PaperBrokerServer(PaperBrokerConfig(prices=prices)) as server:
        yield server


def statements(server: PaperBrokerServer, key: str = "key") -> AlpacaStatements:
    return AlpacaStatements(key, "secret", url=server.url, timeout_seconds=0.3, sleep=lambda _: None)


def bars(server: PaperBrokerServer) -> AlpacaBars:
    return AlpacaBars("key", "secret", url=server.url, timeout_seconds=0.3, sleep=lambda _: None)


READS: dict[str, tuple[Read, type[Exception]]] = {
    "/v2/account/activities": (lambda server: statements(server).activities(DAY, DAY), BrokerUnavailable),
    "/v2/account/portfolio/history": (lambda server: statements(server).closing_equity(DAY, DAY), BrokerUnavailable),
    "/v2/clock": (lambda server: statements(server).closing_equity(DAY, DAY), BrokerUnavailable),
    "/v2/stocks/bars": (lambda server: bars(server).closes([Symbol("AAPL")], day=DAY), MarketDataError),
    "/v1/corporate-actions": (
        lambda server: bars(server).corporate_actions([Symbol("AAPL")], DAY, DAY),
        MarketDataError,
    ),
}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_read_survives_two_faults_and_gives_up_after_three(server: PaperBrokerServer, path: str, fault: str) -> None:
    read, error = READS[path]
    undisturbed = read(server)
    server.set_faults([f"GET {path}:{fault}*2"])
    assert read(server) == undisturbed

    server.set_faults([f"GET {path}:{fault}*3"])
    with pytest.raises(error, match="expected"):
        read(server)
    assert read(server) == undisturbed


def test_wrong_credentials_are_refused(prices: Path) -> None:
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, key="right", secret="secret")) as server:
        assert statements(server, "right").activities(DAY, DAY) == ()
        with pytest.raises(BrokerRefused, match="paper or live"):
            statements(server, "wrong").activities(DAY, DAY)
        with pytest.raises(BrokerRefused, match="paper or live"):
            statements(server, "wrong").closing_equity(DAY, DAY)


def test_a_fault_between_two_pages_loses_nothing(server: PaperBrokerServer) -> None:
    for cents in range(150):
        server.transfer(Decimal(1 + cents))
    whole = statements(server).activities(DAY, DAY)
    server.set_faults(["GET /v2/account/activities:500*2%0.5"])
    assert statements(server).activities(DAY, DAY) == whole
    assert len(whole) == 150
