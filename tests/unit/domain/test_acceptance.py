"""A signal is refused for everything that is not as it was issued, each time with what was expected and found."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.domain.acceptance import Accepted, Ground, Presented, Refusal, Standing, facts, identity_of, verdict
from backend.domain.content import content_hash
from backend.domain.decide import decide
from backend.domain.decision import Decision, published_signals
from backend.domain.errors import StoreCorrupt
from backend.domain.issue import Issued, issued
from backend.domain.signal import Signal, StrategyId, StrategySignal
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import Restriction, Trading, TradingState
from backend.engine.log_entry import log_entry
from tests.unit.domain.decision_inputs import HOLD, LOSING, NOW, account_of, buy, inputs_of, record_of, sell

EXPIRES = NOW + timedelta(minutes=3)
SIGNALS = {
    "trend": buy(allocation=0.25, metadata={"levels": (1, 2.5), "note": "x"}, expires_at=EXPIRES),
    "late": buy(expires_at=NOW),  # held back when it was decided, so it carries the keys of an override
    "losing": buy(),  # in shadow
    "leaving": sell(),
    "idle": HOLD,
}
FRESH = Standing(trading=Trading(), version=None)
SPENT = Accepted(
    tenant_id="acme",
    nonce="0" * 32,
    strategy_id=StrategyId("trend"),
    session_id="1" * 32,
    log_id="orchestrate-1",
    content_hash="2" * 64,
    accepted_at=NOW,
    accepted_by="executor-1",
)


def logged(signals: Mapping[str, StrategySignal], **more: Any) -> tuple[Decision, LogEntry]:
    inputs = inputs_of(signals, **more)
    decision = decide(inputs)
    return decision, log_entry(inputs, decision, key=PortfolioKey(tenant_id="acme"), trading=Trading(), summary="")


def issue(**more: Any) -> tuple[dict[str, dict[str, Any]], Issued]:
    """The published signals of a decision, and what its log says that they are."""
    decision, entry = logged(SIGNALS, record=record_of(losing=LOSING), **more)
    return {name: dict(signal) for name, signal in published_signals(decision).items()}, issued(entry)


PUBLISHED, ISSUED = issue()


def answer(signal: object, standing: Standing = FRESH, *, tenant_id: str = "acme", at: datetime = NOW) -> Any:
    """Judge as the engine does, which looks for the decision by the session that the signal names."""
    identity = identity_of(signal)
    decision = ISSUED if identity is not None and identity[0] == ISSUED.session_id else None
    return verdict(
        Presented(signal=signal, decision=decision, tenant_id=tenant_id, actor="executor-1"), standing, now=at
    )


def restricted(state: TradingState) -> Standing:
    held = Restriction(state=state, reason="a test", by="op", since=NOW)
    return replace(FRESH, trading=Trading().restricted({"operator": held}))


def as_it_is(signal: dict[str, Any]) -> Any:
    return signal


def through_json(signal: dict[str, Any]) -> Any:
    return json.loads(json.dumps(signal, default=datetime.isoformat))


@pytest.mark.parametrize("travelled", [as_it_is, through_json])
@pytest.mark.parametrize("name", ["trend", "losing", "leaving", "idle"])
def test_signal_as_it_was_issued_is_accepted(name: str, travelled: Callable[[dict[str, Any]], Any]) -> None:
    accepted = answer(travelled(PUBLISHED[name]))
    assert accepted == Accepted(
        tenant_id="acme",
        nonce=PUBLISHED[name]["nonce"],
        strategy_id=StrategyId(name),
        session_id=PUBLISHED[name]["session_id"],
        log_id="main-1",  # the name that inputs_of gives its decision
        content_hash=content_hash(PUBLISHED[name]),
        accepted_at=NOW,
        accepted_by="executor-1",
    )


ALTERED: dict[str, tuple[str, Any, Ground]] = {
    "action": ("trend", "SELL", Ground.ALTERED),
    "ticker": ("trend", "MSFT", Ground.ALTERED),
    "allocation": ("trend", 0.2500000001, Ground.ALTERED),
    "confidence": ("trend", 0.9, Ground.ALTERED),
    "reasoning": ("trend", "another", Ground.ALTERED),
    "metadata": ("trend", {"levels": [1, 2.6], "note": "x"}, Ground.ALTERED),
    "expires_at": ("trend", EXPIRES + timedelta(hours=1), Ground.ALTERED),
    "mode": ("losing", "ACTIVE", Ground.ALTERED),
    "original_allocation": ("trend", 1.0, Ground.ALTERED),
    "weight_multiplier": ("losing", 1.0, Ground.ALTERED),
    "base_weight": ("trend", 2.0, Ground.ALTERED),
    "sharpe_ratio": ("losing", 3.0, Ground.ALTERED),
    "shadow_mode": ("losing", False, Ground.ALTERED),
    "original_action": ("late", "SELL", Ground.ALTERED),
    "override_reason": ("late", "none", Ground.ALTERED),
    "agent_id": ("trend", "acme_nobody", Ground.WRONG_AGENT),
    "nonce": ("trend", "f" * 32, Ground.WRONG_NONCE),
    "session_id": ("trend", "f" * 32, Ground.UNKNOWN_SESSION),
    "identity_timestamp": ("trend", (NOW + timedelta(seconds=1)).isoformat(), Ground.ALTERED),
}


def test_alterations_cover_every_key_that_is_published() -> None:
    published = {key for signal in PUBLISHED.values() for key in signal}
    assert published == set(Signal.__annotations__) == set(ALTERED)


@pytest.mark.parametrize("key", list(ALTERED))
def test_signal_with_one_altered_key_is_refused_by_its_name(key: str) -> None:
    name, value, ground = ALTERED[key]
    refused = answer({**PUBLISHED[name], key: value})
    assert isinstance(refused, Refusal)
    assert (refused.ground, key in refused.reason) == (ground, True)
    assert "expected" in refused.reason
    assert "found" in refused.reason


@pytest.mark.parametrize("key", list(ALTERED))
def test_signal_without_one_of_its_keys_is_refused_by_its_name(key: str) -> None:
    refused = answer({other: value for other, value in PUBLISHED[ALTERED[key][0]].items() if other != key})
    assert refused.ground in (Ground.ALTERED, Ground.NOT_A_SIGNAL)
    assert key in refused.reason


@pytest.mark.parametrize("key", ["shadow_mode", "override_reason", "note", 7])
def test_signal_with_a_key_that_was_not_issued_is_refused(key: Any) -> None:
    assert answer({**PUBLISHED["trend"], key: True}).ground is Ground.ALTERED


def test_refusal_names_the_first_key_that_differs() -> None:
    refused = answer({**PUBLISHED["trend"], "base_weight": 9.0, "allocation": 0.5})
    assert refused.reason == "expected allocation to be 0.25, found 0.5"


@pytest.mark.parametrize("value", [None, "BUY", 7, [], {}, {"nonce": "0" * 32}])
def test_what_is_no_signal_is_refused(value: object) -> None:
    assert answer(value).ground is Ground.NOT_A_SIGNAL


@pytest.mark.parametrize("key", ["nonce", "session_id"])
@pytest.mark.parametrize("value", [None, 7, [10**5000], "../../trading", "A" * 32, "f" * 33, ["\ud800"]])
def test_identity_that_cannot_be_one_is_never_looked_up(key: str, value: object) -> None:
    signal = {**PUBLISHED["trend"], key: value}
    assert identity_of(signal) is None
    assert answer(signal).ground is Ground.NOT_A_SIGNAL


def test_signal_of_another_tenant_is_refused() -> None:
    presented = Presented(signal=PUBLISHED["trend"], decision=None, tenant_id="globex", actor="x")
    refused = verdict(presented, FRESH, now=NOW)
    assert isinstance(refused, Refusal)
    assert refused.ground is Ground.UNKNOWN_SESSION
    assert answer(PUBLISHED["trend"], tenant_id="globex").ground is Ground.WRONG_AGENT  # were the session in both logs


@pytest.mark.parametrize("nonce_of", ["leaving", "losing"])
def test_signal_with_the_nonce_of_another_strategy_is_refused(nonce_of: str) -> None:
    refused = answer({**PUBLISHED["trend"], "nonce": PUBLISHED[nonce_of]["nonce"]})
    assert refused.ground is Ground.WRONG_NONCE
    assert "issued to trend" in refused.reason


def test_signal_in_the_name_of_another_strategy_is_refused() -> None:
    assert answer({**PUBLISHED["trend"], "agent_id": "acme_leaving"}).ground is Ground.WRONG_NONCE


@pytest.mark.parametrize("value", [{"deep": [[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]}, {"big": 10**5000}])
def test_metadata_that_cannot_be_compared_is_refused(value: object) -> None:
    signal = {**PUBLISHED["trend"], "metadata": value}
    assert answer(signal).ground is Ground.ALTERED
    presented = Presented(signal=signal, decision=ISSUED, tenant_id="acme", actor="x")
    assert facts(presented)["content_hash"] is None


@pytest.mark.parametrize(
    ("name", "after", "is_accepted"),
    [
        ("trend", EXPIRES - NOW - timedelta(microseconds=1), True),
        ("trend", EXPIRES - NOW, False),
        ("idle", timedelta(minutes=5), True),
        ("idle", timedelta(minutes=5, microseconds=1), False),
        ("idle", -timedelta(minutes=5, microseconds=1), False),
    ],
)
def test_signal_is_good_until_it_expires_or_is_five_minutes_old(name: str, after: timedelta, is_accepted: bool) -> None:
    found = answer(PUBLISHED[name], at=NOW + after)
    assert isinstance(found, Accepted) is is_accepted
    assert is_accepted or found.ground is Ground.EXPIRED


def test_signal_of_a_tick_is_refused_because_its_orders_are_maestros_own() -> None:
    published, decision = issue(account=account_of())
    presented = Presented(signal=published["idle"], decision=decision, tenant_id="acme", actor="x")
    refused = verdict(presented, FRESH, now=NOW)
    assert isinstance(refused, Refusal)
    assert refused.ground is Ground.EXECUTED_BY_TICK


def test_signal_that_was_accepted_is_refused_with_who_was_first() -> None:
    refused = answer(PUBLISHED["trend"], replace(FRESH, spent=SPENT))
    assert refused.ground is Ground.REPLAYED
    assert f"{NOW.isoformat()} by executor-1" in refused.reason


@pytest.mark.parametrize(
    ("state", "name", "is_accepted"),
    [
        (TradingState.REDUCING, "trend", False),
        (TradingState.REDUCING, "leaving", True),
        (TradingState.HALTED, "trend", False),
        (TradingState.HALTED, "leaving", False),
        (TradingState.HALTED, "idle", False),
    ],
)
def test_trading_state_holds_signals_back(state: TradingState, name: str, is_accepted: bool) -> None:
    found = answer(PUBLISHED[name], restricted(state))
    assert isinstance(found, Accepted) is is_accepted
    assert is_accepted or (found.ground is Ground.RESTRICTED and f"{state} (operator: a test)" in found.reason)


def test_grounds_are_looked_at_in_their_order() -> None:
    standing = replace(restricted(TradingState.HALTED), spent=SPENT)
    old = NOW + timedelta(days=1)
    altered = {**PUBLISHED["trend"], "allocation": 1.0}
    other_nonce = {**altered, "nonce": "f" * 32}
    other_agent = {**other_nonce, "agent_id": "acme_nobody"}
    other_session = {**other_agent, "session_id": "f" * 32}
    presented = [other_session, other_agent, other_nonce, altered, PUBLISHED["trend"]]
    found = [answer(signal, standing, at=old).ground for signal in presented]
    found.append(answer(PUBLISHED["trend"], standing).ground)
    order = list(Ground)
    assert found == [ground for ground in order[1:-1] if ground is not Ground.EXECUTED_BY_TICK]


def test_facts_say_what_was_presented_and_never_the_whole_of_it() -> None:
    altered = {**PUBLISHED["trend"], "reasoning": "secret " * 100}
    presented = Presented(signal=altered, decision=ISSUED, tenant_id="acme", actor="x")
    assert facts(presented) == {
        "strategy": "trend",
        "nonce": altered["nonce"],
        "session_id": altered["session_id"],
        "log_id": "main-1",
        "content_hash": content_hash(altered),
        "expected_hash": content_hash(PUBLISHED["trend"]),
    }


def test_decision_that_was_altered_in_the_log_issues_nothing() -> None:
    _, entry = logged(SIGNALS)
    signals = {**entry.body["signals"], "trend": {**entry.body["signals"]["trend"], "allocation": 1.0}}
    with pytest.raises(StoreCorrupt, match="expected the decision that entry_hash"):
        issued(replace(entry, body={**entry.body, "signals": signals}))
    with pytest.raises(StoreCorrupt, match="expected the decision that entry_hash"):
        issued(replace(entry, inputs=entry.inputs.replace('"note"', '"nota"')))
