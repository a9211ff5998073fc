"""What a tenant's store holds of one month: the trades behind every strategy's book, and its capital."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from backend.adapters.documents import Documents, Filter, Order, StoredDocument, paths
from backend.adapters.documents.fields import FieldReader, as_instant
from backend.adapters.documents.ledger_documents import from_document
from backend.adapters.documents.ordered_pages import ordered_documents
from backend.domain.errors import StoreCorrupt
from backend.domain.ledger import LedgerTrade
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Period
from backend.marketplace.accounting_month import accounting_month
from backend.marketplace.month import Month
from backend.marketplace.monthly_book import MonthlyBook

Owner = tuple[str, StrategyId]
LONGEST_GAP_DAYS = 10  # between two closes; the longest in ninety years, in September 2001, was of seven days


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyLedger:
    """One tenant's month; ``uid`` and ``strategy_id`` narrow it down."""

    documents: Documents
    tenant_id: str
    month: Month
    uid: str | None = None
    strategy_id: str | None = None

    def books(self) -> dict[Owner, MonthlyBook]:
        """Book every entry from the first one on; return what is reportable, by (uid, strategy)."""
        closes = self._closes()
        books: dict[Owner, MonthlyBook] = {}
        for trade in self._trades():
            owner = trade.uid, trade.strategy_id
            if owner not in books:
                books[owner] = MonthlyBook(month=accounting_month(self.month, closes.get(owner, ())))
            books[owner].book(trade)
        return {owner: book for owner, book in sorted(books.items()) if book.is_reportable}

    def capital(self, owners: Set[Owner]) -> dict[Owner, Decimal | None]:
        """Read daily snapshots from the first day of the month on, until each strategy's first one was met."""
        found: dict[Owner, Decimal | None] = {}
        if not owners:
            return found
        until = Filter(field="period_start", operator="<=", value=self.month.last_day.isoformat())
        first = self.month.first_day.isoformat()
        for document in self._ordered("strategy_performance", "period_start", until, start=first):
            fields = document.fields
            owner = str(fields.get("uid")), StrategyId(str(fields.get("strategy_id")))
            if fields.get("period") == Period.DAY and owner in owners and owner not in found:
                found[owner] = _capital(document)
            if len(found) == len(owners):
                break
        return found

    def _closes(self) -> dict[Owner, list[tuple[date, datetime]]]:
        """Return when every strategy's days were cut, around the month's two ends: no session is further away."""
        found: dict[Owner, list[tuple[date, datetime]]] = {}
        for last in (self.month.first_day - timedelta(days=1), self.month.last_day):
            first = (last - timedelta(days=LONGEST_GAP_DAYS)).isoformat()
            until = Filter(field="period_start", operator="<=", value=last.isoformat())
            for document in self._ordered("strategy_performance", "period_start", until, start=first):
                fields = document.fields
                at = as_instant(fields.get("closes_at"))
                if fields.get("period") == Period.DAY and at is not None:
                    owner = str(fields.get("uid")), StrategyId(str(fields.get("strategy_id")))
                    found.setdefault(owner, []).append((date.fromisoformat(fields["period_start"]), at))
        return found

    def _trades(self) -> Iterator[LedgerTrade]:
        collection = paths.collection(self.tenant_id, "ledger_trades")
        newest = self.documents.query(collection, order=Order(field="ts", descending=True), limit=1)
        # No upper bound in the query: a range would pass over a ts that is a number, and reading one must fail.
        for document in self._ordered("ledger_trades", "ts"):
            trade = from_document(document)
            _require_one_type(document, newest[0])
            if trade.ts >= self.month.ends_at:
                return
            yield trade

    def _ordered(self, name: str, field: str, *more: Filter, start: str | None = None) -> Iterator[StoredDocument]:
        owned = [
            Filter(field=key, operator="==", value=value)
            for key, value in (("uid", self.uid), ("strategy_id", self.strategy_id))
            if value is not None
        ]
        collection = paths.collection(self.tenant_id, name)
        return ordered_documents(self.documents, collection, [*owned, *more], field=field, start=start)


def _require_one_type(oldest: StoredDocument, newest: StoredDocument) -> None:
    """Refuse a ledger whose ``ts`` is text here and a timestamp there: Firestore sorts all text behind every month."""
    if isinstance(oldest.fields["ts"], str) != isinstance(newest.fields["ts"], str):
        raise StoreCorrupt(
            f"{newest.path}: expected ts of the same type as in {oldest.path}, found "
            f"{newest.fields['ts']!r} and {oldest.fields['ts']!r}; store every ts as a timestamp"
        )


def _capital(document: StoredDocument) -> Decimal | None:
    value = document.fields.get("capital")
    if value is None:
        return None
    # Ours is text; a tenant's own daily documents may hold a number.
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    return FieldReader(document.path, document.fields, "correct it").as_decimal("capital", text)
