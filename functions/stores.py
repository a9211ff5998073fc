"""Which store a process uses, chosen from its settings: every port that documents stand behind."""

from typing import TYPE_CHECKING

from functions import clients
from functions.required import project

if TYPE_CHECKING:
    from backend.adapters.documents import Documents, DocumentStore
    from backend.ports.archive import Archive
    from backend.ports.audit import AuditTrail
    from backend.ports.configurations import Configurations
    from backend.ports.dispatch import DeadLetters
    from backend.ports.identities import Identities
    from backend.ports.leases import Leases
    from backend.ports.notifications import AlertRegister
    from backend.ports.operations import Operations
    from backend.ports.performances import PerformanceHistory
    from backend.ports.receipts import Receipts
    from backend.ports.tenants import Operators, Tenants
    from backend.settings import Settings


def documents(settings: "Settings") -> "Documents":
    """Return the store that the settings name, dating what is not kept for ever.

    Raises
    ------
    ConfigurationError
        Firestore without a project.
    """
    from backend.adapters.documents.retained import RetainedDocuments

    return RetainedDocuments(_driver(settings), settings.retention.retention())


def _driver(settings: "Settings") -> "Documents":
    if settings.store == "sqlite":
        return clients.sqlite_documents(settings.sqlite_path)
    return clients.firestore_documents(project(settings))


def store(settings: "Settings") -> "DocumentStore":
    """Return ticks, snapshots and decision log over ``documents``."""
    from backend.adapters.documents import DocumentStore

    return DocumentStore(documents(settings))


def configurations(settings: "Settings") -> "Configurations":
    """Return what tenants have configured, over ``documents``."""
    from backend.adapters.documents.configuration_documents import DocumentConfigurations

    return DocumentConfigurations(documents(settings))


def leases(settings: "Settings") -> "Leases":
    """Return who may trade which strategies of which account, over ``documents``."""
    from backend.adapters.documents.lease_documents import LeaseDocuments

    return LeaseDocuments(documents(settings))


def performances(settings: "Settings") -> "PerformanceHistory":
    """Return what the days brought, over ``documents``."""
    from backend.adapters.documents.performance_history import DocumentPerformanceHistory

    return DocumentPerformanceHistory(documents(settings))


def audit_trail(settings: "Settings") -> "AuditTrail":
    """Return the log's chain and the ledger as they are found, over ``documents``."""
    from backend.adapters.documents.audit_trail import DocumentAuditTrail

    return DocumentAuditTrail(documents(settings))


def alerts(settings: "Settings") -> "AlertRegister":
    """Return the alerts that were stored, and where further ones are kept, over ``documents``."""
    from backend.adapters.documents.alert_history import DocumentAlertHistory

    return DocumentAlertHistory(documents(settings))


def dead_letters(settings: "Settings") -> "DeadLetters":
    """Return the work that was given up, over ``documents``."""
    from backend.adapters.documents.dead_letter_documents import DeadLetterDocuments

    return DeadLetterDocuments(documents(settings))


def tenants(settings: "Settings") -> "Tenants":
    """Return tenants and their members, over ``documents``."""
    from backend.adapters.documents.tenant_documents import DocumentTenants

    return DocumentTenants(documents(settings))


def operators(settings: "Settings") -> "Operators":
    """Return who runs the platform, over ``documents``."""
    from backend.adapters.documents.operator_documents import DocumentOperators

    return DocumentOperators(documents(settings))


def archive(settings: "Settings") -> "Archive":
    """Return everything that is kept of a tenant, over ``documents``."""
    from backend.adapters.documents.archive_documents import DocumentArchive

    return DocumentArchive(documents(settings))


def identities(settings: "Settings") -> "Identities":
    """Return the users of the project whose documents they are; a file has none, and everybody is who they say."""
    if settings.store == "sqlite":
        from backend.adapters.null_identities import NullIdentities

        return NullIdentities()
    from backend.adapters.firebase_auth import FirebaseIdentities

    return FirebaseIdentities(project(settings))


def operations(settings: "Settings") -> "Operations":
    """Return the summary of every tenant for the platform's operator, over ``documents``."""
    from backend.adapters.documents.tenant_summary_documents import TenantSummaries

    return TenantSummaries(documents(settings))


def receipts(settings: "Settings") -> "Receipts":
    """Return which requests to the HTTP API were carried out, over ``documents``."""
    from backend.adapters.documents.receipts import DocumentReceipts

    return DocumentReceipts(documents(settings))


def unwritable(settings: "Settings") -> "tuple[DocumentStore, Leases]":
    """Return ticks and leases over ``documents`` that refuse to be written."""
    from backend.adapters.documents import DocumentStore
    from backend.adapters.documents.lease_documents import LeaseDocuments
    from backend.adapters.documents.read_only import ReadOnlyDocuments

    found = ReadOnlyDocuments(documents(settings))
    return DocumentStore(found), LeaseDocuments(found)
