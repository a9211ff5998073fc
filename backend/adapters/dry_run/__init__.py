"""A rehearsal of an account: it opens with the money of the real one, and no order of it reaches a broker."""

from backend.adapters.dry_run.account import DryRunAccount
from backend.adapters.dry_run.broker import DryRunBroker
from backend.adapters.dry_run.documents import is_dry_run_store
from backend.adapters.dry_run.statements import DryRunStatements

__all__ = ["DryRunAccount", "DryRunBroker", "DryRunStatements", "is_dry_run_store"]
