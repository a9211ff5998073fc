"""An Alpaca whose books are scripted, and what Alpaca has published of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from backend.adapters.alpaca import AlpacaStatements
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

NONE = json_answer([])

# From the reference of GET /v2/account/activities, version 2.0.1 of Alpaca's Trading API
TRADE = {
    "activity_type": "FILL",
    "cum_qty": "2",
    "id": "20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e",
    "leaves_qty": "0",
    "order_id": "b5abe576-6a8a-49f3-a353-46b72c1ccae9",
    "order_status": "filled",
    "price": "174.78",
    "qty": "2",
    "side": "buy",
    "symbol": "AAPL",
    "transaction_time": "2022-02-02T18:55:09.981482Z",
    "type": "fill",
}
NON_TRADE = {
    "activity_sub_type": "SDIV",
    "activity_type": "DIV",
    "created_at": "2021-05-10T14:01:04.650275Z",
    "currency": "USD",
    "date": "2019-08-01",
    "id": "20190801011955195::5f596936-6f23-4cef-bdf1-3806aae57dbf",
    "net_amount": "1.02",
    "per_share_amount": "0.51",
    "qty": "2",
    "status": "executed",
    "symbol": "T",
}
# Reported with alpacahq/Alpaca-API#273, asked at 2:22 in the morning of 7 February 2025, New York
HISTORY = {
    "timestamp": [1738717200, 1738803600, 1738890000],
    "equity": [505508.7, 504599.02, 504599.02],
    "profit_loss": [-1140.52, -909.68, 0],
    "profit_loss_pct": [-0.0023, -0.0018, 0],
    "base_value": 506649.22,
    "base_value_asof": "2025-02-03",
    "timeframe": "1D",
}


@contextmanager
def books(*answers: Answer, timeout_seconds: float = 5.0) -> Iterator[tuple[AlpacaStatements, ScriptedServer]]:
    with ScriptedServer(*answers) as server:
        yield AlpacaStatements("key", "secret", url=server.url, timeout_seconds=timeout_seconds), server
