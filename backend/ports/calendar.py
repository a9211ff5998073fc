"""When a venue trades."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from backend.domain.session import Session


class Calendar(Protocol):
    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """Return the sessions from ``first`` to ``last``, both included, oldest first; holidays have none.

        Raises
        ------
        MarketDataError
            The calendar does not reach that far.
        """
        ...
