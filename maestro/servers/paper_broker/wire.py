"""Numbers and instants as Alpaca writes them."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

from maestro.servers.paper_broker.errors import invalid


def number(value: Decimal) -> str:
    """Write a decimal without exponent or superfluous zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def optional_number(value: Decimal | None) -> str | None:
    return None if value is None else number(value)


def instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_instant(value: datetime | None) -> str | None:
    return None if value is None else instant(value)


def to_instant(name: str, text: str) -> datetime:
    """Read an RFC 3339 instant or a date (its beginning in UTC)."""
    try:
        if len(text) == len("2020-01-02"):
            return datetime.combine(date.fromisoformat(text), time(0), UTC)
        value = datetime.fromisoformat(text)
    except ValueError as e:
        raise invalid(f"invalid {name}: expected an RFC 3339 instant or a date, found {text}") from e
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def encode(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
