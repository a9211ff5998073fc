"""Ledger entries of every kind come back as they were; one that was written before there were kinds is a fill."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.ledger_documents import from_document, to_document
from backend.adapters.documents.seam import create
from backend.domain.errors import StoreCorrupt
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import Symbol
from tests.contract.sample_ticks import order, request_at, trade

FILL = trade(order(request_at()))
NONE = ClientOrderId("")
ENTRIES = [
    FILL,
    replace(FILL, kind=TradeKind.CROSS, order_id=ClientOrderId("crs-1"), broker_fill_id="", slippage=Decimal(0)),
    replace(FILL, kind=TradeKind.SPLIT, side=Side.BUY, price=Decimal(0), order_id=NONE),
    replace(FILL, kind=TradeKind.DIVIDEND, price=Decimal("0.205"), order_id=NONE),
    replace(FILL, kind=TradeKind.FEE, symbol=Symbol(""), qty=Decimal(0), price=Decimal(0), order_id=NONE),
]
PATH = "tenants/acme/ledger_trades/t-1"


def stored(documents: Documents, fields: dict[str, Any]) -> LedgerTrade:
    documents.commit([create(PATH, fields)])
    return from_document(documents.read([PATH])[PATH])


@pytest.mark.parametrize("entry", ENTRIES, ids=[each.kind for each in ENTRIES])
def test_ledger_entry_comes_back_exactly(documents: Documents, entry: LedgerTrade) -> None:
    found = stored(documents, to_document(entry))
    assert found == entry
    assert found.qty.as_tuple() == entry.qty.as_tuple()


def test_ledger_entries_are_of_every_kind() -> None:
    assert [each.kind for each in ENTRIES] == list(TradeKind)


def test_ledger_entry_without_a_kind_is_a_fill(documents: Documents) -> None:
    fields = {name: value for name, value in to_document(ENTRIES[1]).items() if name != "kind"}
    assert stored(documents, fields).kind is TradeKind.FILL


@pytest.mark.parametrize("damage", [{"kind": "gift"}, {"kind": None}, {"side": "short"}, {"qty": 1.5}, {"ts": "today"}])
def test_ledger_entry_that_is_damaged_is_refused_by_name(documents: Documents, damage: dict[str, Any]) -> None:
    with pytest.raises(StoreCorrupt, match="restore it from a backup") as e:
        stored(documents, {**to_document(FILL), **damage})
    assert PATH in str(e.value)
