"""Overrides of modes: in force until an instant, over what scoring says and under everything else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.commitment import decision_events
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.errors import ConfigurationError
from backend.domain.journal import folded
from backend.domain.mode import Mode, ModeState
from backend.domain.mode_override import ModeOverride
from backend.domain.order import Side
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.domain.signal import Action, StrategyId
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    AAPL,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    decided,
    inputs_of,
    record_of,
    sell,
    sleeve,
)
from tests.unit.domain.drawn_inputs import inputs, quick

WINNING = tuple(-each for each in LOSING)
HOUR = timedelta(hours=1)
A = StrategyId("a")


def override(mode: Mode, until: datetime = NOW + HOUR) -> ModeOverride:
    return ModeOverride(mode=mode, until=until, reason="a new data feed", by="ann@desk")


def overridden(mode: Mode, until: datetime = NOW + HOUR, **more: Any) -> DecisionPolicy:
    return DecisionPolicy(mode_overrides={"a": override(mode, until)}, **more)


def asked(policy: DecisionPolicy, returns: Sequence[float] = LOSING, **more: Any) -> DecisionInputs:
    """One strategy that buys, on a record that earns it SHADOW_MODE unless another is given."""
    fields: dict[str, Any] = {"account": account_of(), "prices": PRICES, "record": record_of(a=returns), **more}
    return inputs_of({"a": buy(AAPL, 0.5)}, policy=policy, **fields)


@pytest.mark.parametrize(
    ("mode", "multiplier", "orders", "virtual"),
    [(Mode.ACTIVE, 1.0, 1, 0), (Mode.REDUCED, 0.5, 1, 0), (Mode.SHADOW_MODE, 0.0, 0, 1), (Mode.DISABLED, 0.0, 0, 0)],
)
@pytest.mark.parametrize("returns", [LOSING, WINNING, ()])
def test_override_gives_its_mode_whatever_the_record(
    mode: Mode, multiplier: float, orders: int, virtual: int, returns: Sequence[float]
) -> None:
    in_the_books = book_of(Mode.SHADOW_MODE, virtual=sleeve())
    decision = decide(asked(overridden(mode), returns, book=PortfolioBook(strategies={A: in_the_books})))
    found = decided(decision, "a")
    assert (found.mode, found.multiplier) == (mode, multiplier)
    assert found.final_allocation == 0.5 * multiplier
    assert (len(decision.intents), len(decision.virtual_fills)) == (orders, virtual)


def test_override_says_who_until_when_why_and_what_scoring_says() -> None:
    reasoning = decided(decide(asked(overridden(Mode.ACTIVE))), "a").reasoning
    assert reasoning.startswith("override by ann@desk until 2026-01-30T22:01:00+00:00: a new data feed; ")
    assert "scoring says SHADOW_MODE (Sharpe -" in reasoning


@pytest.mark.parametrize("until", [NOW, NOW - HOUR])
def test_override_that_has_ended_changes_nothing(until: datetime) -> None:
    assert decide(asked(overridden(Mode.ACTIVE, until))) == decide(asked(DecisionPolicy()))
    assert decided(decide(asked(overridden(Mode.ACTIVE, until))), "a").mode is Mode.SHADOW_MODE


@pytest.mark.parametrize(
    "off",
    [
        {"disabled": frozenset({"a"})},
        {"strategies": (StrategyDefinition(name=A, kind="Some", is_enabled=False),)},
    ],
)
def test_override_undoes_no_strategy_that_is_disabled_by_configuration(off: dict[str, Any]) -> None:
    decision = decide(asked(overridden(Mode.ACTIVE, **off)))
    assert (decided(decision, "a").mode, decision.intents) == (Mode.DISABLED, ())
    assert "override" not in decided(decision, "a").reasoning


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_override_undoes_no_halt(state: TradingState) -> None:
    decision = decide(asked(overridden(Mode.ACTIVE), trading_state=state))
    assert decision.intents == ()
    assert decided(decision, "a").action is Action.HOLD


def test_override_to_shadow_still_carries_out_exits_of_what_is_held() -> None:
    book = PortfolioBook(strategies={A: book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "90")), sleeve())})
    standing = {"book": book, "account": account_of({AAPL: "10"}), "record": record_of(a=WINNING), "prices": PRICES}
    decision = decide(inputs_of({"a": sell(AAPL)}, policy=overridden(Mode.SHADOW_MODE), **standing))
    (intent,) = decision.intents
    assert (intent.symbol, intent.side, intent.quantity) == (AAPL, "sell", Decimal(10))
    entering = decide(inputs_of({"a": buy(MSFT, 0.1)}, policy=overridden(Mode.SHADOW_MODE), **standing))
    assert [each.fill.symbol for each in entering.virtual_fills] == [MSFT]
    assert [each for each in entering.intents if each.side is Side.BUY] == []


def test_override_to_disabled_leaves_the_capital_to_the_others() -> None:
    policy = overridden(Mode.DISABLED)
    assert policy.disabled_names(NOW) == {"a"}
    assert policy.disabled_names(NOW + HOUR) == frozenset()
    assert policy.configured_off() == frozenset()


def carried(decision: Decision, given: DecisionInputs, **changes: Any) -> DecisionInputs:
    """The next decision's inputs: the book as this one left it."""
    return replace(given, book=folded(given.book, decision_events(given, decision, given.book)), **changes)


