"""Where the store is a dry run's, its own account stands in for the one at the venue.

The store itself says that it is one, so no flag can be forgotten: whoever opens it, a tick, a flatten or a halt, sends
no order. Importing this module imports no adapter.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.adapters.documents import Documents
    from backend.adapters.dry_run import DryRunAccount
    from backend.ports.bars import Bars
    from backend.ports.broker import Broker
    from backend.ports.calendar import Calendar
    from backend.ports.clock import Clock
    from backend.ports.statements import Statements


def account(documents: "Documents", bars: "Bars", clock: "Clock") -> "DryRunAccount | None":
    """Return the account that a dry run keeps in its store; None where the store is none."""
    from backend.adapters.dry_run import DryRunAccount, is_dry_run_store

    return DryRunAccount(documents, bars, clock) if is_dry_run_store(documents) else None


def broker(venue: "Broker", rehearsal: "DryRunAccount | None") -> "Broker":
    """Return the venue, or what reads it and sends it nothing."""
    if rehearsal is None:
        return venue
    from backend.adapters.dry_run import DryRunBroker

    return DryRunBroker(venue, rehearsal)


def statements(books: "Statements", rehearsal: "DryRunAccount | None", calendar: "Calendar") -> "Statements":
    """Return the venue's books, or the dry run's."""
    if rehearsal is None:
        return books
    from backend.adapters.dry_run import DryRunStatements

    return DryRunStatements(rehearsal, calendar)
