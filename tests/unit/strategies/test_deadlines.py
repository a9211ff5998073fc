"""A strategy that hangs, blocks or spins is given up at its limit; the others go on."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.domain.evaluation import Evaluation
from backend.domain.signal import StrategyId
from functions.strategies.base import BaseStrategy
from functions.strategies.evaluation import evaluate_all

HOLD = {"action": "HOLD"}
LIMIT = 0.6  # long enough for a neighbour on a machine that is busy with other tests


class Says(BaseStrategy):
    """Answers with whatever a function returns."""

    def __init__(self, name: str, answer: Callable[..., Any]) -> None:
        self.name = name
        self.answer = answer

    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        return self.answer()


def fine(name: str = "fine") -> Says:
    return Says(name, lambda: HOLD)


def evaluated(*strategies: BaseStrategy, limit: float, **options: Any) -> Evaluation:
    return evaluate_all(strategies, {}, {}, None, time_limit_seconds=limit, **options)


def failure(answer: Callable[..., Any], *, limit: float) -> str:
    """Return why one strategy failed, having made sure that its neighbours did not."""
    evaluation = evaluated(fine("a"), Says("culprit", answer), fine("z"), limit=limit)
    assert set(evaluation.signals) == {"a", "z"}
    assert set(evaluation.failures) == {"culprit"}
    return evaluation.failures[StrategyId("culprit")]


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event that is not set before the test ends, so that no thread outlives it for long."""
    event = threading.Event()
    yield event
    event.set()


def test_hanging_strategy_times_out_alone(never: threading.Event) -> None:
    began = time.monotonic()
    reason = failure(lambda: never.wait(), limit=LIMIT)
    assert reason.startswith("StrategyTimeout: expected a signal within 0.6 s")
    assert time.monotonic() - began < 10 * LIMIT


def test_strategy_that_spins_times_out_alone(never: threading.Event) -> None:
    def spin() -> None:
        while not never.is_set():
            pass

    assert failure(spin, limit=LIMIT).startswith("StrategyTimeout: ")


def test_hanging_async_strategy_is_cancelled() -> None:
    cancelled = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    assert failure(hang, limit=LIMIT).startswith("StrategyTimeout: expected a signal within 0.6 s")
    assert cancelled.is_set()


def test_async_strategy_that_blocks_times_out_alone(never: threading.Event) -> None:
    async def block() -> None:
        never.wait()

    assert failure(block, limit=LIMIT).startswith("StrategyTimeout: ")


def test_async_strategy_that_will_not_be_cancelled_times_out_alone(never: threading.Event) -> None:
    async def refuse() -> None:
        while not never.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    assert failure(refuse, limit=LIMIT).startswith("StrategyTimeout: ")


def test_answer_that_comes_too_late_does_not_count() -> None:
    def late() -> Any:
        time.sleep(LIMIT + 0.1)
        return HOLD

    assert failure(late, limit=LIMIT).startswith("StrategyTimeout: ")


def test_many_hanging_strategies_are_waited_for_together(never: threading.Event) -> None:
    began = time.monotonic()
    hanging = [Says(f"h{i:02}", lambda: never.wait()) for i in range(20)]
    evaluation = evaluated(*hanging, fine("last"), limit=LIMIT)
    assert list(evaluation.signals) == ["last"]
    assert len(evaluation.failures) == 20
    assert time.monotonic() - began < 10 * LIMIT


def test_strategy_still_busy_with_an_earlier_tick_is_not_asked_again(never: threading.Event) -> None:
    asked = []

    def hang() -> Any:
        asked.append(1)
        never.wait()
        return HOLD

    abandoned: dict[str, threading.Thread] = {}
    strategy = Says("hangs", hang)
    first = evaluated(strategy, fine(), limit=LIMIT, abandoned=abandoned)
    second = evaluated(strategy, fine(), limit=LIMIT, abandoned=abandoned)
    assert "within 0.6 s" in first.failures[StrategyId("hangs")]
    assert "busy with an earlier tick" in second.failures[StrategyId("hangs")]
    assert len(asked) == 1
    never.set()
    abandoned["hangs"].join(5.0)
    third = evaluated(strategy, fine(), limit=5.0, abandoned=abandoned)
    assert set(third.signals) == {"hangs", "fine"}
    assert abandoned == {}
