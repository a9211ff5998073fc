"""Every query that the code makes, made once on a real client; whoever adds a query to the code adds it here."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from backend.adapters.documents import Documents, DocumentStore, open_documents, paths
from backend.adapters.documents.acceptance_documents import AcceptanceDocuments
from backend.adapters.documents.alert_history import DocumentAlertHistory
from backend.adapters.documents.archive_documents import DocumentArchive
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.configuration_documents import DocumentConfigurations
from backend.adapters.documents.dead_letter_documents import DeadLetterDocuments
from backend.adapters.documents.lease_documents import LeaseDocuments
from backend.adapters.documents.operator_documents import DocumentOperators
from backend.adapters.documents.performance_history import DocumentPerformanceHistory
from backend.adapters.documents.portfolio_documents import portfolios_of
from backend.adapters.documents.tenant_documents import DocumentTenants
from backend.adapters.documents.tenant_summary_documents import TenantSummaries
from backend.adapters.dry_run.documents import read_orders
from backend.adapters.firestore_portfolios import FirestorePortfolios, newest_dead_letters
from backend.domain.order import OrderStatus
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.marketplace.month import Month
from backend.marketplace.monthly_ledger import MonthlyLedger
from tests.contract.guide_monitoring import check_maestro_alerts, get_orchestration_summary

TENANT, STRATEGY = "acme", StrategyId("a")
OWN, SHARED = PortfolioKey(tenant_id=TENANT, uid="ann"), PortfolioKey(tenant_id=TENANT)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 6)


def make_every_query(client: Any) -> None:
    documents = open_documents(client)
    _decide(documents)
    _audit(documents)
    _account(documents)
    _dispatch(client, documents)
    _administer(client, documents)


def make_promised_queries(client: Any) -> None:
    """Make those that the migration guide has its readers write."""
    asyncio.run(get_orchestration_summary(client))
    asyncio.run(check_maestro_alerts(client))


def _decide(documents: Documents) -> None:
    store = DocumentStore(documents)
    store.decisions(TENANT, last=1)
    store.decisions(TENANT, last=1, before=9)
    store.orders(TENANT, last=1)
    store.orders(TENANT, last=1, status=OrderStatus.UNRESOLVED)
    store.daily_returns(OWN, since=FIRST)
    store.daily_returns(SHARED, since=FIRST)
    AcceptanceDocuments(documents).issued(TENANT, "0" * 32)
    DocumentConfigurations(documents).versions(TENANT, last=1)
    LeaseDocuments(documents).accounts()
    read_orders(documents)


def _audit(documents: Documents) -> None:
    trail = DocumentAuditTrail(documents)
    list(trail.links(TENANT, after=0))
    list(trail.links(TENANT, after=0, through=9))
    trail.copies(TENANT, last=1)
    trail.copies(TENANT, last=1, below=9)
    trail.commands(TENANT, last=1)
    list(trail.trades(TENANT, uid="ann", strategy=STRATEGY))
    DocumentAlertHistory(documents).alerts(TENANT, since=datetime(2026, 3, 2, tzinfo=UTC))


def _account(documents: Documents) -> None:
    history = DocumentPerformanceHistory(documents)
    history.strategy_days(OWN, first=FIRST, last=LAST)
    history.strategy_days(OWN, first=FIRST, last=LAST, strategy=STRATEGY)
    history.portfolio_days(OWN, first=FIRST, last=LAST)
    for uid in (None, "ann"):
        for strategy in (None, STRATEGY):
            month = Month(year=2026, month=3)
            ledger = MonthlyLedger(documents=documents, tenant_id=TENANT, month=month, uid=uid, strategy_id=strategy)
            ledger.books()
            ledger.capital({("ann", STRATEGY)})


def _dispatch(client: Any, documents: Documents) -> None:
    portfolios = FirestorePortfolios(client)
    portfolios.active()
    portfolios.active(["*/5 * * * *", "0 10 * * *"])
    portfolios_of(documents, TENANT)
    DeadLetterDocuments(documents).letters(TENANT)
    newest_dead_letters(client, 1)


def _administer(client: Any, documents: Documents) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    tenant = {"tenant_id": TENANT, "name": "Acme", "status": "active", "created_at": at, "created_by": "olga"}
    client.document(paths.tenant(TENANT)).set(tenant)  # whose members are counted
    tenants = DocumentTenants(documents)
    tenants.standing(TENANT)
    tenants.overviews(after=None, limit=1)
    tenants.overviews(after="a", limit=1)
    DocumentOperators(documents).operators()
    TenantSummaries(documents).summaries()
    archive = DocumentArchive(documents)
    archive.leases(TENANT)
    list(archive.documents(TENANT))
