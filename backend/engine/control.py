"""Obey a command about trading: read, change, commit, and again when somebody else was first.

A command reads and writes one document, a tick thinks in between: so a command gets through however many ticks run.
"""

from collections.abc import Callable
from datetime import datetime

from backend.domain.command import Obeyed, TradingCommand, obeyed
from backend.domain.errors import CommitConflict
from backend.domain.trading_state import Trading
from backend.ports.control import TradingControl

ATTEMPTS = 256

Change = Callable[[Trading, datetime], Obeyed]


def command(order: TradingCommand, *, tenant_id: str, control: TradingControl, now: Callable[[], datetime]) -> Obeyed:
    """Carry out a command of an operator.

    Raises
    ------
    ConfigurationError
        There is nothing that it could change.
    CommitConflict
        Others moved the trading document at every attempt; nothing was changed.
    """
    return changed(
        lambda trading, at: obeyed(order, trading, tenant_id=tenant_id, at=at),
        tenant_id=tenant_id,
        control=control,
        now=now,
    )


def changed(change: Change, *, tenant_id: str, control: TradingControl, now: Callable[[], datetime]) -> Obeyed:
    """Commit a change of the trading document with its audit entry, deciding it anew as often as it is lost."""
    for _ in range(ATTEMPTS):
        trading, version = control.trading(tenant_id)
        done = change(trading, now())
        try:
            control.control(done.after, done.entry, expected=version)
        except CommitConflict:
            continue
        return done
    raise CommitConflict(
        f"{tenant_id}: expected to change trading within {ATTEMPTS} attempts, lost every one to others; nothing was "
        "changed, run the command again"
    )
