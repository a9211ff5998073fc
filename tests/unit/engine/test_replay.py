"""A logged decision is derived again: identical, or the first leaf that differs."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from backend.domain.audit_chain import Link, StoredEntry
from backend.domain.canonical import canonical_json, digest
from backend.domain.decide import decide
from backend.domain.decision import DecisionInputs
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import StrategyId, Symbol
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import Trading, TradingState
from backend.engine.code_version import code_version
from backend.engine.log_entry import log_entry
from backend.engine.replay import replayed, replayed_link
from tests.contract.sample_ticks import decision, inputs, log_for, request_at
from tests.unit.domain.drawn_inputs import inputs as drawn_inputs
from tests.unit.domain.drawn_inputs import meetings, quick

ENTRY = log_for(request_at(), decision(request_at()))
MOMENTUM = StrategyId("momentum")


def altered(change: Callable[[DecisionInputs], DecisionInputs]) -> tuple[dict[str, Any], str]:
    """Alter an input and the digest of all inputs with it, as a careful forger would."""
    text = canonical_json(change(inputs()))
    return {**ENTRY.body, "inputs_hash": digest(text)}, text


def test_replay_of_an_untouched_decision_is_identical() -> None:
    found = replayed(ENTRY.log_id, ENTRY.body, ENTRY.inputs)
    assert found.is_identical
    assert found.is_same_code
    assert found.version == code_version()
    assert found.leaves > 50


@pytest.mark.parametrize(
    ("change", "path"),
    [
        # Strategies come in the order of their names, momentum first; it asked for 0.2 and was given it.
        (
            lambda i: replace(i, signals={**i.signals, MOMENTUM: replace(i.signals[MOMENTUM], allocation=0.1)}),
            "allocation_decisions[0].final_allocation",
        ),
        (
            lambda i: replace(i, policy=replace(i.policy, risk=RiskLimits(gross_limit=0.1))),
            "allocation_decisions[0].final_allocation",
        ),
        (lambda i: replace(i, trading_state=TradingState.HALTED), "allocation_decisions[0].final_allocation"),
        (lambda i: replace(i, entropy=b"\x02" * 32), "orders[0].nonce"),
        (lambda i: replace(i, tenant_id="globex"), "orders[0].agent_id"),
    ],
)
def test_replay_of_an_altered_input_names_the_first_difference(change: Any, path: str) -> None:
    body, text = altered(change)
    found = replayed(ENTRY.log_id, body, text)
    assert not found.is_identical
    assert found.differences[0].path == path


def test_replay_says_what_was_logged_and_what_is_derived() -> None:
    dearer = {Symbol("AAPL"): Decimal("424.74")}  # the virtual fill of the shadowed strategy buys half as many
    body, text = altered(lambda i: replace(i, prices=dearer))
    found = replayed(ENTRY.log_id, body, text)
    assert [each.path for each in found.differences] == ["virtual_fills[0].price", "virtual_fills[0].qty"]
    assert Decimal(found.differences[0].found) == 2 * Decimal(found.differences[0].expected)


def test_replay_of_inputs_that_are_not_those_logged_says_so_first() -> None:
    found = replayed(ENTRY.log_id, ENTRY.body, canonical_json(replace(inputs(), entropy=b"\x02" * 32)))
    assert found.differences[0].path == "inputs_hash"
    assert len(found.differences) > 1


def test_replay_does_not_compare_what_a_decision_was_given() -> None:
    body = {**ENTRY.body, "sequence": 99, "uid": "ann", "portfolio_id": "second", "code_version": "0123456789abcdef"}
    found = replayed(ENTRY.log_id, body, ENTRY.inputs)
    assert found.is_identical
    assert (found.logged_version, found.is_same_code) == ("0123456789abcdef", False)


@pytest.mark.parametrize("text", ["", "{", '{"$c":"NoSuchClass","v":[]}', '"text"'])
def test_replay_of_inputs_that_cannot_be_read_says_why(text: str) -> None:
    found = replayed(ENTRY.log_id, {**ENTRY.body, "inputs_hash": digest(text)}, text)
    assert not found.is_identical
    assert "expected" in found.problem


def link(**changes: Any) -> Link:
    stated = {"log_id": ENTRY.log_id}
    entry = StoredEntry(path="p", previous_hash="", entry_hash="", body=canonical_json(ENTRY.body), stated=stated)
    return Link(**{"entry": entry, "is_decision": True, "inputs": ENTRY.inputs, **changes})


def test_replay_of_a_link_is_that_of_its_entry() -> None:
    assert replayed_link(link()) == replayed(ENTRY.log_id, ENTRY.body, ENTRY.inputs)


@pytest.mark.parametrize("changes", [{"inputs": None, "inputs_problem": "no document"}, {"entry": None}])
def test_replay_of_a_damaged_link_says_why(changes: dict[str, Any]) -> None:
    if "entry" in changes:
        changes = {"entry": replace(link().entry, body=None)}
    found = replayed_link(link(**changes))
    assert (found.log_id, found.is_identical) == (ENTRY.log_id, False)
    assert "p: expected" in found.problem


@quick
@given(drawn_inputs() | meetings())
def test_replay_of_any_decision_is_identical(drawn: DecisionInputs) -> None:
    entry = log_entry(drawn, decide(drawn), key=PortfolioKey(tenant_id="acme"), trading=Trading(), summary="")
    found = replayed(entry.log_id, entry.body, entry.inputs)
    assert (found.is_identical, found.differences) == (True, ())


def test_sample_entry_has_orders_and_virtual_fills() -> None:
    entry: LogEntry = ENTRY
    assert entry.body["orders"]
    assert entry.body["virtual_fills"]
