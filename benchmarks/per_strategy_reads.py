"""The earlier system's way to its track records, re-created: a query per strategy, then a log entry.

For N strategies it makes N + 1 round trips and reads 30 N documents, in every tick.
"""

from datetime import datetime
from statistics import fmean, stdev
from typing import Any

from benchmarks.fund import RETURN_DAYS, daily_returns, names, return_days

TENANT = "bench"
BATCH = 500  # writes that the client sends at once


def write_daily_documents(client: Any, count: int) -> None:
    """Write the 30 daily ``strategy_performance`` documents of every strategy."""
    collection = client.collection(f"tenants/{TENANT}/strategy_performance")
    returns = daily_returns(count)
    documents = [
        (f"default__{name}__{day}", _document(name, day.isoformat(), float(returns[i, j])))
        for i, day in enumerate(return_days())
        for j, name in enumerate(names(count))
    ]
    for start in range(0, len(documents), BATCH):
        batch = client.batch()
        for identifier, fields in documents[start : start + BATCH]:
            batch.set(collection.document(identifier), fields)
        batch.commit()


def _document(strategy: str, day: str, value: float) -> dict[str, Any]:
    return {
        "tenant_id": TENANT,
        "uid": "default",
        "strategy_id": strategy,
        "period": "day",
        "period_start": day,
        "period_end": day,
        "realized_pnl": f"{value * 10_000:.2f}",
        "unrealized_pnl": "0",
        "capital": "10000",
        "daily_return": value,
        "source": "bench",
    }


def orchestrate(client: Any, count: int, now: datetime) -> dict[str, float]:
    """Score every strategy from a query of its own and log the result; return the Sharpe ratios."""
    collection = client.collection(f"tenants/{TENANT}/strategy_performance")
    scores = {str(name): _score(collection, name) for name in names(count)}
    log = client.collection(f"tenants/{TENANT}/earlier_orchestration_logs")
    decisions = [{"strategy_name": name, "sharpe_ratio": sharpe} for name, sharpe in scores.items()]
    log.add({"timestamp": now, "tenant_id": TENANT, "allocation_decisions": decisions})
    return scores


def _score(collection: Any, name: str) -> float:
    from google.cloud.firestore import Query
    from google.cloud.firestore_v1.base_query import FieldFilter

    query = (
        collection.where(filter=FieldFilter("strategy_id", "==", name))
        .order_by("period_start", direction=Query.DESCENDING)
        .limit(RETURN_DAYS)
    )
    returns = [float(found.get("daily_return")) for found in query.stream()]
    sharpe: float = 252**0.5 * fmean(returns) / stdev(returns)
    return sharpe
