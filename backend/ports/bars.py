"""Where prices come from."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from backend.domain.corporate_action import CorporateAction
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

    def intraday(self, symbols: Sequence[Symbol], *, minutes: int, until: datetime, count: int) -> MarketData:
        """Read at most the last ``count`` bars of ``minutes`` that have ended by ``until``; symbols without any are
        left out.

        Raises
        ------
        MarketDataError
            As for ``daily``, or the source has no bars of this length.
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

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        """Read each symbol's close of ``day``, or its newest one before, as it was printed then: not adjusted.

        What positions are marked at: equal whenever it is asked. A symbol without a close in the ten days up to
        ``day`` is left out.

        Raises
        ------
        MarketDataError
            As for ``daily``.
        """
        ...

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        """Read splits and cash dividends with an ex-day from ``first`` to ``last``, both included, by ex-day.

        Raises
        ------
        MarketDataError
            As for ``daily``.
        """
        ...
