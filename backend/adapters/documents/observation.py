"""Reading: what a tick observes, and what people look at afterwards."""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time

from backend.adapters.documents import (
    book_documents,
    closing_documents,
    journal_documents,
    log_documents,
    order_documents,
    paths,
    performance_documents,
    tick_documents,
    track_record_documents,
    trading_documents,
)
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument
from backend.domain.book import PortfolioBook
from backend.domain.closing import Closing
from backend.domain.errors import ConfigurationError, StoreCorrupt, TrackRecordError
from backend.domain.journal import JournalEntry
from backend.domain.order import ClientOrderId, OrderState, OrderStatus
from backend.domain.tick import LogEntry, Observation, PlacedOrder, PortfolioKey, TickRequest, Versions
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn, TrackRecord
from backend.domain.trading_state import Trading

_LOGGER = logging.getLogger(__name__)
_NEWEST_FIRST = Order(field="timestamp", descending=True)
_HIGHEST_NUMBER_FIRST = Order(field="sequence", descending=True)  # the order of commits, whatever clocks said


class Observer:
    """The reading half of :class:`~backend.adapters.documents.store.DocumentStore`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def observe(self, key: PortfolioKey, request: TickRequest | None = None) -> Observation:
        tick_path = None if request is None else paths.tick(key.tenant_id, request.tick_id)
        trading_path = paths.trading(key.tenant_id)
        book_path = paths.book(key.tenant_id, key.portfolio_id)
        record_path = paths.track_record(key.tenant_id, key.uid)
        settings = paths.configuration(key.tenant_id), paths.portfolio(key.tenant_id, key.portfolio_id)
        wanted = [trading_path, book_path, record_path, *settings]
        found = self._documents.read(wanted if tick_path is None else [tick_path, *wanted])
        tick = None if tick_path is None else found.get(tick_path)
        trading, book = found.get(trading_path), found.get(book_path)
        configuration, portfolio = (dict(found[path].fields) if path in found else {} for path in settings)
        return Observation(
            tick=None if tick is None else tick_documents.from_document(tick),
            trading=Trading() if trading is None else trading_documents.from_document(trading),
            record=self._track_record(key, found.get(record_path)),
            book=PortfolioBook() if book is None else book_documents.from_document(book),
            configuration=configuration,
            portfolio=portfolio,
            versions=Versions(
                tick=_version(tick),
                trading=_version(trading),
                book=_version(book),
                record=_version(found.get(record_path)),
            ),
        )

    def closing(self, key: PortfolioKey) -> tuple[Closing, object | None]:
        path = paths.closing(key.tenant_id, key.portfolio_id)
        found = self._documents.read([path]).get(path)
        return (Closing(), None) if found is None else (closing_documents.from_document(found), found.version)

    def journal(self, key: PortfolioKey, *, after: int, through: int) -> list[JournalEntry]:
        wanted = [paths.journal(key.tenant_id, key.portfolio_id, number) for number in range(after + 1, through + 1)]
        found = self._documents.read(wanted) if wanted else {}
        missing = [path for path in wanted if path not in found]
        if missing:
            raise StoreCorrupt(
                f"{missing[0]}: expected the journal without a gap from {after + 1} to {through}, found this entry "
                f"missing; {journal_documents.REMEDY}"
            )
        return [journal_documents.from_document(found[path]) for path in wanted]

    def _track_record(self, key: PortfolioKey, first: StoredDocument | None) -> TrackRecord:
        """Read the record; an unreadable one counts as missing, since the daily documents are what is true."""
        if first is None:
            return EMPTY_TRACK_RECORD
        try:
            further = track_record_documents.further_shards(first, key)
            found = self._documents.read(further) if further else {}
            shards = [first, *(found[path] for path in further if path in found)]
            return track_record_documents.from_documents(shards)
        except StoreCorrupt as e:
            _LOGGER.warning("the track record counts as missing: %s", e)
            return EMPTY_TRACK_RECORD

    def daily_returns(self, key: PortfolioKey, *, since: date) -> list[DailyReturn]:
        collection = paths.collection(key.tenant_id, "strategy_performance")
        owner = [] if key.uid == "default" else [Filter(field="uid", operator="==", value=key.uid)]
        # A range matches values of one type only, and users may have written either. Asked once a day at most.
        starts = (since.isoformat(), datetime.combine(since, time(), tzinfo=UTC))
        found: dict[str, StoredDocument] = {}
        for start in starts:
            filters = [*owner, Filter(field="period_start", operator=">=", value=start)]
            found.update((each.path, each) for each in self._documents.query(collection, filters))
        # The last one wins where several users ran one strategy on one day: the portfolio's own user.
        own_last = sorted(found.values(), key=lambda each: (each.fields.get("uid") == key.uid, each.path))
        return [each for document in own_last if (each := _readable(document)) is not None and each.day >= since]

    def trading(self, tenant_id: str) -> tuple[Trading, object | None]:
        path = paths.trading(tenant_id)
        found = self._documents.read([path]).get(path)
        return (Trading(), None) if found is None else (trading_documents.from_document(found), found.version)

    def portfolios(self, tenant_id: str) -> list[PortfolioKey]:
        names = sorted(self.trading(tenant_id)[0].sleeves)
        found = self._documents.read([paths.book(tenant_id, name) for name in names]) if names else {}
        readers = [FieldReader(each.path, each.fields) for each in found.values()]
        keys = [
            PortfolioKey(tenant_id=tenant_id, portfolio_id=reader.text("portfolio_id"), uid=reader.text("uid"))
            for reader in readers
        ]
        return sorted(keys, key=lambda key: key.portfolio_id)

    def placed(self, tenant_id: str, identifiers: Collection[ClientOrderId]) -> list[PlacedOrder]:
        wanted = [paths.order(tenant_id, each) for each in identifiers]
        found = self._documents.read(wanted) if wanted else {}
        readers = [FieldReader(each.path, each.fields) for each in found.values()]
        orders = [
            PlacedOrder(portfolio_id=reader.text("portfolio_id"), order=order_documents.from_reader(reader))
            for reader in readers
        ]
        return sorted(orders, key=lambda each: (each.order.decided_at, each.order.intent.client_order_id))

    def decision(self, tenant_id: str, log_id: str) -> LogEntry | None:
        path = paths.log(tenant_id, log_id)
        document = self._documents.read([path]).get(path)
        return None if document is None else self._entries([document])[0]

    def decisions(self, tenant_id: str, *, last: int, before: int | None = None) -> list[LogEntry]:
        earlier = [] if before is None else [Filter(field="sequence", operator="<", value=before)]
        return self._entries(self._newest(tenant_id, "orchestration_logs", last, earlier, _HIGHEST_NUMBER_FIRST))

    def _entries(self, found: Sequence[StoredDocument]) -> list[LogEntry]:
        wanted = [path for document in found for path in log_documents.input_parts(document)]
        parts = self._documents.read(wanted) if wanted else {}
        return [
            log_documents.from_document(
                document, [parts[path] for path in log_documents.input_parts(document) if path in parts]
            )
            for document in found
        ]

    def orders(self, tenant_id: str, *, last: int, status: OrderStatus | None = None) -> list[OrderState]:
        standing = [] if status is None else [Filter(field="status", operator="==", value=status.value)]
        found = self._newest(tenant_id, "orders", last, standing)
        return [order_documents.from_reader(FieldReader(each.path, each.fields)) for each in found]

    def _newest(
        self, tenant_id: str, name: str, last: int, filters: Sequence[Filter] = (), order: Order = _NEWEST_FIRST
    ) -> Sequence[StoredDocument]:
        if last < 1:
            raise ConfigurationError(f"expected to be asked for at least one of {name}, found last={last}; raise it")
        return self._documents.query(paths.collection(tenant_id, name), filters, order=order, limit=last)


def _version(document: StoredDocument | None) -> object | None:
    return None if document is None else document.version


def _readable(document: StoredDocument) -> DailyReturn | None:
    """Read one daily document; one that is broken must not stop the tenant, so it is named and left out."""
    try:
        return performance_documents.daily_return(document)
    except TrackRecordError as e:
        _LOGGER.warning("a performance document is left out: %s", e)
        return None
