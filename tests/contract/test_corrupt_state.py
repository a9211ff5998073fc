"""Half-written and damaged state is refused by name, and never taken for an empty one."""

from dataclasses import replace as replaced
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import replace
from backend.domain.canonical import canonical_json, digest
from backend.domain.errors import StoreCorrupt
from backend.domain.sleeve import EMPTY_SLEEVE
from tests.contract.sample_ticks import request_at, tick_commit

GONE = object()
TICK = f"ticks/{request_at().tick_id}"
DAMAGE: list[tuple[str, str, Any]] = [
    ("state/trading", "epoch", GONE),
    ("state/trading", "epoch", "3"),
    ("state/trading", "epoch", True),
    ("state/trading", "state", "SLEEPING"),
    ("state/trading", "high_water_mark", "NaN"),
    ("state/trading", "high_water_mark", 1.5),
    ("state/trading", "reserved", "0.29"),
    ("state/trading", "reserved", GONE),
    ("state/trading", "working", {}),  # not what is reserved
    ("state/trading", "working", {"first": {"symbol": "AAPL", "side": "buy", "reserved": "0.30"}}),
    ("state/trading", "working", {"first": "1000.40"}),
    ("state/trading", "working", {"first": {"symbol": "AAPL", "side": "short", "reserved": "1000.40"}}),
    ("state/trading", "working", {"first": {"symbol": "AAPL", "side": "buy", "reserved": 1000.4}}),
    ("state/trading", "working", {"first": {"side": "buy", "reserved": "1000.40"}}),
    ("state/trading", "working", None),
    ("state/trading", "sleeves", GONE),
    ("state/trading", "sleeves", {"main": {"AAPL": "NaN"}}),
    ("state/trading", "sleeves", {"main": "AAPL"}),
    ("state/trading", "external", {"AAPL": 1}),
    ("state/trading", "external", []),
    ("state/book_main", "payload", GONE),
    ("state/book_main", "payload", '{"strategies": {'),
    ("state/book_main", "payload", b"\x00\x01"),
    ("state/book_main", "payload", '{"strategies": {}, "open_orders": []}'),
    ("state/book_main", "payload", "[]"),
    ("state/book_main", "digest", GONE),
    ("state/book_main", "digest", "0" * 64),
    ("state/book_main", "strategy_count", 2),
    ("state/book_main", "open_order_count", 0),
    ("state/book_main", "entries", 0),
    (TICK, "orders", "[]"),
    (TICK, "orders", "[{}, {}]"),
    (TICK, "status", "begun"),
    (TICK, "committed_at", "2025-03-14T15:09:26"),
    (TICK, "session_id", GONE),
]


@pytest.mark.parametrize(("name", "field", "value"), DAMAGE)
def test_observe_damaged_state_is_refused(
    store: DocumentStore, documents: Documents, name: str, field: str, value: Any
) -> None:
    store.commit(tick_commit(request_at()))
    path = f"tenants/acme/{name}"
    fields = {**documents.read([path])[path].fields, field: value}
    documents.commit([replace(path, {key: each for key, each in fields.items() if each is not GONE})])
    with pytest.raises(StoreCorrupt, match=r"expected .* found .*; restore it from a backup") as caught:
        store.observe(request_at())
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    ["{}", "[]", '{"$c":"Sleeve","v":[]}', canonical_json(EMPTY_SLEEVE), '{"$c":"Fill"}', "null"],
    ids=["map", "list", "half", "sleeve", "half-fill", "null"],
)
def test_observe_book_that_is_none_is_refused_though_its_digest_fits(
    store: DocumentStore, documents: Documents, payload: str
) -> None:
    store.commit(tick_commit(request_at()))
    path = "tenants/acme/state/book_main"
    fields = {**documents.read([path])[path].fields, "payload": payload, "digest": digest(payload)}
    documents.commit([replace(path, fields)])
    with pytest.raises(StoreCorrupt, match=r"expected payload to be a PortfolioBook.*restore it from a backup"):
        store.observe(request_at())


def test_observe_order_that_contradicts_itself_is_refused(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at(), orders=1)
    store.commit(commit)
    path = f"tenants/acme/{TICK}"
    fields = dict(documents.read([path])[path].fields)
    fields["orders"] = fields["orders"].replace('"notional":null', '"notional":"5"')
    documents.commit([replace(path, fields)])
    with pytest.raises(StoreCorrupt, match="exactly one positive quantity or notional"):
        store.observe(request_at())


def test_observe_other_portfolio_is_not_stopped(store: DocumentStore, documents: Documents) -> None:
    store.commit(tick_commit(request_at()))
    documents.commit([replace("tenants/acme/state/book_main", {})])
    other = request_at(key=replaced(request_at().key, portfolio_id="second"))
    assert store.observe(other).trading.epoch == 3
