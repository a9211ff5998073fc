"""A replay that never happened: random returns under a fixed seed, with modes that follow the real policy."""

import math
from datetime import date, timedelta

import numpy as np

from backend.domain.equity_change import equity_changes
from backend.domain.mode import Mode, ThresholdPolicy
from backend.domain.performance import sharpe_ratio
from backend.domain.shadow import demotions
from maestro.backtest.outcome import (
    ModeEvent,
    OrderEvent,
    OverrideEvent,
    ReplayOutcome,
    StrategyLine,
    StrategyPath,
)
from tests.fakes.closed_days import closed_days

STRATEGIES = (
    "bollinger_reversion",
    "cross_sectional_momentum",
    "donchian_breakout",
    "moving_average_crossover",
    "rsi_reversion",
    "time_series_momentum",
    "volatility_targeted_trend",
)
_MULTIPLIER = {Mode.ACTIVE: 1.0, Mode.REDUCED: 0.5, Mode.SHADOW_MODE: 0.0}


def synthetic_outcome(*, days: int = 252, seed: int = 7) -> ReplayOutcome:
    """Make ``days`` weekdays from 2 January 2020 on, with a crash in the middle of the first half."""
    rng = np.random.default_rng(seed)
    calendar = _weekdays(days)
    crash = slice(int(days * 0.18), int(days * 0.22))
    market = rng.normal(0.0008, 0.012, days)
    market[crash] -= 0.03
    market[crash.stop :] += 0.001
    market[0] = 0.0
    returns = {name: 0.5 * market + rng.normal(0.0006, 0.006, days) for name in STRATEGIES}
    paths = {name: _path(series) for name, series in returns.items()}
    shadowed = {name: [mode == Mode.SHADOW_MODE for mode in path.mode] for name, path in paths.items()}
    closed = closed_days(calendar, shadowed, seed=seed)
    own = np.sum([np.array(paths[name].allocation) * returns[name] for name in STRATEGIES], axis=0)
    return ReplayOutcome(
        days=calendar,
        equity=tuple((100_000 * np.cumprod(1 + own)).tolist()),
        benchmark=tuple((100_000 * np.cumprod(1 + market)).tolist()),
        strategies=tuple(_line(name, paths[name]) for name in STRATEGIES),
        paths=paths,
        mode_changes=tuple(_changes(calendar, paths)),
        overrides=tuple(
            OverrideEvent(day=calendar[i], sellers=STRATEGIES[1:4], held=(STRATEGIES[0], STRATEGIES[4]))
            for i in range(crash.start, crash.stop, 3)
        ),
        orders=tuple(_orders(calendar)),
        fills=days,
        ticks=days,
        demotions=demotions(closed.strategies),
        equity_changes=equity_changes(closed.portfolio, closed.strategies),
    )


def _weekdays(count: int) -> tuple[date, ...]:
    every = (date(2020, 1, 2) + timedelta(days=i) for i in range(count * 2 + 7))
    return tuple(day for day in every if day.weekday() < 5)[:count]


def _path(returns: np.ndarray) -> StrategyPath:
    policy = ThresholdPolicy()
    mode: list[str] = []
    sharpe: list[float | None] = []
    allocation: list[float] = []
    for day in range(len(returns)):
        window = returns[max(0, day - 20) : day]
        value = sharpe_ratio(window) if len(window) else math.nan
        score = policy.score(value, len(window))
        mode.append(score.mode.value)
        sharpe.append(None if math.isnan(value) else value)
        allocation.append(_MULTIPLIER[score.mode] * 0.13)
    return StrategyPath(
        mode=tuple(mode), sharpe=tuple(sharpe), allocation=tuple(allocation), returns=tuple(returns.tolist())
    )


def _line(name: str, path: StrategyPath) -> StrategyLine:
    sharpe = path.sharpe[-1]
    score = ThresholdPolicy().score(math.nan if sharpe is None else sharpe, min(20, len(path.mode) - 1))
    return StrategyLine(
        strategy=name,
        mode=score.mode.value,
        sharpe=sharpe,
        n=min(20, len(path.mode) - 1),
        original_allocation=0.2,
        final_allocation=0.2 * score.multiplier,
        why=score.reason,
    )


def _changes(days: tuple[date, ...], paths: dict[str, StrategyPath]) -> list[ModeEvent]:
    found = [
        ModeEvent(
            day=days[i],
            strategy=name,
            before=path.mode[i - 1],
            after=path.mode[i],
            reason=ThresholdPolicy().score(path.sharpe[i] or 0.0, 20).reason,
        )
        for name, path in paths.items()
        for i in range(1, len(days))
        if path.mode[i] != path.mode[i - 1]
    ]
    return sorted(found, key=lambda event: (event.day, event.strategy))


def _orders(days: tuple[date, ...]) -> list[OrderEvent]:
    return [
        OrderEvent(
            day=day,
            strategy=STRATEGIES[i % len(STRATEGIES)],
            symbol="AAPL",
            side="sell" if i % 3 == 2 else "buy",
            status="rejected" if i % 50 == 49 else "filled",
            quantity=None if i % 50 == 49 else 10.0,
            price=None if i % 50 == 49 else 75.5,
        )
        for i, day in enumerate(days)
    ]
