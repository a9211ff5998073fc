"""The rule of confirmation: what is out of line is believed after enough looks that are apart in time."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from backend.domain.guard import Doubt

APART = timedelta(seconds=30)  # two portfolios of one account look in the same minute: that is one look


def is_counted(at: datetime, seen_at: datetime | None) -> bool:
    """Tell whether a look is far enough from the last one that counted."""
    return seen_at is None or at - seen_at >= APART


def is_near(value: Decimal, reference: Decimal, limit: Decimal) -> bool:
    """Tell whether ``value`` ÷ ``reference`` is within ``limit`` of 1, without dividing."""
    return abs(value - reference) <= limit * abs(reference)


def is_jump(value: Decimal, reference: Decimal | None, limit: Decimal) -> bool:
    """Tell whether a value is out of line; without a positive reference none is."""
    return reference is not None and reference > 0 and not is_near(value, reference, limit)


def doubted(value: Decimal, doubt: Doubt | None, *, at: datetime, limit: Decimal, confirmations: int) -> Doubt | None:
    """Return the doubt that remains about a value that is out of line; None once it is confirmed."""
    if doubt is None or not is_near(value, doubt.value, limit):
        doubt = Doubt(value=value, looks=1, seen_at=at)
    elif is_counted(at, doubt.seen_at):
        doubt = replace(doubt, looks=doubt.looks + 1, seen_at=at)
    return None if doubt.looks >= confirmations else doubt