def test_override_and_its_end_stand_in_the_book_once_each() -> None:
    standing = PortfolioBook(strategies={A: book_of(Mode.SHADOW_MODE, virtual=sleeve())})
    given = asked(overridden(Mode.ACTIVE), book=standing)
    first = decide(given)
    (change,) = first.mode_changes
    before = standing.strategies[A].mode
    assert (change.before, change.after.mode, change.after.is_override) == (Mode.SHADOW_MODE, Mode.ACTIVE, True)
    assert change.after.scored == before
    given = carried(first, given, now=NOW + timedelta(minutes=5))
    assert decide(given).mode_changes == ()
    given = carried(decide(given), given, now=NOW + HOUR)
    (ended,) = decide(given).mode_changes
    assert (ended.before, ended.after.mode, ended.after.is_override) == (Mode.ACTIVE, Mode.SHADOW_MODE, False)
    assert decide(carried(decide(given), given, now=NOW + 2 * HOUR)).mode_changes == ()


def test_override_of_the_mode_that_scoring_gives_anyway_ends_in_the_same_mode() -> None:
    given = asked(overridden(Mode.ACTIVE), WINNING, book=PortfolioBook(strategies={A: book_of(Mode.REDUCED)}))
    given = carried(decide(given), given, now=NOW + HOUR)
    (ended,) = decide(given).mode_changes
    assert (ended.before, ended.after.mode, ended.after.is_override) == (Mode.ACTIVE, Mode.ACTIVE, False)


@pytest.mark.parametrize(
    ("before", "after"), [(Mode.SHADOW_MODE, Mode.SHADOW_MODE), (Mode.REDUCED, Mode.REDUCED), (None, Mode.ACTIVE)]
)
def test_override_leaves_no_mark_on_a_policy_with_a_memory(before: Mode | None, after: Mode) -> None:
    """A probability between the two levels leaves the mode as it was: as scoring had it, not as the override did."""
    between = [0.01, -0.011] * 15
    book = {} if before is None else {A: book_of(before, virtual=sleeve())}
    policy = overridden(Mode.REDUCED if before is None else Mode.ACTIVE, mode_policy=ModePolicyName.PROBABILISTIC)
    given = asked(policy, between, book=PortfolioBook(strategies=book))
    assert decided(decide(given), "a").mode is policy.mode_overrides["a"].mode
    given = carried(decide(given), given, now=NOW + HOUR)
    assert decided(decide(given), "a").mode is after


@quick
@given(inputs(), st.data())
def test_override_to_active_is_the_multiplier_of_active_and_nobody_elses_mode(
    given_inputs: DecisionInputs, data: st.DataObject
) -> None:
    if not given_inputs.signals:
        return
    name = data.draw(st.sampled_from(sorted(given_inputs.signals)))
    policy = replace(given_inputs.policy, mode_overrides={})
    off = policy.configured_off()
    before = decide(replace(given_inputs, policy=policy))
    after = decide(replace(given_inputs, policy=replace(policy, mode_overrides={name: override(Mode.ACTIVE)})))
    for was, now in zip(before.strategies, after.strategies, strict=True):
        if now.strategy != name or name in off:
            assert (now.mode, now.multiplier, now.base_weight) == (was.mode, was.multiplier, was.base_weight)
            continue
        assert (now.mode, now.multiplier, now.sharpe, now.n) == (Mode.ACTIVE, 1.0, was.sharpe, was.n)
        assert now.base_weight == was.base_weight
        assert now.reasoning.startswith("override by ann@desk until ")
    if given_inputs.trading_state is TradingState.HALTED:
        assert after.intents == ()


@quick
@given(inputs())
def test_override_is_derived_again_from_the_log_in_its_time_and_after(given_inputs: DecisionInputs) -> None:
    overrides = {str(name): override(Mode.ACTIVE) for name in given_inputs.signals}
    policy = replace(given_inputs.policy, mode_overrides=overrides)
    for now in (NOW, NOW + HOUR, NOW + timedelta(days=9)):
        logged = replace(given_inputs, policy=policy, now=now)
        read = read_canonical_json(canonical_json(logged))
        assert canonical_json(decide(read)) == canonical_json(decide(logged))
    assert canonical_json(decide(logged)) == canonical_json(
        decide(replace(logged, policy=replace(policy, mode_overrides={})))
    )


def test_override_was_unknown_to_what_was_logged_before_there_were_any() -> None:
    """Its fields are the last of their classes, and have defaults."""
    text = canonical_json(ModeState(mode=Mode.ACTIVE, since=NOW, reason="earlier"))
    old = text.replace(",false,null]", "]")
    assert old != text
    assert read_canonical_json(old) == ModeState(mode=Mode.ACTIVE, since=NOW, reason="earlier")
    policy = canonical_json(DecisionPolicy())
    assert read_canonical_json(policy.replace(',{"$m":[]}]}', "]}")) == DecisionPolicy()


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"until": NOW.replace(tzinfo=None)}, "offset"), ({"reason": " "}, "a reason"), ({"by": ""}, "a by")],
)
def test_override_without_its_end_reason_or_author_is_refused(fields: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"mode": Mode.ACTIVE, "until": datetime(2026, 1, 1, tzinfo=UTC), "reason": "r", "by": "ann"}
    with pytest.raises(ConfigurationError, match=f"expected .*{words}"):
        ModeOverride(**{**given, **fields})
