"""A month as a strategy's days were cut: from the last close before it to the last close in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.marketplace.month import Month

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AccountingMonth:
    """What took effect after ``after`` and up to ``through`` is of the month."""

    after: datetime
    through: datetime


def calendar_month(month: Month) -> AccountingMonth:
    """Return the month in UTC, for a strategy whose days Maestro does not close."""
    return AccountingMonth(after=month.starts_at - _INSTANT, through=month.ends_at - _INSTANT)


def accounting_month(month: Month, closes: Iterable[tuple[date, datetime]]) -> AccountingMonth:
    """Return the month between closes, so that its days add up to it; each close is given with its day."""
    known = sorted(closes)
    before = [at for day, at in known if day < month.first_day]
    within = [at for day, at in known if month.first_day <= day <= month.last_day]
    calendar = calendar_month(month)
    return AccountingMonth(
        after=before[-1] if before else calendar.after,
        through=within[-1] if within else calendar.through,
    )
