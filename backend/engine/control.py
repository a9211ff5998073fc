"""Obey a command about trading: read, change, commit, and again when somebody else was first.

A command reads and writes one document, a tick thinks in between: so a command gets through however many ticks run.
"""

from collections.abc import Callable
from datetime import datetime

from backend.domain.command import Obeyed, TradingCommand, obeyed
from backend.domain.errors import CommitConflict, StoreUnavailable
from backend.ports.control import TradingControl

ATTEMPTS = 256
MOST_SILENCES = 3


def command(order: TradingCommand, *, tenant_id: str, control: TradingControl, now: Callable[[], datetime]) -> Obeyed:
    """Carry out a command of an operator, deciding it anew as often as its commit is lost.

    A store that does not answer is asked again, a few times: a halt must not end at the first busy moment.

    Raises
    ------
    ConfigurationError
        There is nothing that it could change.
    CommitConflict
        Others moved the trading document at every attempt; nothing was changed.
    StoreUnavailable
        The store did not answer four times; whether the command holds is unknown, so run it again.
    """
    silences = 0
    done: Obeyed | None = None
    for _ in range(ATTEMPTS):
        try:
            trading, version = control.trading(tenant_id)
            if done is not None and done.after == trading:
                return done  # it was written after all, when the store did not say so
            done = obeyed(order, trading, tenant_id=tenant_id, at=now())
            control.control(done.after, done.entry, expected=version)
        except CommitConflict:
            continue
        except StoreUnavailable:
            silences += 1
            if silences > MOST_SILENCES:
                raise
            continue
        return done
    raise CommitConflict(
        f"{tenant_id}: expected to change trading within {ATTEMPTS} attempts, lost every one to others; nothing was "
        "changed, run the command again"
    )
