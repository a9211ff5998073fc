"""Every strategy is isolated: it can fail, hang or lie without stopping or changing another."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.evaluation import Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.signal import Action, StrategyId, Symbol
from functions.strategies.base import BaseStrategy
from functions.strategies.evaluation import evaluate_all, evaluate_all_async

CLOSE = np.array([1.0, 2.0, 3.0])
DAYS = (date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 4))
BUY = {"action": "BUY", "ticker": "AAPL", "allocation": 0.5, "confidence": 0.9, "reasoning": "cheap"}


class Says(BaseStrategy):
    """Answers with whatever a function returns or raises."""

    def __init__(self, name: str, answer: Callable[..., Any]) -> None:
        self.name = name
        self.answer = answer

    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        return self.answer(market_data, account_snapshot, regime)


def fine(name: str = "fine") -> Says:
    return Says(name, lambda *_: dict(BUY))


def prices() -> dict[str, SymbolHistory]:
    close = CLOSE.copy()
    return {"AAPL": SymbolHistory(symbol=Symbol("AAPL"), days=DAYS, close=close, high=close, low=close)}


def evaluated(*strategies: BaseStrategy, limit: float = 5.0, snapshot: Any = None, **options: Any) -> Evaluation:
    held: Any = {} if snapshot is None else snapshot
    return evaluate_all(strategies, prices(), held, None, time_limit_seconds=limit, **options)


def failure(answer: Callable[..., Any], **options: Any) -> str:
    """Return why one strategy failed, having made sure that its neighbours did not."""
    evaluation = evaluated(fine("a"), Says("culprit", answer), fine("z"), **options)
    assert set(evaluation.signals) == {"a", "z"}
    assert set(evaluation.failures) == {"culprit"}
    return evaluation.failures[StrategyId("culprit")]


def test_signals_come_checked_and_in_name_order() -> None:
    async def sell(*_: Any) -> dict[str, Any]:
        return {"action": "SELL", "ticker": "AAPL"}

    evaluation = evaluated(Says("z", lambda *_: BUY), Says("a", sell), Says("m", lambda *_: {"action": "HOLD"}))
    assert list(evaluation.signals) == ["a", "m", "z"]
    assert [signal.action for signal in evaluation.signals.values()] == [Action.SELL, Action.HOLD, Action.BUY]
    assert evaluation.signals[StrategyId("z")].allocation == 0.5
    assert evaluation.failures == {}


def test_no_strategies_give_an_empty_evaluation() -> None:
    assert evaluated() == Evaluation()


def test_dataclass_signal_is_read_like_a_dict() -> None:
    @dataclass
    class Own:
        action: str = "BUY"
        ticker: str = "AAPL"
        allocation: float = 0.25

    assert evaluated(Says("own", lambda *_: Own())).signals[StrategyId("own")].allocation == 0.25


def raising(error: BaseException) -> Callable[..., Any]:
    def answer(*_: Any) -> Any:
        raise error

    return answer


def raising_async(error: BaseException) -> Callable[..., Any]:
    async def answer(*_: Any) -> Any:
        await asyncio.sleep(0)
        raise error

    return answer


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize("kind", [raising, raising_async])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("division of a loss"), "ValueError: division of a loss"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (TimeoutError("the strategy's own"), "TimeoutError: the strategy's own"),
        (Unprintable(), "Unprintable"),
        (ValueError("two\nlines"), "ValueError: two"),
        (type("", (Exception,), {})(), "expected a signal"),
    ],
)
def test_strategy_that_raises_fails_alone(kind: Any, error: BaseException, said: str) -> None:
    reason = failure(kind(error))
    assert reason.startswith("StrategyFailed: expected a signal, evaluate() raised ")
    assert said in reason
    assert "(test_evaluation.py:" in reason
    assert "\n" not in reason


@pytest.mark.parametrize("answer", [None, 7, "BUY", [BUY], object(), BaseStrategy])
def test_answer_that_is_no_signal_fails_alone(answer: Any) -> None:
    reason = failure(lambda *_: answer)
    assert reason.startswith("SignalError: culprit: expected a signal (a dict with")
    assert f"found {type(answer).__name__}" in reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": "SHORT"}, "expected action to be one of"),
        ({"action": None}, "expected action to be one of"),
        ({"allocation": float("nan")}, "expected allocation to be a number between 0 and 1"),
        ({"allocation": -0.1}, "expected allocation to be a number between 0 and 1"),
        ({"allocation": 5.0}, "expected allocation to be a number between 0 and 1"),
        ({"allocation": "half"}, "expected allocation to be a number between 0 and 1"),
        ({"confidence": float("inf")}, "expected confidence to be a number between 0 and 1"),
        ({"ticker": None}, "needs a ticker"),
        ({"ticker": ""}, "non-empty string"),
        ({"ticker": "GONE"}, "unknown ticker 'GONE'"),
        ({"action": "SELL", "ticker": "GONE"}, "unknown ticker 'GONE'"),
    ],
)
def test_bad_value_in_a_signal_fails_alone(change: dict[str, Any], said: str) -> None:
    reason = failure(lambda *_: BUY | change)
    assert reason.startswith("SignalError: ")
    assert said in reason


def test_known_symbols_decide_what_may_be_bought() -> None:
    assert "unknown ticker 'AAPL'" in evaluated(fine(), known_symbols={"MSFT"}).failures[StrategyId("fine")]
    other = Says("other", lambda *_: BUY | {"ticker": "MSFT"})
    assert evaluated(other, known_symbols={"MSFT"}).failures == {}


@pytest.mark.parametrize("snapshot", [{"positions": {"GONE": 1.0}}, {"sleeves": {"culprit": {"GONE": 1.0}}}])
def test_what_is_held_can_be_sold_without_bars_but_not_bought(snapshot: Any) -> None:
    leave = Says("leave", lambda *_: {"action": "SELL", "ticker": "GONE"})
    assert evaluated(leave, snapshot=snapshot).failures == {}
    assert "unknown ticker" in failure(lambda *_: BUY | {"ticker": "GONE"}, snapshot=snapshot)


def test_positions_in_a_callers_own_shape_stop_nobody() -> None:
    assert evaluated(fine(), snapshot={"positions": [{"symbol": "AAPL"}], "sleeves": {"x": None}}).failures == {}


def test_strategies_cannot_change_what_another_sees() -> None:
    seen = []

    def vandal(market_data: Any, account_snapshot: Any, _: Any) -> Any:
        seen.append((market_data["AAPL"].close.tolist(), dict(account_snapshot["positions"])))
        writes: tuple[Callable[[], object], ...] = (
            lambda: market_data["AAPL"].close.fill(0.0),
            lambda: market_data.pop("AAPL"),
            lambda: account_snapshot["positions"].update(AAPL=0.0),
        )
        for write in writes:
            with pytest.raises((ValueError, AttributeError)):
                write()
        return BUY

    snapshot: Any = {"positions": {"AAPL": 3.0}}
    evaluation = evaluated(Says("a", vandal), Says("b", vandal), snapshot=snapshot)
    assert evaluation.failures == {}
    assert seen == [([1.0, 2.0, 3.0], {"AAPL": 3.0})] * 2
    assert snapshot == {"positions": {"AAPL": 3.0}}


def test_two_strategies_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="different names"):
        evaluated(fine("twin"), fine("twin"))


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_time_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ConfigurationError, match="time_limit_seconds: expected more than 0"):
        evaluated(fine(), limit=limit)


def test_async_evaluation_leaves_the_running_loop_free() -> None:
    async def main() -> tuple[Evaluation, int]:
        def slow(*_: Any) -> Any:
            time.sleep(0.2)
            return BUY

        task = asyncio.create_task(evaluate_all_async([Says("slow", slow)], prices(), {}, time_limit_seconds=5.0))
        beats = 0
        while not task.done():
            await asyncio.sleep(0.01)
            beats += 1
        return await task, beats

    evaluation, beats = asyncio.run(main())
    assert list(evaluation.signals) == ["slow"]
    assert beats >= 3


def test_evaluation_can_be_called_inside_a_running_loop() -> None:
    async def buy(*_: Any) -> Any:
        await asyncio.sleep(0.01)
        return BUY

    async def main() -> Evaluation:
        return evaluated(Says("buyer", buy))

    assert list(asyncio.run(main()).signals) == ["buyer"]
