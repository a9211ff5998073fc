"""Daily performance read back over days, page by page, from any :class:`Documents`."""

from collections.abc import Iterator, Sequence
from datetime import date

from backend.adapters.documents import paths, performance_documents, portfolio_performance_documents
from backend.adapters.documents.ordered_pages import ordered_documents
from backend.adapters.documents.performance_documents import OWN_SOURCE
from backend.adapters.documents.seam import Documents, Filter, StoredDocument
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Period, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey


class DocumentPerformanceHistory:
    """PerformanceHistory. StoreCorrupt when a document of Maestro's own cannot be read back."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def strategy_days(
        self, key: PortfolioKey, *, first: date, last: date, strategy: StrategyId | None = None
    ) -> Sequence[StrategyPerformanceSnapshot]:
        """Read the days that Maestro wrote, not those that users wrote themselves; see the port."""
        owned = [Filter(field="uid", operator="==", value=key.uid)]
        if strategy is not None:
            owned.append(Filter(field="strategy_id", operator="==", value=str(strategy)))
        collection = paths.collection(key.tenant_id, "strategy_performance")
        found = [
            performance_documents.from_document(document)
            for document in self._between(collection, owned, "period_start", first, last)
            if document.fields.get("source") == OWN_SOURCE and document.fields.get("period") == Period.DAY
        ]
        return sorted(found, key=lambda each: (each.period_start, each.strategy_id))

    def portfolio_days(self, key: PortfolioKey, *, first: date, last: date) -> Sequence[PortfolioPerformanceSnapshot]:
        """Read the portfolio's days, oldest first."""
        owned = [Filter(field="portfolio_id", operator="==", value=key.portfolio_id)]
        collection = paths.collection(key.tenant_id, "portfolio_performance")
        found = self._between(collection, owned, "day", first, last)
        return [portfolio_performance_documents.from_document(document) for document in found]

    def _between(
        self, collection: str, owned: list[Filter], field: str, first: date, last: date
    ) -> Iterator[StoredDocument]:
        until = Filter(field=field, operator="<=", value=last.isoformat())
        return ordered_documents(self._documents, collection, [*owned, until], field=field, start=first.isoformat())
