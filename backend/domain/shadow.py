"""What demotions saved or cost: the real sleeve against the virtual one while a strategy was in shadow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from backend.domain.signal import StrategyId
from backend.domain.snapshot import ZERO, StrategyPerformanceSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Demotion:
    """One stay in shadow: from the day of the demotion to the day of the promotion, both counted.

    ``until`` is None while it lasts. ``virtual_pnl`` is what the strategy's signals would have brought without
    the demotion, ``real_pnl`` what its real sleeve did bring in the same ``days``, in account currency.
    """

    strategy: StrategyId
    since: date
    until: date | None
    days: int
    real_pnl: Decimal
    virtual_pnl: Decimal

    @property
    def saved(self) -> Decimal:
        """Positive: the demotion saved money; negative: it cost money."""
        return self.real_pnl - self.virtual_pnl


def demotions(days: Iterable[StrategyPerformanceSnapshot]) -> tuple[Demotion, ...]:
    """Join neighbouring virtual days of each strategy.

    Parameters
    ----------
    days : iterable of StrategyPerformanceSnapshot
        Daily snapshots of any number of strategies, each day once, in any order. Neighbours are days that follow
        each other in the strategy's own record.

    Returns
    -------
    tuple of Demotion
        Oldest first, then by name. Only the last of a strategy can have ``until`` None.
    """
    ordered = sorted(days, key=lambda each: (each.strategy_id, each.period_start))
    found = [
        demotion
        for _, record in groupby(ordered, key=lambda each: each.strategy_id)
        for demotion in _of_one_strategy(list(record))
    ]
    return tuple(sorted(found, key=lambda each: (each.since, each.strategy)))


def _of_one_strategy(record: Sequence[StrategyPerformanceSnapshot]) -> Iterator[Demotion]:
    for is_virtual, run in groupby(record, key=lambda each: each.is_virtual):
        if not is_virtual:
            continue
        stay = list(run)
        first, last = stay[0], stay[-1]
        yield Demotion(
            strategy=first.strategy_id,
            since=first.period_start,
            until=None if last is record[-1] else last.period_start,
            days=len(stay),
            real_pnl=sum((each.real_pnl for each in stay), ZERO),
            virtual_pnl=sum((each.pnl for each in stay), ZERO),
        )
