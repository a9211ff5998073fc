"""Every rule of the library: when it enters, when it leaves, what it does with prices that it cannot use."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.domain.errors import ConfigurationError
from backend.domain.market import SymbolHistory
from backend.domain.signal import Symbol, read_signal
from functions.strategies.base import BaseStrategy
from functions.strategies.library.bollinger_reversion import BollingerReversion
from functions.strategies.library.cross_sectional_momentum import CrossSectionalMomentum
from functions.strategies.library.donchian_breakout import DonchianBreakout
from functions.strategies.library.moving_average_crossover import MovingAverageCrossover
from functions.strategies.library.rsi_reversion import RsiReversion
from functions.strategies.library.time_series_momentum import TimeSeriesMomentum
from functions.strategies.library.volatility_targeted_trend import VolatilityTargetedTrend

LIBRARY = (
    BollingerReversion,
    CrossSectionalMomentum,
    DonchianBreakout,
    MovingAverageCrossover,
    RsiReversion,
    TimeSeriesMomentum,
    VolatilityTargetedTrend,
)
FOLLOWERS = (DonchianBreakout, MovingAverageCrossover, TimeSeriesMomentum, VolatilityTargetedTrend)
REVERTERS = (BollingerReversion, RsiReversion)
DAYS = 160


def history(symbol: str, close: NDArray[np.float64]) -> SymbolHistory:
    days = tuple(map(date.fromordinal, range(1, len(close) + 1)))
    return SymbolHistory(symbol=Symbol(symbol), days=days, close=close, high=close, low=close)


def market(**closes: NDArray[np.float64]) -> dict[str, SymbolHistory]:
    return {symbol: history(symbol, close) for symbol, close in closes.items()}


def walk(daily: float, wiggle: float = 0.002, days: int = DAYS) -> NDArray[np.float64]:
    """A steady drift with a small up and down, so that nothing is degenerate."""
    return 100.0 * np.exp(np.cumsum(daily + wiggle * (-1.0) ** np.arange(days)))


def then(close: NDArray[np.float64], *returns: float) -> NDArray[np.float64]:
    return np.append(close, close[-1] * np.cumprod(1.0 + np.array(returns)))[-DAYS:]


RISING, FALLING = walk(0.003), walk(-0.003)
BROKEN = then(RISING, *[-0.08] * 8)
DIPPED = then(walk(0.0002, wiggle=0.004), -0.02, -0.03, -0.04)


def holding(strategy: BaseStrategy, *symbols: str) -> Any:
    return {"sleeves": {strategy.name: dict.fromkeys(symbols, 1.0)}}


def told(strategy: BaseStrategy, prices: Mapping[str, SymbolHistory], *held: str) -> tuple[str, str | None]:
    signal: Any = strategy.evaluate(prices, holding(strategy, *held))
    read_signal(signal, strategy=strategy.name)
    return signal["action"], signal["ticker"]


@pytest.mark.parametrize("rule", FOLLOWERS)
def test_trend_follower_buys_what_rises_and_leaves_what_broke(rule: type[BaseStrategy]) -> None:
    prices = market(DOWN=FALLING, UP=then(RISING, 0.02))
    assert told(rule(), prices) == ("BUY", "UP")
    assert told(rule(), market(DOWN=FALLING, UP=BROKEN), "UP") == ("SELL", "UP")


@pytest.mark.parametrize("rule", REVERTERS)
def test_reversion_buys_the_dip_and_leaves_the_rebound(rule: type[BaseStrategy]) -> None:
    assert told(rule(), market(DIP=DIPPED, UP=RISING)) == ("BUY", "DIP")
    assert told(rule(), market(DIP=then(DIPPED, *[0.03] * 6)), "DIP") == ("SELL", "DIP")


def test_cross_sectional_momentum_buys_the_winner_and_leaves_who_fell_behind() -> None:
    rates = {f"S{i}": walk(0.0005 * i) for i in range(1, 11)}
    strategy = CrossSectionalMomentum(max_positions=2, exit_rank=4)
    assert told(strategy, market(**rates)) == ("BUY", "S10")
    assert told(strategy, market(**rates), "S10") == ("BUY", "S9")
    assert told(strategy, market(**rates), "S7", "S8") == ("HOLD", None)
    assert told(strategy, market(**rates), "S6", "S10") == ("SELL", "S6")


@pytest.mark.parametrize("rule", LIBRARY)
def test_exits_come_before_entries(rule: type[BaseStrategy]) -> None:
    good, bad = (DIPPED, RISING) if rule in REVERTERS else (RISING, BROKEN)
    others = {f"F{i}": good for i in range(9)}
    strategy = rule()
    assert told(strategy, market(BAD=bad, **others), "BAD") == ("SELL", "BAD")


@pytest.mark.parametrize("rule", FOLLOWERS)
def test_the_strongest_exit_comes_first(rule: type[BaseStrategy]) -> None:
    drops, drifts = (-0.02, -0.05, -0.03), (-0.002, -0.005, -0.003)
    falls = [then(walk(-0.002), drop) for drop in drops] if rule is DonchianBreakout else [walk(d) for d in drifts]
    prices = market(A=falls[0], B=falls[1], C=falls[2])
    assert told(rule(), prices, "A", "B", "C") == ("SELL", "B")


@pytest.mark.parametrize("rule", LIBRARY)
def test_full_slots_take_no_further_entry(rule: Any) -> None:
    good = DIPPED if rule in REVERTERS else then(RISING, 0.02)
    strategy = rule(max_positions=2)
    held = ("ELSEWHERE", "UNLISTED")  # held without any prices: they fill slots and cannot be judged
    assert told(strategy, market(A=good, B=good)) == ("BUY", "A")
    assert told(strategy, market(A=good, B=good), *held) == ("HOLD", None)


@pytest.mark.parametrize("rule", LIBRARY)
def test_entry_asks_for_at_most_one_slot(rule: Any) -> None:
    good = DIPPED if rule in REVERTERS else then(RISING, 0.02)
    strategy = rule(max_positions=4)
    signal = strategy.evaluate(market(A=good), holding(strategy))
    assert 0.0 < signal["allocation"] <= 0.25
    assert 0.5 <= signal["confidence"] <= 1.0
    assert signal["reasoning"]


def test_time_series_momentum_sizes_by_volatility() -> None:
    calm, wild = walk(0.003, wiggle=0.002), walk(0.003, wiggle=0.06)
    strategy = TimeSeriesMomentum(max_positions=1)
    signal: Any = strategy.evaluate(market(WILD=wild), {})
    volatility = np.diff(wild[-127:]) / wild[-127:-1]
    assert signal["allocation"] == pytest.approx(0.40 / (volatility.std() * 252**0.5), rel=0.01)
    assert strategy.evaluate(market(CALM=calm), {})["allocation"] == 1.0


def test_volatility_targeted_trend_leaves_a_runaway_volatility() -> None:
    wild = walk(0.01, wiggle=0.06)
    signal: Any = VolatilityTargetedTrend().evaluate(market(WILD=wild), {"positions": {"WILD": 1.0}})
    assert signal["action"] == "SELL"
    assert "volatility" in signal["reasoning"]
    assert told(VolatilityTargetedTrend(), market(WILD=wild)) == ("HOLD", None)


@pytest.mark.parametrize("rule", LIBRARY)
def test_short_histories_are_skipped(rule: type[BaseStrategy]) -> None:
    good = DIPPED if rule in REVERTERS else then(RISING, 0.02)
    assert told(rule(), market(A=good[-5:], B=good)) == ("BUY", "B")
    signal: Any = rule().evaluate(market(A=good[-5:]), {})
    assert signal["action"] == "HOLD"
    assert "daily closes" in signal["reasoning"]


@pytest.mark.parametrize("rule", LIBRARY)
@pytest.mark.parametrize("prices", [{}, {"AAPL": {"price": 1.0}}, {"AAPL": None}])
def test_no_usable_prices_hold(rule: type[BaseStrategy], prices: Any) -> None:
    assert told(rule(), prices, "AAPL") == ("HOLD", None)


@pytest.mark.parametrize("rule", [rule for rule in LIBRARY if rule is not CrossSectionalMomentum])
@pytest.mark.parametrize("price", [0.1, 1.0, 33.3, 1e6])
def test_a_price_that_never_moves_is_not_traded(rule: type[BaseStrategy], price: float) -> None:
    flat = np.full(DAYS, price)
    assert told(rule(), market(FLAT=flat)) == ("HOLD", None)
    assert told(rule(), market(FLAT=flat), "FLAT") == ("HOLD", None)


@pytest.mark.parametrize(
    ("rule", "parameters", "named"),
    [
        (MovingAverageCrossover, {"fast_days": 50, "slow_days": 20}, "fast_days"),
        (MovingAverageCrossover, {"band": 0.0}, "band"),
        (RsiReversion, {"oversold": 80}, "oversold"),
        (RsiReversion, {"period": 1}, "period"),
        (TimeSeriesMomentum, {"lookback_days": 0}, "lookback_days"),
        (TimeSeriesMomentum, {"target_volatility": float("nan")}, "target_volatility"),
        (DonchianBreakout, {"exit_days": 30}, "exit_days"),
        (BollingerReversion, {"width": -2.0}, "width"),
        (VolatilityTargetedTrend, {"target_volatility": 0.9}, "target_volatility"),
        (CrossSectionalMomentum, {"exit_rank": 2}, "exit_rank"),
        (CrossSectionalMomentum, {"max_positions": 0}, "max_positions"),
    ],
)
def test_wrong_parameters_are_refused(rule: Any, parameters: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"\.{named}: expected .*, found .*; correct"):
        rule(**parameters)


def simulated(closes: Mapping[str, NDArray[np.float64]], start: int) -> list[Counter[str]]:
    """Let every strategy trade day by day at the close; return each day's sellers."""
    strategies: Sequence[BaseStrategy] = [rule() for rule in LIBRARY]
    sleeves: dict[str, dict[str, float]] = {strategy.name: {} for strategy in strategies}
    sellers = []
    for day in range(start, len(next(iter(closes.values())))):
        prices = market(**{symbol: close[: day + 1] for symbol, close in closes.items()})
        today: Counter[str] = Counter()
        for strategy in strategies:
            signal: Any = strategy.evaluate(prices, {"sleeves": sleeves})
            read_signal(signal, strategy=strategy.name)
            if signal["action"] == "BUY":
                sleeves[strategy.name][signal["ticker"]] = 1.0
            elif signal["action"] == "SELL":
                del sleeves[strategy.name][signal["ticker"]]
                today[strategy.name] += 1
        sellers.append(today)
    return sellers


def test_a_crash_makes_several_strategies_sell_on_one_day() -> None:
    rng = np.random.default_rng(2020)
    calm, crash, rebound = (0.0008, 0.012, 120), (-0.025, 0.04, 23), (0.006, 0.02, 30)
    market_return = np.concatenate([rng.normal(mean, sd / 2, days) for mean, sd, days in (calm, calm, crash, rebound)])
    own = rng.normal(0.0, 0.009, (20, len(market_return)))
    closes = {f"S{i:02}": 80.0 * np.exp(np.cumsum(market_return + own[i])) for i in range(20)}
    sellers = simulated(closes, start=150)
    before, during = sellers[: 240 - 150], sellers[240 - 150 : 263 - 150]
    assert max(len(day) for day in during) >= 3
    assert sum(map(len, during)) / len(during) > 1.25 * sum(map(len, before)) / len(before)
    assert set().union(*sellers) == {rule().name for rule in LIBRARY}
