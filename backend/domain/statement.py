"""What the broker's own books say happened on an account."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.market import new_york_day
from backend.domain.signal import Symbol

ZERO = Decimal(0)


class ActivityKind(StrEnum):
    FILL = "fill"
    SPLIT = "split"  # shares added or taken away by a split, no cash
    DIVIDEND = "dividend"
    FEE = "fee"  # regulatory and crypto fees, commissions
    INTEREST = "interest"
    TRANSFER = "transfer"  # deposits, withdrawals, journals of cash
    SHARES = "shares"  # shares journaled in or out
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One entry of the broker's books.

    ``at`` is when it was booked, ``day`` the day in New York that it is for where that is another, as of a fee that is
    booked the night after. ``quantity`` is the signed change of the position in ``symbol``, ``cash`` the signed change
    of the account's cash, both 0 where there is none. ``order_id`` is the broker's own id of the order behind a fill.
    """

    activity_id: str
    kind: ActivityKind
    at: datetime
    day: date | None = None
    symbol: Symbol | None = None
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    cash: Decimal = ZERO
    order_id: str = ""

    @property
    def trading_day(self) -> date:
        """The day in New York whose trades it belongs to."""
        return self.day or new_york_day(self.at)
