"""The chain as both stores give it back: every entry once, in order, whatever its document looks like."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.audit_trail import PAGE_DOCUMENTS, DocumentAuditTrail
from backend.adapters.documents.seam import create
from backend.domain.audit import AuditKind
from backend.domain.canonical import digest
from backend.domain.command import Halt, ReduceOnly
from backend.domain.errors import ConfigurationError, StoreCorrupt
from backend.domain.signal import StrategyId
from backend.domain.tick import Versions
from backend.domain.trading_state import GENESIS_HASH, Trading
from backend.ports.audit import AuditTrail
from tests.contract.orchestrating import orchestrate
from tests.contract.sample_ticks import decision, log_for, request_at
from tests.fakes.audited import (
    COMMANDS,
    DECISIONS,
    ENTRIES,
    TENANT,
    fields_of,
    kinds,
    obey,
    path_of,
    set_field,
    verified,
    write_chain,
)
from tests.fakes.cycle import AT, HOLD
from tests.integration.engine.trading_days import MONDAY, utc


@pytest.fixture
def trail(documents: Documents) -> AuditTrail:
    return DocumentAuditTrail(documents)


def numbers(trail: AuditTrail, **bounds: Any) -> list[int | None]:
    return [link.sequence for link in trail.links(TENANT, **{"after": 0, **bounds})]


def test_audit_trail_untouched_chain_verifies(documents: Documents) -> None:
    write_chain(documents)
    found = verified(documents)
    assert found.findings == ()
    assert (found.entries, found.last) == (ENTRIES, ENTRIES)
    assert found.head == fields_of(documents, f"tenants/{TENANT}/state/trading")["log_head"]
    assert (found.first_at, found.last_at) == (utc(MONDAY, 15).isoformat(), AT.isoformat())


def test_audit_trail_of_nobody_verifies(documents: Documents) -> None:
    found = verified(documents)
    assert (found.entries, found.head, found.first_at, found.findings) == (0, GENESIS_HASH, None, ())


def test_audit_trail_links_come_in_order_over_both_collections(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    links = list(trail.links(TENANT, after=0))
    assert [(link.sequence, link.is_decision) for link in links] == [
        (1, True),
        (2, False),
        (3, True),
        (4, False),
        (5, True),
        (6, True),
    ]
    assert all(link.entry.stated == link.implied for link in links)
    assert all((link.copy is not None) is link.is_decision for link in links)


def test_audit_trail_links_between_two_numbers(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    assert numbers(trail, after=2, through=4) == [3, 4]
    assert numbers(trail, after=4) == [5, 6]
    assert numbers(trail, after=6) == []


def test_audit_trail_longer_than_a_page_comes_whole(documents: Documents, trail: AuditTrail) -> None:
    count = PAGE_DOCUMENTS + 3
    for number in range(count):
        order = (Halt, ReduceOnly)[number % 2]
        obey(documents, order(by="ann", reason=f"the {number}th time"), AT)
    assert numbers(trail) == list(range(1, count + 1))
    assert verified(documents).findings == ()
    assert [each.sequence for each in trail.commands(TENANT, last=2)] == [count, count - 1]


def test_audit_trail_tenants_are_apart(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    orchestrate(documents, {"a": HOLD}, tenant="globex")
    assert len(numbers(trail)) == ENTRIES
    assert {each.stated["tenant_id"] for each in trail.copies(TENANT, last=9)} == {TENANT}
    assert verified(documents).findings == ()


def test_audit_trail_head_is_what_the_trading_document_says(documents: Documents, trail: AuditTrail) -> None:
    path = f"tenants/{TENANT}/state/trading"
    assert (trail.head(TENANT).count, trail.head(TENANT).entry_hash) == (0, GENESIS_HASH)
    write_chain(documents)
    assert trail.head(TENANT).count == ENTRIES
    set_field(documents, path, "log_count", "many")
    assert trail.head(TENANT).count is None
    assert [kind for kind, _ in kinds(verified(documents))] == ["head"]


def test_audit_trail_inputs_in_parts_come_back(documents: Documents, trail: AuditTrail) -> None:
    noise = secrets.token_hex(900_000)
    made = log_for(request_at(), decision(request_at()))
    entry = replace(made, inputs=noise)
    DocumentStore(documents).append(entry, trading=Trading().logged(entry.entry_hash), expected=Versions())
    (link,) = trail.links(TENANT, after=0)
    assert link.inputs == noise
    set_field(documents, link.entry.path, "inputs", b"more")
    assert next(trail.links(TENANT, after=0)).inputs_problem == "inputs beside their parts"
    set_field(documents, link.entry.path, "inputs", b"")
    set_field(documents, f"{link.entry.path}/inputs/1", "content", b"\x00")
    (link,) = trail.links(TENANT, after=0)
    assert link.inputs is None
    assert link.inputs_problem


@pytest.mark.parametrize("collection", [DECISIONS, COMMANDS])
@pytest.mark.parametrize("body", ['{"$m":[[', b"\x00", 7, None, '"text"', '{"$m":[]}'])
def test_audit_trail_unreadable_entry_is_a_link(documents: Documents, collection: str, body: Any) -> None:
    write_chain(documents)
    path = path_of(documents, collection)
    set_field(documents, path, "body", body)
    found = [each for each in verified(documents).findings if each.path == path]
    assert found
    assert {each.kind for each in found} <= {"altered", "unreadable"}
    assert verified(documents).entries == ENTRIES


@pytest.mark.parametrize("sequence", [2.5, True, "2", None])
def test_audit_trail_entry_without_a_number_is_found(documents: Documents, sequence: Any) -> None:
    write_chain(documents)
    set_field(documents, path_of(documents, COMMANDS), "sequence", sequence)
    assert ("missing", 2) in kinds(verified(documents))


def test_audit_trail_commands_are_newest_first(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    found = trail.commands(TENANT, last=5)
    assert [(each.kind, each.actor, each.reason) for each in found] == [
        (AuditKind.RESUME, "ann", "it is over"),
        (AuditKind.HALT, "ann", "the news"),
    ]
    set_field(documents, path_of(documents, COMMANDS), "actor", 7)
    with pytest.raises(StoreCorrupt, match="actor"):
        trail.commands(TENANT, last=5)
    with pytest.raises(ConfigurationError, match="at least one"):
        trail.commands(TENANT, last=0)


def test_audit_trail_trades_are_the_strategys_in_time_order(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    (first,) = documents.query(f"tenants/{TENANT}/ledger_trades", limit=1)
    others = {"b": {"strategy_id": "b"}, "ann": {"uid": "ann"}}
    for name, change in others.items():
        path = f"tenants/{TENANT}/ledger_trades/{name}"
        documents.commit([create(path, {**first.fields, "trade_id": name, **change})])
    found = list(trail.trades(TENANT, uid="default", strategy=StrategyId("a")))
    assert [(each.side, each.ts) for each in found] == [("buy", utc(MONDAY, 15)), ("sell", utc(MONDAY, 15, 4))]


def test_audit_trail_hash_is_that_of_the_stored_text(documents: Documents, trail: AuditTrail) -> None:
    write_chain(documents)
    for link in trail.links(TENANT, after=0):
        fields = fields_of(documents, link.entry.path)
        assert digest(fields["previous_hash"] + fields["body"]) == fields["entry_hash"]
