"""Two tenants with the documents that years leave behind: of every kind, at every place."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.lease_documents import to_document
from backend.adapters.documents.seam import create, merge
from backend.domain.lease import AccountLeases, Lease, Release
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey, TickRequest, Versions
from backend.domain.trading_state import Trading
from tests.contract.sample_ticks import tick_commit
from tests.contract.tenant_office import NOW, Bureau

SHARED, OWN = "PA1", "PA2"


def fill(bureau: Bureau, tenant_id: str, owner: str) -> None:
    """Create a tenant that has traded, and holds nothing any more."""
    bureau.create(tenant_id, owner, name=tenant_id.title())
    documents = bureau.documents
    _tick(documents, tenant_id)
    odd: dict[str, Any] = {
        "instant": NOW,
        "bytes": b"\x00\xff",
        "whole": 2**53 + 1,
        "number": 1.0,
        "nested": {"list": [NOW, {"b": b"x"}], "$bytes-like": 1},
        "none": None,
        "text": "ε\n\"'\u2028",
    }
    documents.commit(
        [
            create(paths.log_inputs(tenant_id, "big", 0), {"content": b"\x01" * 700_000}),
            create(paths.log_inputs(tenant_id, "big", 1), {"content": b"\x02" * 10}),
            create(paths.operator_log(tenant_id, "big~1"), {"tenant_id": tenant_id}),
            create(f"tenants/{tenant_id}/preferences/{owner}", odd),
            create(f"tenants/{tenant_id}/things/gone/parts/deep", {"n": 1}),
        ]
    )


def _tick(documents: Documents, tenant_id: str) -> None:
    """Commit a tick; then let it hold nothing."""
    key = PortfolioKey(tenant_id=tenant_id)
    store = DocumentStore(documents)
    trading, version = store.trading(tenant_id)
    commit = tick_commit(TickRequest(key=key, scheduled_at=NOW), expected=Versions(trading=version))
    store.commit(replace(commit, trading=Trading(log_head=trading.log_head, log_count=trading.log_count)))


def share_accounts(documents: Documents) -> None:
    """Let both tenants hold leases of one account, and acme alone of another, with releases of each by the other."""

    def lease(account_id: str, holder: str, strategy: str) -> Lease:
        return Lease(
            account_id=account_id,
            holder=holder,
            strategies=frozenset({StrategyId(strategy)}),
            since=NOW,
            renewed_at=NOW,
            expires_at=NOW + timedelta(days=4),
        )

    def release(holder: str, by: str) -> Release:
        return Release(holder=holder, strategies=frozenset({StrategyId("x")}), by=by, reason="expired", at=NOW)

    shared = AccountLeases(
        account_id=SHARED,
        leases=(
            lease(SHARED, "acme/main", "rsi"),
            lease(SHARED, "acme2/main", "ma"),
            lease(SHARED, "beta/main", "mom"),
        ),
        releases=(release("acme/main", "beta/main"), release("beta/main", "acme/main"), release("beta/main", "ann@vm")),
    )
    own = AccountLeases(account_id=OWN, leases=(lease(OWN, "acme/second", "rsi"),))
    documents.commit([merge(paths.account_leases(each.account_id), to_document(each)) for each in (shared, own)])
