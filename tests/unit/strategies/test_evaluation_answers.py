"""Whatever a strategy returns ends in a valid signal or in a failure."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.market import SymbolHistory
from backend.domain.signal import Action, StrategyId, StrategySignal, Symbol
from functions.strategies.base import BaseStrategy
from functions.strategies.evaluation import evaluate_all

CLOSE = np.array([1.0, 2.0])
DAYS = (date(2020, 3, 2), date(2020, 3, 3))
PRICES = {"AAPL": SymbolHistory(symbol=Symbol("AAPL"), days=DAYS, close=CLOSE, high=CLOSE, low=CLOSE)}


class Says(BaseStrategy):
    """Answers with whatever a function returns."""

    def __init__(self, name: str, answer: Callable[..., Any]) -> None:
        self.name = name
        self.answer = answer

    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        return self.answer()


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


async def _later(value: Any) -> Any:
    return value


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.sampled_from(["BUY", "SELL", "HOLD", "CLOSE_ALL", "AAPL", object(), object, ValueError, Unprintable()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_SIGNALS = st.fixed_dictionaries(
    {"action": st.sampled_from(["BUY", "SELL", "HOLD", "CLOSE_ALL"]) | _VALUES},
    optional={
        "ticker": st.sampled_from(["AAPL", "GONE"]) | _VALUES,
        "allocation": st.floats(0, 1) | _VALUES,
        "confidence": st.floats(0, 1) | _VALUES,
        "reasoning": _VALUES,
        "metadata": _VALUES,
        "expires_at": _VALUES,
    },
)


@given(answer=_SIGNALS | _VALUES, wrap=st.sampled_from([lambda value: value, _later]))
def test_any_answer_ends_in_a_valid_signal_or_a_failure(answer: Any, wrap: Callable[[Any], Awaitable[Any]]) -> None:
    strategies = [Says("any", lambda: wrap(answer)), Says("fine", lambda: {"action": "HOLD"})]
    evaluation = evaluate_all(strategies, PRICES, {}, None, time_limit_seconds=5.0)
    assert isinstance(evaluation.signals[StrategyId("fine")], StrategySignal)
    reason = evaluation.failures.get(StrategyId("any"))
    if reason is not None:
        assert reason.startswith(("SignalError: ", "StrategyFailed: "))
        assert "any" not in evaluation.signals
        return
    signal = evaluation.signals[StrategyId("any")]
    assert 0.0 <= signal.allocation <= 1.0
    assert 0.0 <= signal.confidence <= 1.0
    assert signal.action not in (Action.BUY, Action.SELL) or signal.ticker == "AAPL"
