"""The fields of Alpaca's JSON, each read strictly; what cannot be read raises BrokerUnavailable."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.domain.errors import BrokerUnavailable


def mapping(document: object, expected: str) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise unreadable(expected, document)
    return document


def text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise unreadable(f"a non-empty {key!r}", value)
    return value


def decimal(fields: Mapping[str, Any], key: str, *, absent: Decimal | None = None) -> Decimal:
    """Read a finite number from its string; ``absent`` where there is none."""
    value = fields.get(key)
    if value is None and absent is not None:
        return absent
    if isinstance(value, str | int) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise unreadable(f"a decimal string in {key!r}", value)


def instant(fields: Mapping[str, Any], key: str) -> datetime | None:
    """Read an instant in UTC; None where there is none."""
    value = fields.get(key)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise unreadable(f"an RFC 3339 instant in {key!r}", value)
    return at.astimezone(UTC)


def unreadable(expected: str, found: object) -> BrokerUnavailable:
    return BrokerUnavailable(
        f"Alpaca's answer: expected {expected}, found {str(found)[:200]!r}; check the URL and Alpaca's status page"
    )
