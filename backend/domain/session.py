"""A trading session: the day that accounting counts by."""

from dataclasses import dataclass
from datetime import date, datetime

from backend.domain.errors import MarketDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day of a venue, named by its local date; open and close are aware UTC instants."""

    day: date
    opens_at: datetime
    closes_at: datetime

    def __post_init__(self) -> None:
        if self.opens_at.tzinfo is None or self.closes_at.tzinfo is None or not self.opens_at < self.closes_at:
            raise MarketDataError(
                f"{self.day}: expected an aware opening before an aware close, found {self.opens_at} and "
                f"{self.closes_at}; correct the calendar"
            )
