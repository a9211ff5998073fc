"""A calendar month in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from backend.domain.errors import ConfigurationError

_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # what every store can hold, with room for the month after


@dataclass(frozen=True, slots=True)
class Month:
    """From ``starts_at`` up to, not including, ``ends_at``."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (_is_whole(self.year) and _FIRST_YEAR <= self.year <= _LAST_YEAR):
            raise ConfigurationError(
                f"expected a year from {_FIRST_YEAR} to {_LAST_YEAR}, found {self.year!r}; correct it"
            )
        if not (_is_whole(self.month) and 1 <= self.month <= 12):
            raise ConfigurationError(
                f"expected a month from 1 to 12, found {self.month!r}; "
                "for last month pass previous_month(today), which is right in January, too"
            )

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return self.ends_at.date() - timedelta(days=1)

    @property
    def starts_at(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime:
        return datetime(self.year + self.month // 12, self.month % 12 + 1, 1, tzinfo=UTC)


def previous_month(today: date) -> tuple[int, int]:
    """Return year and month of the month before the one that ``today`` is in: December of last year in January."""
    last_day = today.replace(day=1) - timedelta(days=1)
    return last_day.year, last_day.month


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
