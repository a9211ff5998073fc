"""Closed days that never happened: parts, stays in shadow and equity that add up, under a fixed seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from tests.fakes.performances import portfolio_day, strategy_day

_WIDTHS = {"signal": 900, "allocation": 200, "mode": 400, "override": 150, "crossing": 8, "slippage": 30, "fees": 5}
_NEVER_NEGATIVE, _NEVER_POSITIVE = {"crossing"}, {"slippage", "fees"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays:
    strategies: tuple[StrategyPerformanceSnapshot, ...]
    portfolio: tuple[PortfolioPerformanceSnapshot, ...]


def closed_days(days: Sequence[date], in_shadow: Mapping[str, Sequence[bool]], *, seed: int = 7) -> ClosedDays:
    """Make closed days, the first without an equity before it; amounts have four digits after the point.

    ``in_shadow`` says of every strategy on which of the days it was scored virtually.
    """
    chance = random.Random(seed)
    equity: Decimal | None = None
    strategy_days: list[StrategyPerformanceSnapshot] = []
    portfolio_days: list[PortfolioPerformanceSnapshot] = []
    for position, day in enumerate(days):
        real = Decimal(0)
        for name, is_virtual in in_shadow.items():
            parts = Attribution(**{part: _amount(chance, part, width) for part, width in _WIDTHS.items()})
            strategy_days.append(_strategy_day(day, name, parts, chance, is_virtual=is_virtual[position]))
            real += parts.total
        external = Decimal("0.25") if equity is not None and chance.random() < 0.1 else Decimal(0)
        now = Decimal(100_000) if equity is None else equity + real + external
        made = portfolio_day(day, equity=now, previous_equity=equity, strategies=real, external=external)
        portfolio_days.append(replace(made, residual=Decimal(0)))
        equity = now
    return ClosedDays(strategies=tuple(strategy_days), portfolio=tuple(portfolio_days))


def _amount(chance: random.Random, part: str, width: int) -> Decimal:
    ten_thousandths = chance.randint(-width * 10_000, width * 10_000)
    if part in _NEVER_NEGATIVE or part in _NEVER_POSITIVE:
        ten_thousandths = abs(ten_thousandths) * (1 if part in _NEVER_NEGATIVE else -1)
    return Decimal(ten_thousandths) / 10_000


def _strategy_day(
    day: date, name: str, parts: Attribution, chance: random.Random, *, is_virtual: bool
) -> StrategyPerformanceSnapshot:
    virtual = Decimal(chance.randint(-9_000_000, 9_000_000)) / 10_000
    return strategy_day(
        day,
        strategy_id=StrategyId(name),
        is_virtual=is_virtual,
        pnl=virtual if is_virtual else parts.total,
        real_pnl=parts.total,
        attribution=parts,
    )
