"""A paper broker over a small price file, and alpaca-py's own clients connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alpaca.common.exceptions import APIError
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

# Thursday, Friday, then Monday to Wednesday
PRICES = """date,AAPL,AMD,BRK.B
2020-01-02,100,50,
2020-01-03,110,48,
2020-01-06,90,40,300
2020-01-07,120,60,310.25
2020-01-08,121,61,311
"""


def closed(day: str) -> datetime:
    """Return the instant of the close in January 2020, when New York is five hours behind UTC."""
    return datetime.fromisoformat(f"{day}T21:00:00").replace(tzinfo=UTC)


FIRST_CLOSE = closed("2020-01-02")

Broker = Callable[..., PaperBrokerServer]


@contextmanager
def brokers(folder: Path) -> Iterator[Broker]:
    """Give a function that starts a broker at the first close with the options it gets."""
    path = folder / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    with ExitStack() as stack:

        def start(**options: Any) -> PaperBrokerServer:
            config = PaperBrokerConfig(**{"prices": path, "start": FIRST_CLOSE, **options})
            return stack.enter_context(PaperBrokerServer(config))

        yield start


def trading(server: PaperBrokerServer, key: str = "key", secret: str = "secret", retries: int = 3) -> TradingClient:
    client = TradingClient(key, secret, url_override=server.url)
    client._retry, client._retry_wait = retries, 0  # its own waits last three seconds each
    return client


def market_data(server: PaperBrokerServer) -> StockHistoricalDataClient:
    return StockHistoricalDataClient("key", "secret", url_override=server.url)


def market_order(side: str = "buy", symbol: str = "AAPL", **fields: Any) -> MarketOrderRequest:
    size = {} if "notional" in fields else {"qty": 10}
    terms = {"time_in_force": TimeInForce.DAY, **size, **fields}
    return MarketOrderRequest(symbol=symbol, side=OrderSide(side), **terms)


def limit_order(side: str, limit_price: float, symbol: str = "AAPL", **fields: Any) -> LimitOrderRequest:
    terms = {"time_in_force": TimeInForce.DAY, "qty": 10, **fields}
    return LimitOrderRequest(symbol=symbol, side=OrderSide(side), limit_price=limit_price, **terms)


def verdict(error: APIError) -> tuple[int | None, int, str]:
    return error.status_code, error.code, error.message
