"""The log's chain and the ledger read back page by page, as they are found, from any :class:`Documents`."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice

from backend.adapters.documents import audit_documents, ledger_documents, paths
from backend.adapters.documents.audit_links import command_link, copy_path, decision_link, stored_entry
from backend.adapters.documents.ordered_pages import ordered_documents
from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument
from backend.domain.audit import AuditEntry
from backend.domain.audit_chain import ChainHead, Link, StoredEntry, whole
from backend.domain.errors import ConfigurationError
from backend.domain.ledger import LedgerTrade
from backend.domain.signal import StrategyId
from backend.domain.trading_state import GENESIS_HASH

PAGE_DOCUMENTS = 200  # a decision may come near a megabyte
_NEWEST_NUMBER_FIRST = Order(field="sequence", descending=True)


class DocumentAuditTrail:
    """AuditTrail."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def head(self, tenant_id: str) -> ChainHead:
        """Read which entry the trading document says is the newest; see the port."""
        path = paths.trading(tenant_id)
        found = self._documents.read([path]).get(path)
        if found is None:
            return ChainHead(path=path, count=0, entry_hash=GENESIS_HASH)
        return ChainHead(path=path, count=whole(found.fields.get("log_count")), entry_hash=found.fields.get("log_head"))

    def links(self, tenant_id: str, *, after: int, through: int | None = None) -> Iterator[Link]:
        """Read entries by their numbers over both collections, lowest first; see the port."""
        decisions = paths.collection(tenant_id, "orchestration_logs")
        collections = decisions, paths.collection(tenant_id, "audit_log")
        streams = (self._numbered(collection, after, through) for collection in collections)
        documents = merge(*streams, key=_number)
        while chunk := list(islice(documents, PAGE_DOCUMENTS)):
            wanted = [copy_path(each) for each in chunk if each.path.startswith(f"{decisions}/")]
            copies = self._documents.read(wanted) if wanted else {}
            for document in chunk:
                if document.path.startswith(f"{decisions}/"):
                    yield decision_link(document, copies.get(copy_path(document)), self._documents.read)
                else:
                    yield command_link(document)

    def copies(self, tenant_id: str, *, last: int, below: int | None = None) -> Sequence[StoredEntry]:
        """Read the operator's copies, highest number first; see the port."""
        owned = Filter(field="tenant_id", operator="==", value=tenant_id)
        bounds = [] if below is None else [Filter(field="sequence", operator="<", value=below)]
        found = self._documents.query(paths.OPERATOR_LOGS, [owned, *bounds], order=_NEWEST_NUMBER_FIRST, limit=last)
        return [stored_entry(each) for each in found]

    def commands(self, tenant_id: str, *, last: int) -> Sequence[AuditEntry]:
        """Read what people and jobs did, newest first; see the port."""
        if last < 1:
            raise ConfigurationError(f"expected to be asked for at least one entry, found last={last}; raise it")
        collection = paths.collection(tenant_id, "audit_log")
        found = self._documents.query(collection, order=_NEWEST_NUMBER_FIRST, limit=last)
        return [audit_documents.from_document(each) for each in found]

    def trades(self, tenant_id: str, *, uid: str, strategy: StrategyId) -> Iterator[LedgerTrade]:
        """Read a strategy's whole ledger in the order of time; see the port."""
        owned = [
            Filter(field="uid", operator="==", value=uid),
            Filter(field="strategy_id", operator="==", value=str(strategy)),
        ]
        collection = paths.collection(tenant_id, "ledger_trades")
        found = ordered_documents(self._documents, collection, owned, field="ts")
        return (ledger_documents.from_document(each) for each in found)

    def _numbered(self, collection: str, after: int, through: int | None) -> Iterator[StoredDocument]:
        bounds = [] if through is None else [Filter(field="sequence", operator="<=", value=through)]
        return ordered_documents(
            self._documents,
            collection,
            bounds,
            field="sequence",
            start=after + 1,
            page_documents=PAGE_DOCUMENTS,
        )


def _number(document: StoredDocument) -> tuple[bool, float]:
    """Order by number; what has none comes last, as the stores have it."""
    number = document.fields["sequence"]
    return (False, number) if isinstance(number, int | float) else (True, 0)
