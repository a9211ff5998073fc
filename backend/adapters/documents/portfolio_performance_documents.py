"""``portfolio_performance/{portfolio_id}__YYYY-MM-DD``: one portfolio's day."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.performance_documents import day_of
from backend.adapters.documents.seam import StoredDocument
from backend.domain.snapshot import PortfolioPerformanceSnapshot


def to_document(snapshot: PortfolioPerformanceSnapshot) -> dict[str, Any]:
    return {
        "tenant_id": snapshot.tenant_id,
        "uid": snapshot.uid,
        "portfolio_id": snapshot.portfolio_id,
        "day": snapshot.day.isoformat(),
        "closes_at": snapshot.closes_at,
        "equity": str(snapshot.equity),
        "previous_equity": None if snapshot.previous_equity is None else str(snapshot.previous_equity),
        "strategies": str(snapshot.strategies),
        "external": str(snapshot.external),
        "residual": str(snapshot.residual),
        "computed_at": snapshot.computed_at,
    }


def from_document(document: StoredDocument) -> PortfolioPerformanceSnapshot:
    """Read back what :func:`to_document` wrote; StoreCorrupt when it is anything else."""
    reader = FieldReader(document.path, document.fields)
    return PortfolioPerformanceSnapshot(
        tenant_id=reader.text("tenant_id"),
        uid=reader.text("uid"),
        portfolio_id=reader.text("portfolio_id"),
        day=day_of(reader, "day"),
        closes_at=reader.instant("closes_at"),
        equity=reader.decimal("equity"),
        previous_equity=reader.optional_decimal("previous_equity"),
        strategies=reader.decimal("strategies"),
        external=reader.decimal("external"),
        residual=reader.decimal("residual"),
        computed_at=reader.instant("computed_at"),
    )
