"""Limits that some write as a percentage and others as a fraction: one rule, and a warning where it may be wrong.

1. text with a percent sign is a percentage: ``"2%"`` is 0.02;
2. a number above 1 is a percentage: no limit of these kinds is larger than the whole, so 2 is 0.02;
3. a number of at most 1 is a fraction: 0.02 is 0.02.

Doubt is reported for exactly 1, for a fraction under a key that says percent, and for a sign.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_SAYS_PERCENT = re.compile(r"percent|pct|%", re.IGNORECASE)
_LARGEST_PERCENTAGE = Decimal(100)
_MOST_DIGITS = 20  # before or after the point


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraction:
    """A part of the whole, above 0 and at most 1; ``doubt`` says how else it could have been meant."""

    value: float
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFraction:
    """Why something is not a part of the whole."""

    reason: str


def as_fraction(value: Any, key: str) -> Fraction | NoFraction:
    """Read a limit by the rule above; ``key`` is what it stands under."""
    number, is_marked = _number(value)
    if number is None:
        return NoFraction(reason=f"expected a number or a percentage, found {type(value).__name__}")
    if number == 0:
        return NoFraction(reason="0 may mean off or none at all")
    size = abs(number)
    if size > _LARGEST_PERCENTAGE:
        return NoFraction(reason=f"{_text(size)} is no part of equity; it may be an amount of money or a quantity")
    fraction = size / 100 if is_marked or size > 1 else size
    doubts = [
        *_doubts(size, fraction, key, is_marked=is_marked),
        *([f"{_text(number)} has a sign, taken as {_text(size)}"] if number < 0 else []),
    ]
    return Fraction(value=float(fraction), doubt="; ".join(doubts))


def _doubts(size: Decimal, fraction: Decimal, key: str, *, is_marked: bool) -> list[str]:
    if is_marked:
        return []
    if size == 1:
        return ['1 is taken as the whole, which switches the limit off; write "1%" if one percent was meant']
    if size < 1 and _SAYS_PERCENT.search(key):
        return [f'{_text(size)} is taken as {_text(fraction * 100)} %; write "{_text(size)}%" if that was meant']
    return []


def _number(value: Any) -> tuple[Decimal | None, bool]:
    """Return the number and whether a percent sign stands beside it."""
    if isinstance(value, bool):
        return None, False
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, int | float) else ""
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None, False
    is_usable = number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS
    return (number, text.endswith("%")) if is_usable else (None, False)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
