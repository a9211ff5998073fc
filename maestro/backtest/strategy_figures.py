"""What days add up to: the statistics of every strategy's scored returns, its real money, the portfolio's equity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from backend.domain.performance import (
    annualised_return,
    max_drawdown,
    volatility,
    win_rate,
)
from backend.domain.policy import DecisionPolicy
from backend.domain.snapshot import ZERO, PortfolioPerformanceSnapshot
from maestro.backtest.sharpe_band import SharpeBand, sharpe_bands
from maestro.backtest.strategy_record import StrategyRecord, total_return


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyFigures:
    """One strategy over its days: fractions of the scored sleeve, NaN where undefined, and money of the real one.

    ``realised`` and ``pnl`` are those of all its days together, ``unrealised`` is that of the last.
    """

    days: int
    total_return: float
    annualised_return: float
    volatility: float
    sharpe: SharpeBand
    max_drawdown: float
    win_rate: float
    virtual_share: float
    realised: Decimal
    unrealised: Decimal
    pnl: Decimal


def strategy_figures(records: Sequence[StrategyRecord], policy: DecisionPolicy) -> list[StrategyFigures]:
    """Measure strategies, all Sharpe ratios at once."""
    bands = sharpe_bands([record.returns for record in records], policy)
    return [_figures(record, band, policy) for record, band in zip(records, bands, strict=True)]


def _figures(record: StrategyRecord, band: SharpeBand, policy: DecisionPolicy) -> StrategyFigures:
    returns, periods = record.returns, policy.periods_per_year
    return StrategyFigures(
        days=len(record.snapshots),
        total_return=total_return(returns),
        annualised_return=annualised_return(returns, periods_per_year=periods),
        volatility=volatility(returns, periods_per_year=periods),
        sharpe=band,
        max_drawdown=max_drawdown(returns) if band.n else math.nan,
        win_rate=win_rate(returns),
        virtual_share=float(record.is_virtual.mean()),
        realised=sum((each.real_realized_pnl for each in record.snapshots), ZERO),
        unrealised=record.snapshots[-1].real_unrealized_pnl,
        pnl=sum((each.real_pnl for each in record.snapshots), ZERO),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFigures:
    """The account over a portfolio's days: ``equity_from`` + the three parts = ``equity_to``.

    ``total_return`` and ``max_drawdown`` leave ``external`` out, so that a deposit is no gain: a day's return is
    (equity − previous equity − external) ÷ previous equity.
    """

    first_day: date
    last_day: date
    equity_from: Decimal
    equity_to: Decimal
    strategies: Decimal
    external: Decimal
    residual: Decimal
    total_return: float
    max_drawdown: float


def portfolio_figures(days: Sequence[PortfolioPerformanceSnapshot]) -> PortfolioFigures | None:
    """Sum the portfolio's days up, oldest first; None without any.

    A first day that has no equity before it starts from its own close, so it counts with none of its parts.
    """
    if not days:
        return None
    first, last = days[0], days[-1]
    counted = [each for each in days if each.previous_equity is not None]
    returns = np.array([_account_return(each) for each in counted])
    return PortfolioFigures(
        first_day=first.day,
        last_day=last.day,
        equity_from=first.equity if first.previous_equity is None else first.previous_equity,
        equity_to=last.equity,
        strategies=sum((each.strategies for each in counted), ZERO),
        external=sum((each.external for each in counted), ZERO),
        residual=sum((each.residual for each in counted), ZERO),
        total_return=total_return(returns),
        max_drawdown=max_drawdown(returns) if counted else math.nan,
    )


def _account_return(day: PortfolioPerformanceSnapshot) -> float:
    before = day.previous_equity
    if before is None or before <= 0:
        return math.nan
    return float((day.equity - before - day.external) / before)
