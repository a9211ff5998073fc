"""Which store a process uses, chosen from its settings: every port that documents stand behind."""

from typing import TYPE_CHECKING

from functions import clients
from functions.required import project

if TYPE_CHECKING:
    from backend.adapters.documents import Documents, DocumentStore
    from backend.ports.audit import AuditTrail
    from backend.ports.configurations import Configurations
    from backend.ports.dispatch import DeadLetters
    from backend.ports.leases import Leases
    from backend.ports.notifications import AlertRegister
    from backend.ports.performances import PerformanceHistory
    from backend.settings import Settings


def documents(settings: "Settings") -> "Documents":
    """Return the store that the settings name.

    Raises
    ------
    ConfigurationError
        Firestore without a project.
    """
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
