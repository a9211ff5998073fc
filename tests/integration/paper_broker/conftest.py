"""A paper broker started with any options, one with the defaults, and alpaca-py's client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alpaca.trading.client import TradingClient

from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, brokers, trading


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Broker]:
    with brokers(tmp_path) as start:
        yield start


@pytest.fixture
def server(start: Broker) -> PaperBrokerServer:
    return start()


@pytest.fixture
def client(server: PaperBrokerServer) -> TradingClient:
    return trading(server)
