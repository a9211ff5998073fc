"""Whether a signal that somebody presents may be executed: genuine, unaltered, fresh, not executed before.

Maestro issues every signal with an identity. What it issued stands in the log, so the log decides what is genuine; a
nonce that was accepted is spent, so no signal is accepted twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.domain.content import content_hash, content_text, is_same
from backend.domain.errors import SignalError
from backend.domain.identity import agent_id
from backend.domain.issue import Issued
from backend.domain.signal import Action, Signal, StrategyId, plain_text
from backend.domain.trading_state import Trading, TradingState

MAX_AGE = timedelta(minutes=5)
LONGEST_AGE = timedelta(hours=12)  # twice that after it was accepted, a nonce is of no more use to anybody

_HEX_32 = re.compile(r"[0-9a-f]{32}")
_ORDER = {key: place for place, key in enumerate(Signal.__annotations__)}
_OPTIONAL = frozenset({"metadata", "expires_at", "shadow_mode", "original_action", "override_reason"})
_REQUIRED = tuple(key for key in _ORDER if key not in _OPTIONAL)


class Ground(StrEnum):
    """Why a signal is refused, in the order in which it is looked at."""

    NOT_A_SIGNAL = "not_a_signal"
    UNKNOWN_SESSION = "unknown_session"
    WRONG_AGENT = "wrong_agent"
    WRONG_NONCE = "wrong_nonce"
    ALTERED = "altered"
    EXECUTED_BY_TICK = "executed_by_tick"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    ground: Ground
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A spent nonce: whose signal it was, with what content, and who was allowed to execute it when."""

    tenant_id: str
    nonce: str
    strategy_id: StrategyId
    session_id: str
    log_id: str
    content_hash: str
    accepted_at: datetime
    accepted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """Whatever somebody presents as a signal of a tenant, with the decision that it says it is of.

    ``decision`` is None where the tenant's log has none of that session.
    """

    signal: object
    decision: Issued | None
    tenant_id: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an acceptance is conditional on, read at once: trading with its version, and the nonce if it is spent."""

    trading: Trading
    version: object | None
    spent: Accepted | None = None


def identity_of(signal: object) -> tuple[str, str] | None:
    """Return the session and the nonce that a signal names; None where it is no signal."""
    if not isinstance(signal, Mapping) or _malformed(signal) is not None:
        return None
    return signal["session_id"], signal["nonce"]


def strategy_of(signal: object, tenant_id: str) -> StrategyId | None:
    """Return the strategy that a signal says it is of; None where it names none of this tenant."""
    agent = signal.get("agent_id") if isinstance(signal, Mapping) else None
    prefix = agent_id(tenant_id, StrategyId(""))
    return StrategyId(agent.removeprefix(prefix)) if isinstance(agent, str) and agent.startswith(prefix) else None


def verdict(
    presented: Presented, standing: Standing, *, now: datetime, max_age: timedelta = MAX_AGE
) -> Accepted | Refusal:
    """Say whether a signal may be executed.

    ``standing`` is of the nonce that the signal names. ``max_age`` is how long after its decision a signal is good; it
    may not lie further in the future either.
    """
    signal, decision, tenant_id = presented.signal, presented.decision, presented.tenant_id
    if not isinstance(signal, Mapping):
        return _refused(Ground.NOT_A_SIGNAL, "a signal that Maestro issued (a mapping)", _short(signal))
    malformed = _malformed(signal)
    if malformed is not None:
        return malformed
    if decision is None:
        expected = f"session_id to be of a decision in the log of {tenant_id}"
        return _refused(Ground.UNKNOWN_SESSION, expected, signal["session_id"])
    strategy = strategy_of(signal, tenant_id)
    if strategy is None or strategy not in decision.signals:
        expected = f"agent_id to be {tenant_id}_ and a strategy of the decision"
        return _refused(Ground.WRONG_AGENT, expected, _short(signal["agent_id"]))
    original = decision.signals[strategy]
    refusal = (
        _altered(signal, original, strategy)
        or _outdated(decision, original, now, max_age)
        or _withheld(standing, original)
    )
    return refusal or Accepted(
        tenant_id=tenant_id,
        nonce=original["nonce"],
        strategy_id=strategy,
        session_id=decision.session_id,
        log_id=decision.log_id,
        content_hash=content_hash(original),
        accepted_at=now,
        accepted_by=plain_text(presented.actor),
    )


def facts(presented: Presented) -> dict[str, str | None]:
    """Return what the audit log keeps of a presented signal: never the whole of it."""
    signal, decision = presented.signal, presented.decision
    strategy = strategy_of(signal, presented.tenant_id)
    original = None if decision is None or strategy is None else decision.signals.get(strategy)
    named = {key: signal.get(key) if isinstance(signal, Mapping) else None for key in ("nonce", "session_id")}
    return {
        "strategy": None if strategy is None else _short(strategy),
        **{key: None if value is None else _short(value) for key, value in named.items()},
        "log_id": None if decision is None else decision.log_id,
        "content_hash": _hash(signal),
        "expected_hash": None if original is None else content_hash(original),
    }


def _malformed(signal: Mapping[Any, Any]) -> Refusal | None:
    missing = [key for key in _REQUIRED if key not in signal]
    if missing:
        return _refused(Ground.NOT_A_SIGNAL, "every key of a signal that Maestro issued", f"no {', '.join(missing)}")
    for key in ("session_id", "nonce"):
        if not (isinstance(signal[key], str) and _HEX_32.fullmatch(signal[key])):
            return _refused(Ground.NOT_A_SIGNAL, f"{key} to be 32 hex digits", _short(signal[key]))
    return None


def _altered(signal: Mapping[str, Any], original: Mapping[str, Any], strategy: StrategyId) -> Refusal | None:
    """Compare what was presented with what was issued, key by key; agent and session are known to be right."""
    if signal["nonce"] != original["nonce"]:
        expected = f"nonce to be {original['nonce']}, issued to {strategy}"
        return _refused(Ground.WRONG_NONCE, expected, signal["nonce"])
    for key in sorted({*signal, *original}, key=lambda each: (_ORDER.get(each, len(_ORDER)), str(each))):
        if key not in original:
            return _refused(Ground.ALTERED, "the keys that were issued", f"{_short(key)}, too")
        expected = f"{key} to be {_short(content_text(original[key]))}"
        if key not in signal:
            return _refused(Ground.ALTERED, expected, "none")
        try:
            if not is_same(signal[key], original[key]):
                return _refused(Ground.ALTERED, expected, _short(content_text(signal[key])))
        except SignalError as e:
            return _refused(Ground.ALTERED, expected, f"what cannot be compared: {e}")
    return None


def _outdated(decision: Issued, original: Mapping[str, Any], now: datetime, max_age: timedelta) -> Refusal | None:
    if decision.is_by_tick:
        expected = "a signal that is executed by whoever asked for it"
        return _refused(Ground.EXECUTED_BY_TICK, expected, f"one of {decision.log_id}, whose orders Maestro sends")
    expires_at = original.get("expires_at")
    if expires_at is not None and datetime.fromisoformat(expires_at) <= now:
        return _refused(Ground.EXPIRED, f"a signal before it expires at {expires_at}", now.isoformat())
    issued_at = datetime.fromisoformat(original["identity_timestamp"])
    if abs(now - issued_at) > max_age:
        expected = f"a signal within {max_age} of its identity_timestamp {issued_at.isoformat()}"
        return _refused(Ground.EXPIRED, expected, now.isoformat())
    return None


def _withheld(standing: Standing, original: Mapping[str, Any]) -> Refusal | None:
    spent, trading = standing.spent, standing.trading
    if spent is not None:
        found = f"it accepted at {spent.accepted_at.isoformat()} by {spent.accepted_by}"
        return _refused(Ground.REPLAYED, f"nonce {spent.nonce} not to be spent", found)
    is_entry = original["action"] == Action.BUY.value
    if trading.state is TradingState.HALTED or (trading.state is TradingState.REDUCING and is_entry):
        allowed = "ACTIVE" if is_entry else "ACTIVE or REDUCING"
        expected = f"trading to be {allowed} for {original['action']}"
        return _refused(Ground.RESTRICTED, expected, f"{trading.state} ({trading.reason})")
    return None


def _refused(ground: Ground, expected: str, found: str) -> Refusal:
    return Refusal(ground=ground, reason=f"expected {expected}, found {found}")


def _short(value: object) -> str:
    """Show enough of a presented value; of one that is no text, what it is."""
    text = value if isinstance(value, str) else f"a {type(value).__name__}"
    return text if len(text) <= 120 else f"{text[:119]}…"


def _hash(signal: object) -> str | None:
    try:
        return content_hash(signal) if isinstance(signal, Mapping) else None
    except SignalError:
        return None
