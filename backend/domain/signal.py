"""What a strategy says: the public dictionary, and the checked value that the rules work on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import Any, NewType, TypedDict

from backend.domain.errors import SignalError

StrategyId = NewType("StrategyId", str)
Symbol = NewType("Symbol", str)


class Action(StrEnum):
    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    CLOSE_ALL = "CLOSE_ALL"


class Signal(TypedDict, total=False):
    """The public signal. A strategy fills the first block; Maestro adds the rest."""

    action: str
    ticker: str | None
    allocation: float
    confidence: float
    reasoning: str
    metadata: dict[str, Any]
    expires_at: datetime

    mode: str
    original_allocation: float
    weight_multiplier: float
    base_weight: float
    sharpe_ratio: float | None
    shadow_mode: bool

    original_action: str
    override_reason: str

    agent_id: str
    nonce: str
    session_id: str
    identity_timestamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySignal:
    """A signal that has been checked. ``allocation`` is a fraction of the strategy's own capital."""

    action: Action
    ticker: Symbol | None
    allocation: float
    confidence: float
    reasoning: str
    metadata: Mapping[str, Any] | None = None
    expires_at: datetime | None = None


NOT_ASKED = StrategySignal(action=Action.HOLD, ticker=None, allocation=0.0, confidence=0.0, reasoning="not asked")
_ACTIONS = {action.value: action for action in Action}
_NEEDS_TICKER = frozenset({Action.BUY, Action.SELL})


def read_signal(raw: object, *, strategy: str) -> StrategySignal:
    """Check one raw signal.

    Parameters
    ----------
    raw : mapping or dataclass instance
        What ``evaluate`` returned. Anything else is refused, so that no object can slip past weights,
        override and identity.
    strategy : str
        Named in the error.

    Raises
    ------
    SignalError
        Unknown action, allocation or confidence not a finite number in [0, 1], BUY or SELL without ticker,
        naive ``expires_at``.
    """
    signal = _as_mapping(raw, strategy)
    action = _action(signal.get("action"), strategy)
    ticker = signal.get("ticker")
    if ticker is not None and not (isinstance(ticker, str) and ticker.strip() and ticker == plain_text(ticker)):
        raise SignalError(f"{strategy}: expected ticker to be a non-empty string, found {ticker!r}; name one symbol")
    if ticker is None and action in _NEEDS_TICKER:
        raise SignalError(
            f"{strategy}: {action} needs a ticker, found none; return HOLD when there is nothing to trade"
        )
    expires_at = signal.get("expires_at")
    if expires_at is not None and not (isinstance(expires_at, datetime) and expires_at.tzinfo is not None):
        raise SignalError(f"{strategy}: expected expires_at to be an aware datetime, found {expires_at!r}; use UTC")
    if action is Action.BUY and "allocation" not in signal:
        raise SignalError(f"{strategy}: BUY needs an allocation between 0 and 1, found none; state the fraction to buy")
    metadata = signal.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise SignalError(f"{strategy}: expected metadata to be a mapping, found {type(metadata).__name__}; use a dict")
    return StrategySignal(
        action=action,
        ticker=None if ticker is None else Symbol(ticker.strip()),
        allocation=_fraction(signal, "allocation", 0.0, strategy),
        confidence=_fraction(signal, "confidence", 1.0, strategy),
        reasoning=plain_text(signal.get("reasoning", "")),
        metadata=metadata,
        expires_at=expires_at,
    )


def plain_text(value: object) -> str:
    """Return a text that every store can hold: lone surrogates, which are no Unicode, are spelt out."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def _as_mapping(raw: object, strategy: str) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return raw
    if is_dataclass(raw) and not isinstance(raw, type):
        return {field.name: getattr(raw, field.name) for field in fields(raw)}
    raise SignalError(
        f"{strategy}: expected a signal (a dict with action, ticker, allocation, confidence, reasoning), "
        f"found {type(raw).__name__}; return a dict from evaluate()"
    )


def _action(value: object, strategy: str) -> Action:
    action = _ACTIONS.get(value) if isinstance(value, str) else None
    if action is None:
        raise SignalError(
            f"{strategy}: expected action to be one of {', '.join(_ACTIONS)}, found {value!r}; correct it"
        )
    return action


def _fraction(signal: Mapping[str, Any], key: str, default: float, strategy: str) -> float:
    value = signal.get(key, default)
    is_number = isinstance(value, Real | Decimal) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan
    except (OverflowError, ValueError):  # an integer beyond a double, a signalling NaN
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise SignalError(f"{strategy}: expected {key} to be a number between 0 and 1, found {value!r}; correct it")
    return number
