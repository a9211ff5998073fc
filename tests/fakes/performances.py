"""Daily performance that never happened, of real price changes: what tests of reading performance read."""

import csv
import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from backend.adapters.documents import paths, performance_documents, portfolio_performance_documents
from backend.adapters.documents.seam import Documents
from backend.adapters.documents.seam import replace as replace_document
from backend.domain.mode import Mode
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, Period, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot

PRICES = Path(__file__).parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
CAPITAL = Decimal(10_000)


def price_changes(symbol: str, first: date, last: date) -> dict[date, float]:
    """Return the recorded daily changes of one stock, from ``first`` to ``last``."""
    with gzip.open(PRICES, "rt", encoding="ascii", newline="") as lines:
        rows = [(date.fromisoformat(row["date"]), float(row[symbol])) for row in csv.DictReader(lines)]
    return {day: close / before - 1.0 for (_, before), (day, close) in pairwise(rows) if first <= day <= last}


def strategy_day(day: date, value: float | None = 0.01, **changes: Any) -> StrategyPerformanceSnapshot:
    """Make one day of strategy "trend" of tenant "acme" with every field away from its default."""
    closes_at = datetime.combine(day, time(21), UTC)
    made = StrategyPerformanceSnapshot(
        tenant_id="acme",
        uid="default",
        strategy_id=StrategyId("trend"),
        period=Period.DAY,
        period_start=day,
        period_end=day,
        realized_pnl=Decimal("12.30"),
        unrealized_pnl=Decimal("-4.5"),
        capital=CAPITAL,
        daily_return=value,
        computed_at=closes_at,
        source="maestro",
        pnl=Decimal("7.80"),
        real_realized_pnl=Decimal("1.10"),
        real_unrealized_pnl=Decimal("2.20"),
        real_pnl=Decimal("3.30"),
        mode=Mode.ACTIVE,
        attribution=Attribution(signal=Decimal("4.30"), fees=Decimal("-1.00")),
        closes_at=closes_at,
    )
    return replace(made, **changes)


def strategy_days(strategy: str, returns: dict[date, float], *, shadow: int = 0) -> list[StrategyPerformanceSnapshot]:
    """Make a strategy's days with these returns; in each run of 60 days the last ``shadow`` are virtual."""
    made = []
    for position, (day, value) in enumerate(returns.items()):
        pnl = (CAPITAL * Decimal(repr(value))).quantize(Decimal("0.01"))
        is_virtual = position % 60 >= 60 - shadow
        real = Decimal(0) if is_virtual else pnl
        mode = Mode.SHADOW_MODE if is_virtual else Mode.REDUCED if position % 60 < 10 else Mode.ACTIVE
        made.append(
            strategy_day(
                day,
                value,
                strategy_id=StrategyId(strategy),
                pnl=pnl,
                is_virtual=is_virtual,
                mode=mode,
                real_pnl=real,
                real_realized_pnl=real,
                real_unrealized_pnl=Decimal(0),
                attribution=Attribution(signal=real),
            )
        )
    return made


def portfolio_day(day: date, **changes: Any) -> PortfolioPerformanceSnapshot:
    """Make one day of portfolio "main" of tenant "acme"; the parts add up."""
    made = PortfolioPerformanceSnapshot(
        tenant_id="acme",
        uid="default",
        portfolio_id="main",
        day=day,
        closes_at=datetime.combine(day, time(21), UTC),
        equity=Decimal("101500.25"),
        previous_equity=Decimal("100000.00"),
        strategies=Decimal("1000.25"),
        external=Decimal("499.50"),
        residual=Decimal("0.50"),
        computed_at=datetime.combine(day, time(21, 5), UTC),
    )
    return replace(made, **changes)


def write_days(
    documents: Documents,
    strategies: list[StrategyPerformanceSnapshot],
    portfolio: list[PortfolioPerformanceSnapshot] | None = None,
) -> None:
    """Write snapshots as the engine does."""
    writes = [
        *(
            replace_document(
                paths.strategy_performance(each.tenant_id, each.perf_id), performance_documents.to_document(each)
            )
            for each in strategies
        ),
        *(
            replace_document(
                paths.portfolio_performance(each.tenant_id, each.perf_id),
                portfolio_performance_documents.to_document(each),
            )
            for each in portfolio or []
        ),
    ]
    for start in range(0, len(writes), 500):
        documents.commit(writes[start : start + 500])
