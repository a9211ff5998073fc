"""``systemStatus/tenants/summaries/{t}``: merged, so that a tick keeps what is known of failures before it."""

from collections.abc import Sequence
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, StoredDocument, Write, merge, put
from backend.domain.errors import CommitConflict
from backend.domain.measured import Measured, Traffic
from backend.domain.order import OrderStatus
from backend.domain.tenant_summary import TenantSummary, TickFailure, TickOutcome
from backend.domain.tick import TickCommit, TickRecord

ATTEMPTS = 8
NAMED_FAILURES = 20


def committed_write(commit: TickCommit) -> Write:
    """Describe a tenant by the tick that is being committed."""
    decision = commit.decision
    decided = {
        "modes": decision.modes,
        "failures": sorted(map(str, decision.failures))[:NAMED_FAILURES],
        "failure_count": len(decision.failures),
        "trading_state": commit.trading.state.value,
        "code_version": commit.log.body["code_version"],
        "consecutive_failures": 0,
    }
    return merge(paths.tenant_summary(commit.request.key.tenant_id), {**_tick(commit), **decided})


def recorded_write(record: TickRecord) -> Write:
    """Describe what became of the tick."""
    return merge(paths.tenant_summary(record.request.key.tenant_id), _tick(record))


class TenantSummaries:
    """``Operations`` over any documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def summaries(self) -> Sequence[TenantSummary]:
        """Read every tenant's; see the port."""
        return [from_document(each) for each in self._documents.query(paths.TENANT_SUMMARIES)]

    def summary(self, tenant_id: str) -> TenantSummary | None:
        """Read one tenant's; see the port."""
        found = self._read(tenant_id)
        return None if found is None else from_document(found)

    def failed(self, tenant_id: str, failure: TickFailure) -> int:
        """Note a failed tick; see the port."""
        path = paths.tenant_summary(tenant_id)
        for _ in range(ATTEMPTS):
            found = self._read(tenant_id)
            count = 1 + (0 if found is None else from_document(found).consecutive_failures)
            fields = {"tenant_id": tenant_id, "consecutive_failures": count, "last_failure": _failure_fields(failure)}
            try:
                self._documents.commit([put(path, fields, None if found is None else found.version)])
            except CommitConflict:
                continue
            return count
        raise CommitConflict(
            f"{path}: expected to note a failure within {ATTEMPTS} attempts, lost every one to other ticks; it "
            "is noted with the next one"
        )

    def _read(self, tenant_id: str) -> StoredDocument | None:
        path = paths.tenant_summary(tenant_id)
        return self._documents.read([path]).get(path)


def from_document(document: StoredDocument) -> TenantSummary:
    """Read a summary back; StoreCorrupt when it is none."""
    reader = FieldReader(document.path, document.fields)
    failure = reader.value("last_failure") if "last_failure" in reader else None
    summary = TenantSummary(
        tenant_id=reader.text("tenant_id"),
        consecutive_failures=reader.integer("consecutive_failures"),
        last_failure=None if failure is None else _read_failure(reader.nested("last_failure", failure)),
    )
    if "tick_id" not in reader:
        return summary
    return TenantSummary(
        tenant_id=summary.tenant_id,
        consecutive_failures=summary.consecutive_failures,
        last_failure=summary.last_failure,
        last_tick=_read_tick(reader),
        modes=dict(reader.mapping("modes")),
        failures=tuple(map(str, reader.items("failures"))),
        failure_count=reader.integer("failure_count"),
        trading_state=reader.text("trading_state"),
        code_version=reader.text("code_version"),
    )


def _tick(of: TickCommit | TickRecord) -> dict[str, Any]:
    request, tick, traffic = of.request, of.tick, of.measured.traffic
    return {
        "tenant_id": request.key.tenant_id,
        "portfolio_id": request.key.portfolio_id,
        "tick_id": str(request.tick_id),
        "correlation_id": tick.correlation_id,
        "scheduled_at": request.scheduled_at,
        "committed_at": tick.committed_at,
        "status": tick.status.value,
        "orders": len(tick.orders),
        "unresolved": sum(order.status is OrderStatus.UNRESOLVED for order in tick.orders),
        "durations": {name: round(taken, 3) for name, taken in of.measured.durations.items()},
        "documents_read": traffic.documents_read,
        "documents_written": traffic.documents_written,
        "round_trips": traffic.round_trips,
    }


def _read_tick(reader: FieldReader) -> TickOutcome:
    durations = {
        name: float(taken) for name, taken in reader.mapping("durations").items() if isinstance(taken, int | float)
    }
    traffic = Traffic(
        documents_read=reader.integer("documents_read"),
        documents_written=reader.integer("documents_written"),
        round_trips=reader.integer("round_trips"),
    )
    return TickOutcome(
        portfolio_id=reader.text("portfolio_id"),
        tick_id=reader.text("tick_id"),
        scheduled_at=reader.instant("scheduled_at"),
        committed_at=reader.instant("committed_at"),
        status=reader.text("status"),
        correlation_id=reader.text("correlation_id"),
        orders=reader.integer("orders"),
        unresolved=reader.integer("unresolved"),
        measured=Measured(durations=durations, traffic=traffic),
    )


def _failure_fields(failure: TickFailure) -> dict[str, Any]:
    return {
        "portfolio_id": failure.portfolio_id,
        "tick_id": failure.tick_id,
        "correlation_id": failure.correlation_id,
        "kind": failure.kind,
        "reason": failure.reason,
        "at": failure.at,
    }


def _read_failure(reader: FieldReader) -> TickFailure:
    return TickFailure(
        portfolio_id=reader.text("portfolio_id"),
        kind=reader.text("kind"),
        reason=reader.text("reason"),
        at=reader.instant("at"),
        tick_id=reader.text("tick_id"),
        correlation_id=reader.text("correlation_id"),
    )
