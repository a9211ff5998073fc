"""What the broker's own books say, after the fact."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from backend.domain.statement import Activity


class Statements(Protocol):
    """Reads raise BrokerUnavailable or BrokerRefused."""

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        """Read the account's equity at the close of each day, both ends included; a day without one is left out."""
        ...

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        """Read everything that changed cash or positions on these days, in the order in which it happened."""
        ...
