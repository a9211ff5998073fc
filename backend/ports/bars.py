"""Where daily prices come from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from backend.domain.market import MarketData
from backend.domain.signal import Symbol


class Bars(Protocol):
    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        """Read at most the last ``days`` daily bars known at ``until``; symbols without any are left out.

        Raises
        ------
        MarketDataError
            The source is unreachable, empty or malformed.
        """
        ...

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        """Read the newest price of each symbol, what orders are sized and virtual fills are priced at.

        Raises
        ------
        MarketDataError
            As for ``daily``.
        """
        ...
