"""The broker's own books: everything that changed cash or positions, in the order in which it happened."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from maestro.servers.paper_broker.orders import NAMESPACE, ZERO, Fill


class EntryKind(StrEnum):
    """Alpaca's names of the activities that are not trades."""

    DIVIDEND = "DIV"
    SPLIT = "SPLIT"
    FEE = "FEE"
    DEPOSIT = "CSD"
    WITHDRAWAL = "CSW"
    INTEREST = "INT"
    JOURNAL = "JNLC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What changed cash or a position without a trade.

    ``qty`` is the change of the position, but for a dividend the shares that it was paid on.
    """

    id: UUID
    kind: EntryKind
    at: datetime
    net_amount: Decimal = ZERO
    description: str = ""
    sub_kind: str | None = None
    symbol: str | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    per_share: Decimal | None = None
    group_id: UUID | None = None
    fill: Fill | None = None


class Journal:
    """Fills and entries; append-only."""

    def __init__(self) -> None:
        self.all: list[Fill | Entry] = []
        self.fills: list[Fill] = []
        self.entries: list[Entry] = []

    def add_fill(self, fill: Fill) -> None:
        """Record an execution, and its fee beside it."""
        self.all.append(fill)
        self.fills.append(fill)
        if fill.fee:
            self.add(
                EntryKind.FEE,
                fill.at,
                net_amount=-fill.fee,
                sub_kind="COM",
                symbol=fill.order.ticket.symbol,
                description=f"Commission on {fill.qty} {fill.order.ticket.symbol}",
                fill=fill,
            )

    def add(self, kind: EntryKind, at: datetime, **fields: Any) -> Entry:
        entry = Entry(id=uuid5(NAMESPACE, f"entry:{len(self.entries) + 1}"), kind=kind, at=at, **fields)
        self.all.append(entry)
        self.entries.append(entry)
        return entry
