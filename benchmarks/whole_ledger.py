"""What a user would write instead of a journal: read the whole ledger every day and match it from the first fill."""

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from backend.domain.signal import Symbol


def performance(
    client: Any, tenant_id: str, since: datetime, prices: Mapping[Symbol, Decimal]
) -> dict[str, tuple[Decimal, Decimal]]:
    """Return realised P&L since an instant and unrealised P&L now, by strategy."""
    lots: dict[tuple[str, str], deque[list[Decimal]]] = defaultdict(deque)
    realised: dict[str, Decimal] = defaultdict(Decimal)
    for document in client.collection(f"tenants/{tenant_id}/ledger_trades").order_by("ts").stream():
        trade = document.to_dict()
        strategy, quantity, price = trade["strategy_id"], Decimal(trade["qty"]), Decimal(trade["price"])
        queue = lots[strategy, trade["symbol"]]
        if trade["side"] == "buy":
            queue.append([quantity, price])
            continue
        while quantity:
            matched = min(quantity, queue[0][0])
            if trade["ts"] > since:
                realised[strategy] += matched * (price - queue[0][1])
            queue[0][0] -= matched
            quantity -= matched
            if not queue[0][0]:
                queue.popleft()
    unrealised: dict[str, Decimal] = defaultdict(Decimal)
    for (strategy, symbol), queue in lots.items():
        unrealised[strategy] += sum((held * (prices[Symbol(symbol)] - price) for held, price in queue), Decimal(0))
    return {strategy: (realised[strategy], value) for strategy, value in unrealised.items()}
