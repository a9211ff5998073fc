"""A portfolio that traded some days ago on a paper broker of its own, so that there is a day to be closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backend.adapters.documents import open_documents
from backend.domain.tick import PortfolioKey
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.cycle import buy
from tests.integration.past_days import past_sessions, trade


@contextmanager
def past_day(client: Any, key: PortfolioKey, prices: Path) -> Iterator[str]:
    """Trade in the last session before today, whose prices are known; yield the URL of the broker, now after it."""
    before, session = [each for each in past_sessions(3) if each.day < datetime.now(UTC).date()][-2:]
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, start=before.closes_at)) as server:
        opening = session.opens_at + timedelta(minutes=5)
        trade(open_documents(client), server, prices, key=key, at=opening, signals={"trend": buy("KO", 0.01)})
        server.advance(datetime.now(UTC))
        yield server.url
