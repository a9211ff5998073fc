"""What is news to somebody who has read about the last decision."""

from dataclasses import replace

import pytest

from backend.domain.decision import Decision
from backend.domain.mode import Mode
from backend.domain.news import is_news, told_after
from backend.domain.signal import StrategyId
from backend.domain.told import NOTHING_TOLD, LastTold
from backend.domain.trading_state import TradingState
from tests.fakes.decisions import TREND, busy_decision, quiet_decision, strategy

STANDING = replace(busy_decision(), intents=())  # what holds, without what happens


def news(decision: Decision, told: LastTold) -> bool:
    return is_news(decision, told, told_after(decision, told))


def test_first_decision_is_news_and_the_same_again_is_not() -> None:
    assert news(STANDING, NOTHING_TOLD)
    assert not news(STANDING, told_after(STANDING, NOTHING_TOLD))
    assert news(quiet_decision(), told_after(STANDING, NOTHING_TOLD))


def test_orders_are_news_every_time() -> None:
    assert news(busy_decision(), told_after(busy_decision(), NOTHING_TOLD))


@pytest.mark.parametrize(
    "changes",
    [
        {"strategies": (*STANDING.strategies[:2], strategy(StrategyId("donchian"), Mode.ACTIVE))},  # not held back now
        {"strategies": (strategy(TREND, Mode.REDUCED), *STANDING.strategies[1:])},
        {"trading_state": TradingState.REDUCING},
        {"systemic_risk_detected": False},
        {"denials": ()},
        {"failures": {}},
    ],
    ids=["held back", "mode", "trading state", "override", "denials", "failures"],
)
def test_what_a_reader_is_told_is_news_when_it_changes(changes: dict[str, object]) -> None:
    assert news(replace(STANDING, **changes), told_after(STANDING, NOTHING_TOLD))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"failures": {StrategyId("broken"): "another message, with the address 0x7f"}},
        {"denials": tuple(replace(each, reason="3.21 too small") for each in STANDING.denials)},
        {"virtual_fills": ()},
        {"session_id": "other"},
    ],
    ids=["why it failed", "why it was denied", "virtual fills", "session"],
)
def test_reasons_and_what_moves_with_every_price_are_no_news(changes: dict[str, object]) -> None:
    assert not news(replace(STANDING, **changes), told_after(STANDING, NOTHING_TOLD))  # type: ignore[arg-type]
