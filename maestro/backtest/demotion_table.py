"""What demotions saved or cost as it is shown: in cents that add up, by stay in shadow and by strategy."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.shadow import Demotion
from backend.domain.signal import StrategyId
from backend.domain.snapshot import ZERO
from maestro.backtest.cents import adding_up, cents


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDemotion:
    """A demotion with its money in cents; the dates are on ``demotion``."""

    demotion: Demotion
    real_pnl: Decimal
    virtual_pnl: Decimal

    @property
    def saved(self) -> Decimal:
        return self.real_pnl - self.virtual_pnl


@dataclass(frozen=True, slots=True, kw_only=True)
class DemotionSum:
    """Demotions added up; ``lasting`` of them have not ended."""

    count: int
    lasting: int
    days: int
    real_pnl: Decimal
    virtual_pnl: Decimal

    @property
    def saved(self) -> Decimal:
        return self.real_pnl - self.virtual_pnl


@dataclass(frozen=True, slots=True, kw_only=True)
class DemotionTable:
    """``newest_first`` and ``by_strategy``, by name, both add up to ``total``."""

    newest_first: tuple[ShownDemotion, ...]
    by_strategy: dict[StrategyId, DemotionSum]
    total: DemotionSum


def demotion_table(demotions: Sequence[Demotion]) -> DemotionTable:
    """Round to the cent so that real and virtual P&L, and with them what was saved, add up to their totals."""
    real = adding_up([each.real_pnl for each in demotions], cents(sum((each.real_pnl for each in demotions), ZERO)))
    virtual = adding_up(
        [each.virtual_pnl for each in demotions], cents(sum((each.virtual_pnl for each in demotions), ZERO))
    )
    shown = [
        ShownDemotion(demotion=demotion, real_pnl=mine, virtual_pnl=other)
        for demotion, mine, other in zip(demotions, real, virtual, strict=True)
    ]
    names = sorted({each.strategy for each in demotions})
    return DemotionTable(
        newest_first=tuple(sorted(shown, key=lambda each: each.demotion.since, reverse=True)),
        by_strategy={name: _sum([each for each in shown if each.demotion.strategy == name]) for name in names},
        total=_sum(shown),
    )


def _sum(shown: Sequence[ShownDemotion]) -> DemotionSum:
    return DemotionSum(
        count=len(shown),
        lasting=sum(each.demotion.until is None for each in shown),
        days=sum(each.demotion.days for each in shown),
        real_pnl=sum((each.real_pnl for each in shown), ZERO),
        virtual_pnl=sum((each.virtual_pnl for each in shown), ZERO),
    )
