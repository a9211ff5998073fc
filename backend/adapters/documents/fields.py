"""Reading a document's fields back as what they were, or saying what is wrong with it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, TypeVar

from backend.domain.errors import StoreCorrupt

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
RESTORE = "restore it from a backup"


def as_instant(value: object) -> datetime | None:
    """Read a stored instant, a native timestamp or ISO text with an offset; None when it is neither."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    at = value.astimezone(UTC)
    # A plain datetime: Firestore's own subclass carries nanoseconds that equality would overlook.
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=UTC)


class FieldReader:
    """Typed access to one document's fields. ``remedy`` ends every error message."""

    def __init__(self, path: str, fields: object, remedy: str = RESTORE) -> None:
        self._path = path
        self._remedy = remedy
        if not isinstance(fields, Mapping):
            raise self.corrupt("a map of fields", fields)
        self._fields: Mapping[str, Any] = fields

    def corrupt(self, expected: str, found: object) -> StoreCorrupt:
        shown = repr(found)
        shown = shown if len(shown) <= 200 else f"{shown[:199]}…"
        return StoreCorrupt(f"{self._path}: expected {expected}, found {shown}; {self._remedy}")

    def nested(self, name: str, value: object) -> "FieldReader":
        return FieldReader(f"{self._path}#{name}", value, self._remedy)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def value(self, name: str) -> Any:
        if name not in self._fields:
            raise self.corrupt(f"a field {name!r}", f"only {sorted(self._fields)}")
        return self._fields[name]

    def _typed(self, name: str, kind: type | tuple[type, ...], expected: str) -> Any:
        value = self.value(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.corrupt(f"{name} to be {expected}", value)
        return value

    def text(self, name: str) -> str:
        text: str = self._typed(name, str, "text")
        return text

    def integer(self, name: str) -> int:
        number: int = self._typed(name, int, "a whole number")
        return number

    def flag(self, name: str) -> bool:
        flag: bool = self._typed(name, bool, "true or false")
        return flag

    def blob(self, name: str) -> bytes:
        blob: bytes = self._typed(name, bytes, "bytes")
        return blob

    def items(self, name: str) -> list[Any]:
        items: list[Any] = self._typed(name, list, "a list")
        return items

    def mapping(self, name: str) -> Mapping[str, Any]:
        mapping: Mapping[str, Any] = self._typed(name, Mapping, "a map")
        return mapping

    def member(self, name: str, kind: type[E]) -> E:
        value = self.value(name)
        try:
            return kind(value)
        except ValueError:
            raise self.corrupt(f"{name} to be one of {[each.value for each in kind]}", value) from None

    def decimal(self, name: str) -> Decimal:
        return self.as_decimal(name, self.value(name))

    def optional_decimal(self, name: str) -> Decimal | None:
        return None if self.value(name) is None else self.decimal(name)

    def as_decimal(self, name: str, value: object) -> Decimal:
        try:
            number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.corrupt(f"{name} to be a decimal number as text", value)
        return number

    def instant(self, name: str) -> datetime:
        at = as_instant(self.value(name))
        if at is None:
            raise self.corrupt(f"{name} to be a UTC timestamp", self.value(name))
        return at

    def optional_day(self, name: str) -> date | None:
        value = self.value(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.corrupt(f"{name} to be a day as YYYY-MM-DD", value) from None

    def packed(self, name: str) -> Any:
        """Return the JSON value that is packed in a field."""
        from backend.adapters.documents.packing import unpack

        value = self._typed(name, (str, bytes), "packed JSON")
        try:
            return unpack(value)
        except ValueError as e:
            raise self.corrupt(f"{name} to be whole JSON ({e})", value) from e

    def sealed(self, kind: type[T]) -> T:
        """Return the domain value that ``packing.sealed`` wrote."""
        from backend.domain.canonical import digest

        text = self.packed_text("payload")
        if digest(text) != self.text("digest"):
            raise self.corrupt(f"a payload with the digest {self.text('digest')}", digest(text))
        return self.canonical("payload", kind)

    def canonical(self, name: str, kind: type[T]) -> T:
        """Return the domain value that stands in a field as canonical text."""
        from backend.domain.canonical import read_canonical_json  # here, because it knows every value of the domain

        text = self.packed_text(name)
        try:
            value = read_canonical_json(text)
        except StoreCorrupt as e:
            raise self.corrupt(f"{name} to be a {kind.__name__} ({e})", text) from e
        if not isinstance(value, kind):
            raise self.corrupt(f"{name} to be a {kind.__name__}", value)
        return value

    def packed_text(self, name: str) -> str:
        from backend.adapters.documents.packing import unpack_text

        value = self._typed(name, (str, bytes), "packed text")
        try:
            return unpack_text(value)
        except ValueError as e:
            raise self.corrupt(f"{name} to be whole text ({e})", value) from e
