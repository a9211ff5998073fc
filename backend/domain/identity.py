"""Names that are derived, never drawn: the same tick gives the same ids wherever and however often it runs."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from typing import NewType

from backend.domain.errors import ConfigurationError
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol

TickId = NewType("TickId", str)
SessionId = NewType("SessionId", str)

_SEPARATOR = "\x1f"  # cannot be part of an identifier, so joined fields cannot be mistaken for one another


def tick_id(*, portfolio_id: str, scheduled_at: datetime) -> TickId:
    """Name one scheduled run of one portfolio; to the microsecond, so that two in one second stay two."""
    if scheduled_at.tzinfo is None:
        raise ConfigurationError(f"expected an aware scheduled time, found {scheduled_at!r}; use UTC")
    return TickId(f"{portfolio_id}-{scheduled_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}")


def client_order_id(
    *, tenant_id: str, tick: str, strategy: StrategyId, symbol: Symbol, side: Side, sequence: int
) -> ClientOrderId:
    """Name one order: "mae-" and 40 hex digits of SHA-256 over everything that makes it itself."""
    fields = (tenant_id, tick, strategy, symbol, side, str(sequence))
    return ClientOrderId("mae-" + sha256(_SEPARATOR.join(fields).encode()).hexdigest()[:40])


def agent_id(tenant_id: str, strategy: StrategyId) -> str:
    return f"{tenant_id}_{strategy}"


def nonces(entropy: bytes, strategies: Iterable[StrategyId]) -> list[str]:
    """Derive every signal's nonce (32 hex digits) from the tick's entropy."""
    keyed = blake2b(key=entropy, digest_size=16, person=b"nonce")
    derived = []
    for strategy in strategies:
        digest = keyed.copy()
        digest.update(strategy.encode())
        derived.append(digest.hexdigest())
    return derived


def session_id(entropy: bytes) -> SessionId:
    return SessionId(blake2b(key=entropy, digest_size=16, person=b"session").hexdigest())
