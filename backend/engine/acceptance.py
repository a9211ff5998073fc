"""Accept a signal that somebody else executes: once, and with an entry in the audit chain whatever the answer.

1. look up – the decision that the signal says it is of, in the tenant's own log;
2. read    – trading and the nonce, at once;
3. judge   – ``verdict``, in memory;
4. commit  – one atomic write: the nonce is *created*, trading must be as it was read, the entry follows the chain's
   head. Losing it means that somebody else was first, perhaps with this very signal: read and judge anew.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from backend.domain.acceptance import (
    LONGEST_AGE,
    MAX_AGE,
    Accepted,
    Presented,
    Refusal,
    facts,
    identity_of,
    verdict,
)
from backend.domain.audit import AuditEntry, AuditKind, audited
from backend.domain.errors import CommitConflict, ConfigurationError, SignalRefused
from backend.domain.trading_state import Trading
from backend.ports.acceptance import Acceptances

ATTEMPTS = 256


def accept(
    signal: object,
    *,
    tenant_id: str,
    actor: str,
    acceptances: Acceptances,
    now: Callable[[], datetime],
    max_age: timedelta = MAX_AGE,
) -> Accepted:
    """Spend the nonce of a signal, or refuse it.

    Raises
    ------
    SignalRefused
        It may not be executed; the reason is in the audit log.
    ConfigurationError
        Nobody is named as the actor, or ``max_age`` is not between 0 and 12 hours.
    CommitConflict
        Others moved the trading document at every attempt; nothing was written.
    StoreUnavailable
        The store did not answer. The nonce may be spent: do not execute the signal; present it again if you like.
    """
    _check(actor, max_age)
    session, nonce = identity_of(signal) or (None, None)
    decision = None if session is None else acceptances.issued(tenant_id, session)
    presented = Presented(signal=signal, decision=decision, tenant_id=tenant_id, actor=actor)
    answer = _answered(presented, nonce, acceptances, now, max_age)
    if isinstance(answer, Refusal):
        raise SignalRefused(f"{answer.reason}; do not execute it, the refusal is in the audit log")
    return answer


def _check(actor: str, max_age: timedelta) -> None:
    if not actor.strip():
        raise ConfigurationError("actor: expected a text for the audit log, found none; say who executes the signal")
    if not timedelta(0) < max_age <= LONGEST_AGE:
        raise ConfigurationError(
            f"max_age: expected more than 0 and at most {LONGEST_AGE}, found {max_age}; correct it"
        )


def _answered(
    presented: Presented, nonce: str | None, acceptances: Acceptances, now: Callable[[], datetime], max_age: timedelta
) -> Accepted | Refusal:
    for _ in range(ATTEMPTS):
        standing = acceptances.standing(presented.tenant_id, nonce)
        at = now()
        answer = verdict(presented, standing, now=at, max_age=max_age)
        trading, entry = _audited(answer, presented, standing.trading, at)
        spent = answer if isinstance(answer, Accepted) else None
        try:
            acceptances.record(trading, entry, expected=standing.version, spent=spent)
        except CommitConflict:
            continue
        return answer
    raise CommitConflict(
        f"{presented.tenant_id}: expected to accept or refuse a signal within {ATTEMPTS} attempts, lost every one to "
        "others; nothing was written, present it again"
    )


def _audited(
    answer: Accepted | Refusal, presented: Presented, trading: Trading, at: datetime
) -> tuple[Trading, AuditEntry]:
    if isinstance(answer, Refusal):
        kind, reason = AuditKind.SIGNAL_REFUSED, answer.reason
        noted = {**facts(presented), "ground": answer.ground.value}
    else:
        kind, reason = AuditKind.SIGNAL_ACCEPTED, "genuine, unaltered, fresh and not executed before"
        noted = facts(presented)
    return audited(
        trading, kind, tenant_id=presented.tenant_id, at=at, actor=presented.actor, reason=reason, facts=noted
    )
