"""Where the change of a portfolio's equity came from: of one day, and of many together.

Change = Σ over strategies of (signal + allocation + mode + override + crossing + slippage + fees)
+ unattributed + external + residual, exactly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from backend.domain.errors import TrackRecordError
from backend.domain.signal import StrategyId
from backend.domain.snapshot import ZERO, Attribution, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityChange:
    """What a portfolio's equity went through from the close before ``first_day`` to the close of ``last_day``.

    ``external`` is what Maestro did not do. ``unattributed`` is real P&L of strategies whose day is not split into
    parts, because someone else had recorded it. ``residual`` is what nothing explains.
    """

    first_day: date
    last_day: date
    equity_from: Decimal
    equity_to: Decimal
    strategies: Mapping[StrategyId, Attribution] = field(default_factory=dict)
    unattributed: Decimal = ZERO
    external: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        return self.equity_to - self.equity_from

    @property
    def attribution(self) -> Attribution:
        """The parts of all strategies together."""
        return sum(self.strategies.values(), Attribution())

    @property
    def residual(self) -> Decimal:
        return self.change - self.attribution.total - self.unattributed - self.external


def equity_changes(
    portfolio: Iterable[PortfolioPerformanceSnapshot], strategies: Iterable[StrategyPerformanceSnapshot]
) -> tuple[EquityChange, ...]:
    """Put each of the portfolio's days together with its strategies' days, in the order of ``portfolio``.

    A day that has no equity before it, the first that was closed, has no change and is left out.
    """
    parts: dict[date, dict[StrategyId, Attribution]] = {}
    for each in strategies:
        if each.attribution is not None:
            parts.setdefault(each.period_start, {})[each.strategy_id] = each.attribution
    return tuple(
        _of_one_day(day, day.previous_equity, parts.get(day.day, {}))
        for day in portfolio
        if day.previous_equity is not None
    )


def _of_one_day(
    day: PortfolioPerformanceSnapshot, before: Decimal, parts: Mapping[StrategyId, Attribution]
) -> EquityChange:
    return EquityChange(
        first_day=day.day,
        last_day=day.day,
        equity_from=before,
        equity_to=day.equity,
        strategies=parts,
        unattributed=day.strategies - sum((each.total for each in parts.values()), ZERO),
        external=day.external,
    )


def together(changes: Sequence[EquityChange]) -> EquityChange:
    """Add changes up that follow each other, oldest first.

    Raises
    ------
    TrackRecordError
        There is none, or one does not begin with the equity that the one before it ended with.
    """
    if not changes:
        raise TrackRecordError("expected at least one closed day with an equity before it, found none; close a day")
    parts: dict[StrategyId, Attribution] = {}
    for before, after in pairwise(changes):
        if after.equity_from != before.equity_to:
            raise TrackRecordError(
                f"{after.first_day}: expected to begin with the equity of {before.last_day}, {before.equity_to}, "
                f"found {after.equity_from}; a closed day is missing between them: close it or choose other days"
            )
    for change in changes:
        for name, attribution in change.strategies.items():
            parts[name] = parts.get(name, Attribution()) + attribution
    return EquityChange(
        first_day=changes[0].first_day,
        last_day=changes[-1].last_day,
        equity_from=changes[0].equity_from,
        equity_to=changes[-1].equity_to,
        strategies=dict(sorted(parts.items())),
        unattributed=sum((each.unattributed for each in changes), ZERO),
        external=sum((each.external for each in changes), ZERO),
    )
