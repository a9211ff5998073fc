"""Every key of the seed's YAML: what of a decision, or of what is told, is another when the key is another."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from backend.domain.book import PortfolioBook
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.trading_state import TradingState
from tests.integration.seed_configuration import (
    BTC,
    DAYS,
    EARNS,
    ETH,
    LOSES,
    SEED,
    Seed,
    asked,
    decided,
    document,
    evaluated,
    leaves,
    looked,
    said,
)
from tests.unit.domain.allocation_inputs import committed
from tests.unit.domain.decision_inputs import AAPL, HOLD, MSFT, NOW, account_of, book_of, buy, inputs_of, sleeve

MA, RSI = StrategyId("ma_short"), StrategyId("rsi_oversold")
BOTH = {"ma_short": buy(AAPL, 1.0), "rsi_oversold": buy(MSFT, 1.0)}
CASES: dict[str, Callable[[Seed], None]] = {}


def case(*paths: str) -> Callable[[Callable[[Seed], None]], Callable[[Seed], None]]:
    def register(effect: Callable[[Seed], None]) -> Callable[[Seed], None]:
        CASES.update(dict.fromkeys(paths, effect))
        return effect

    return register


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    return Seed(tmp_path)


def keys() -> list[str]:
    return sorted(set(leaves(document()["orchestrator"])))


def test_every_key_of_the_seed_has_a_case() -> None:
    assert set(keys()) == CASES.keys()


@pytest.mark.parametrize("path", keys())
def test_seed_key_has_the_effect_that_it_says(path: str, seed: Seed) -> None:
    CASES[path](seed)


def test_seed_is_the_one_that_the_guide_prints() -> None:
    text = SEED.read_text()
    assert 'notification_channels: ["console", "email"]' in text
    assert "# Max 15% for high-risk strategies" in text
    assert len(keys()) == 28


# Allocation: what of equity each strategy has.


def weights(seed: Seed, *, ma: list[float] = EARNS, rsi: list[float] = LOSES, **changes: object) -> dict[str, float]:
    policy = seed.policy({f"allocation.{key}": value for key, value in changes.items()})
    return dict(decided(policy, {"ma_short": HOLD, "rsi_oversold": HOLD}, ma=ma, rsi=rsi).weights.by_strategy)


@case("allocation.method")
def _method(seed: Seed) -> None:
    assert weights(seed) == {MA: 0.25, RSI: 0.01}  # who loses has the least
    assert weights(seed, method="equal_weight") == {MA: 0.25, RSI: 0.25}


@case("allocation.rebalance_frequency")
def _rebalance_frequency(seed: Seed) -> None:
    def reason_next_day(frequency: str) -> str:
        policy = seed.policy({"allocation.rebalance_frequency": frequency})
        first = inputs_of({"ma_short": HOLD, "rsi_oversold": HOLD}, policy=policy, now=NOW - timedelta(days=1))
        again = decided(policy, {"ma_short": HOLD, "rsi_oversold": HOLD}, book=committed(first))
        return again.weights.reason

    assert reason_next_day("daily") == "daily rebalance"
    assert reason_next_day("weekly") == ""  # Friday after Thursday


@case("allocation.min_allocation")
def _min_allocation(seed: Seed) -> None:
    assert weights(seed)[RSI] == 0.01
    assert weights(seed, min_allocation=0.05)[RSI] == 0.05


@case("allocation.max_allocation")
def _max_allocation(seed: Seed) -> None:
    assert weights(seed)[MA] == 0.25
    assert weights(seed, max_allocation=0.4)[MA] == 0.4


@case("allocation.allocation_constraints.high_risk_strategies")
def _allocation_constraints(seed: Seed) -> None:
    # Alone it holds nobody, and says so. With a group of that name it holds its members together.
    alone = decided(seed.policy(), BOTH)
    assert "allocation_constraints.high_risk_strategies: no strategy and no group of this name" in alone.weights.notes
    both = {"high_risk_strategies": ["ma_short", "rsi_oversold"]}
    capped = weights(seed, rsi=EARNS, groups=both)
    assert sum(capped.values()) == pytest.approx(0.15)
    tighter = weights(seed, rsi=EARNS, groups=both, allocation_constraints={"high_risk_strategies": 0.1})
    assert sum(tighter.values()) == pytest.approx(0.1)


# Risk: what may be entered, and what stops.


@case("risk.max_portfolio_drawdown", "risk.emergency_stop_conditions[max_drawdown_exceeded]")
def _max_portfolio_drawdown(seed: Seed) -> None:
    assert looked(seed.policy(), "90000").trading_state is TradingState.HALTED
    assert looked(seed.policy({"risk.max_portfolio_drawdown": 0.2}), "90000").trading_state is TradingState.ACTIVE
    others = ["correlation_too_high", "strategy_failure_cascade"]
    mild = looked(seed.policy({"risk.emergency_stop_conditions": others}), "90000")
    assert mild.trading_state is TradingState.REDUCING


ALIKE = [0.015, -0.005] * 12  # moves with EARNS
SIMILAR = [0.015, -0.005] * 10 + [0.0] * 4


@case("risk.max_strategy_correlation", "risk.emergency_stop_conditions[correlation_too_high]")
def _max_strategy_correlation(seed: Seed) -> None:
    stopped = decided(seed.policy(), BOTH, rsi=ALIKE)
    assert stopped.trading_state is TradingState.REDUCING
    assert [trip.reason for trip in stopped.watched.trips] == [
        "correlation: 1.00 of ma_short and rsi_oversold; limit 0.80"
    ]
    others = ["max_drawdown_exceeded", "strategy_failure_cascade"]
    held = decided(seed.policy({"risk.emergency_stop_conditions": others}), BOTH, rsi=ALIKE)
    assert held.trading_state is TradingState.ACTIVE
    assert [each.override_reason for each in held.strategies] == [
        None,
        "correlation 1.00 with ma_short is above 0.80: no increase",
    ]
    free = decided(seed.policy({"risk.max_strategy_correlation": 1.0}), BOTH, rsi=ALIKE)
    assert [each.override_reason for each in free.strategies] == [None, None]


@case("risk.emergency_stop_conditions[strategy_failure_cascade]")
def _strategy_failure_cascade(seed: Seed) -> None:
    failed = ("x", "y", "z")
    stopped = looked(seed.policy(), "100000", failed)
    assert [trip.breaker.value for trip in stopped.watched.trips] == ["failure_cascade"]
    others = ["max_drawdown_exceeded", "correlation_too_high"]
    held = looked(seed.policy({"risk.emergency_stop_conditions": others}), "100000", failed)
    assert (held.watched.trips, "failure cascade: 3" in str(held.watched.doubt)) == ((), True)


@case("risk.position_size_limit")
def _position_size_limit(seed: Seed) -> None:
    def ordered(limit: float) -> tuple[list[str], list[str]]:
        decision = decided(seed.policy({"risk.position_size_limit": limit}), BOTH)
        return [str(each.notional) for each in decision.intents], [each.reason for each in decision.denials]

    assert ordered(0.05) == (
        ["5000.00", "5000.00"],
        [f"25.0% of equity in {each} is cut to the limit of a position, 5.0%" for each in (AAPL, MSFT)],
    )
    assert ordered(1.0) == (["25000.00", "25000.00"], [])


@case("risk.stop_loss_threshold")
def _stop_loss_threshold(seed: Seed) -> None:
    book = PortfolioBook(strategies={MA: book_of(Mode.ACTIVE, sleeve(AAPL=("10", "103.5")))})  # 3.4 % above the price

    def sold(threshold: float) -> list[str]:
        policy = seed.policy({"risk.stop_loss_threshold": threshold})
        decision = decided(policy, {"ma_short": HOLD}, book=book, account=account_of({AAPL: "10"}))
        return [stop.reason for stop in decision.stopped] if decision.intents else []

    assert sold(0.02) == ["stop-loss: AAPL at 100 is 3.4% below its average cost; limit 2.0%"]
    assert sold(0.05) == []


# Monitoring: what is watched and told.


@case("monitoring.performance_tracking")
def _performance_tracking(seed: Seed) -> None:
    tracked = decided(seed.policy(), BOTH, rsi=ALIKE)
    blind = decided(seed.policy({"monitoring.performance_tracking": False}), BOTH, rsi=ALIKE)
    assert (tracked.risk.correlation, tracked.risk.var is not None) == (1.0, True)
    assert (blind.risk.correlation, blind.risk.var, blind.trading_state) == (None, None, TradingState.ACTIVE)


@case("monitoring.alert_thresholds.drawdown")
def _alert_drawdown(seed: Seed) -> None:
    (warning,) = looked(seed.policy(), "94500").watched.warnings
    assert warning.startswith("drawdown: equity 94,500.00 is 5.50 % below the high-water mark")
    assert looked(seed.policy({"monitoring.alert_thresholds.drawdown": 0.06}), "94500").watched.warnings == ()


@case("monitoring.alert_thresholds.correlation")
def _alert_correlation(seed: Seed) -> None:
    def told(threshold: float) -> list[str]:
        changes = {"monitoring.alert_thresholds.correlation": threshold, "risk.max_strategy_correlation": 1.0}
        decision = decided(seed.policy(changes), BOTH, rsi=SIMILAR)
        return [each.message for each in decision.notices if each.kind == "correlation"]

    similar = float(np.corrcoef(EARNS, SIMILAR)[0, 1])
    assert 0.75 < similar < 0.95
    assert told(0.75) == [f"ma_short and rsi_oversold are correlated at {similar:.2f}; threshold 0.75"]
    assert told(0.95) == []


@case("monitoring.alert_thresholds.underperformance")
def _alert_underperformance(seed: Seed) -> None:
    def told(threshold: float) -> list[str]:
        policy = seed.policy({"monitoring.alert_thresholds.underperformance": threshold})
        return [each.message for each in decided(policy, BOTH, rsi=LOSES).notices if each.kind == "underperformance"]

    lost = 0.98**12 - 1
    assert told(-0.10) == [f"rsi_oversold returned {lost:.1%} over its track record; threshold -10.0%"]
    assert told(-0.30) == []


@case("monitoring.notification_channels")
def _notification_channels(seed: Seed) -> None:
    assert decided(seed.policy(), BOTH).channels == ("console", "email")
    assert decided(seed.policy({"monitoring.notification_channels": ["slack"]}), BOTH).channels == ("slack",)


# Strategies: who runs, and what each is shown; closes of 140 days up to 18 January 2026, a Sunday.

RISING = [100 * 1.01**day for day in range(140)]
STEEPER = [100 * 1.02**day for day in range(140)]
FALLING = [100 * 0.99**day for day in range(140)]
# Gains of 0.5 for losses of 1.0, in turns: 3 to 2 for the bears as an RSI of 14 days has it, at about 33.
SAGGING = [300.0 - 0.25 * day - (0.75 if day % 2 else 0.0) for day in range(140)]
CLIMBING = [600.0 - each for each in SAGGING]


@case("strategies[].type")
def _type(seed: Seed) -> None:
    by_average = asked(seed.policy(timeframe="1d"), {BTC: RISING, ETH: RISING})
    assert "10-day average is" in said(by_average, "ma_short")[2]
    changes = {"strategies.0.type": "RSIStrategy", "strategies.0.parameters": {"overbought": 70}}
    held = {"ma_short": {BTC: 1.0}}
    by_index = asked(seed.policy(changes, timeframe="1d"), {BTC: RISING, ETH: RISING}, held)
    assert said(by_index, "ma_short")[:2] == ("SELL", BTC)
    assert "RSI 100.0 is at or above 70" in said(by_index, "ma_short")[2]


@case("strategies[].name")
def _name(seed: Seed) -> None:
    policy = seed.policy({"strategies.0.name": "renamed"}, timeframe="1d")
    decision = asked(policy, {BTC: RISING, ETH: RISING})
    assert [each.strategy for each in decision.strategies] == ["renamed", "rsi_oversold"]
    assert [(each.strategy, each.agent_id) for each in decision.intents] == [("renamed", "acme_renamed")]


@case("strategies[].enabled")
def _enabled(seed: Seed) -> None:
    on = asked(seed.policy(timeframe="1d"), {BTC: RISING, ETH: RISING})
    off = asked(seed.policy({"strategies.0.enabled": False}, timeframe="1d"), {BTC: RISING, ETH: RISING})
    assert [(each.strategy, each.side) for each in on.intents] == [("ma_short", Side.BUY)]
    assert off.intents == ()
    assert {str(each.strategy): each.mode for each in off.strategies}["ma_short"] is Mode.DISABLED
    assert said(off, "ma_short") == said(on, "ma_short")  # it is asked, so that its record goes on


@case("strategies[].allocation_weight")
def _allocation_weight(seed: Seed) -> None:
    def parts(factor: float) -> dict[StrategyId, float]:
        changes = {"strategies.0.allocation_weight": factor, "allocation.max_allocation": 1.0}
        return dict(decided(seed.policy(changes), BOTH, ma=EARNS, rsi=EARNS).weights.by_strategy)

    assert parts(1.0) == pytest.approx({MA: 0.5, RSI: 0.5})
    assert parts(3.0) == pytest.approx({MA: 0.75, RSI: 0.25})


@case("strategies[].parameters.short_period", "strategies[].parameters.long_period")
def _periods(seed: Seed) -> None:
    def reason(**periods: int) -> str:
        changes = {f"strategies.0.parameters.{key}": value for key, value in periods.items()}
        return said(asked(seed.policy(changes, timeframe="1d"), {BTC: RISING, ETH: RISING}), "ma_short")[2]

    assert reason() == f"10-day average is {gap_of_averages(1.01):.1%} above the 20-day average"
    assert reason(short_period=5) == f"5-day average is {gap_of_averages(1.01, 5, 20):.1%} above the 20-day average"
    assert reason(long_period=50) == f"10-day average is {gap_of_averages(1.01, 10, 50):.1%} above the 50-day average"


@case("strategies[].parameters.period", "strategies[].parameters.oversold", "strategies[].parameters.overbought")
def _index(seed: Seed) -> None:
    def of(closes: list[float], held: bool = False, **changed: float) -> tuple[str, str | None, str]:
        changes = {f"strategies.1.parameters.{key}": value for key, value in changed.items()}
        holding = {"rsi_oversold": {BTC: 1.0}} if held else {}
        return said(asked(seed.policy(changes, timeframe="1d"), {BTC: closes}, holding), "rsi_oversold")

    assert of(SAGGING)[0] == "HOLD"
    assert of(SAGGING, oversold=40)[:2] == ("BUY", BTC)
    assert of(CLIMBING, held=True)[0] == "HOLD"
    assert of(CLIMBING, held=True, overbought=60)[:2] == ("SELL", BTC)
    assert of(SAGGING, period=2)[:2] == ("BUY", BTC)  # two days see little but the last one, a loss


@case("strategies[].symbols")
def _symbols(seed: Seed) -> None:
    closes = {BTC: STEEPER, ETH: RISING}
    assert said(asked(seed.policy(timeframe="1d"), closes), "ma_short")[:2] == ("BUY", BTC)
    narrow = seed.policy({"strategies.0.symbols": [ETH]}, timeframe="1d")
    assert said(asked(narrow, closes), "ma_short")[:2] == ("BUY", ETH)


@case("strategies[].timeframe")
def _timeframe(seed: Seed) -> None:
    closes = {BTC: RISING, ETH: RISING}
    daily = said(asked(seed.policy(timeframe="1d"), closes), "ma_short")[2]
    weekly = said(asked(seed.policy(timeframe="1w"), closes), "ma_short")[2]
    assert daily == f"10-day average is {gap_of_averages(1.01):.1%} above the 20-day average"
    assert weekly == f"10-day average is {gap_of_averages(1.01**7):.1%} above the 20-day average"
    # As it stands one is shown bars of an hour and the other of four, where somebody has them.
    asked_for: list[int] = []

    def intraday(minutes: int, symbols: Sequence[Symbol]) -> MarketData:
        asked_for.append(minutes)
        steep = np.array([100 * 1.005**number for number in range(140)])
        return MarketData(
            {each: SymbolHistory(symbol=each, days=tuple(DAYS), close=steep, high=steep, low=steep) for each in symbols}
        )

    found = evaluated(seed.policy(), closes, intraday=intraday)
    assert sorted(asked_for) == [60, 240]
    assert found.signals[MA].reasoning == f"10-day average is {gap_of_averages(1.005):.1%} above the 20-day average"
    hourly = asked(seed.policy(), closes)
    assert hourly.strategies == ()
    assert "expected bars of 60 minutes, found a caller that has daily ones only" in hourly.failures[MA]


def gap_of_averages(growth: float, short: int = 10, long: int = 20) -> float:
    """How far the short average is above the long one of what grows evenly: n closes average to (1 − g⁻ⁿ) ÷ n · c."""
    of = {n: (1 - growth**-n) / n for n in (short, long)}
    return of[short] / of[long] - 1
