"""The last known price of each symbol, in the shares of today.

Between the start of a split's ex-date and its first close, the last printed price is still one of the old shares;
it is divided by the split, so that a split by itself makes nobody richer.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal

from maestro.servers.paper_broker.errors import unprocessable
from maestro.servers.paper_broker.prices import PriceHistory, PriceSeries
from maestro.servers.paper_broker.sessions import last_known_day, local_day

_ONE = Decimal(1)
_TICK = Decimal("0.0001")


class Quotes:
    """What is known of prices at the broker's clock."""

    def __init__(self, prices: PriceHistory, now: datetime) -> None:
        self._prices = prices
        self._splits: dict[str, list[tuple[date, Decimal]]] = {}
        self.move(now)

    def move(self, now: datetime) -> None:
        self.today = local_day(now)
        self.known_day = last_known_day(now)

    def split(self, symbol: str, ratio: Decimal) -> None:
        """Turn each old share into `ratio` new ones from today on."""
        self._splits.setdefault(symbol, []).append((self.today, ratio))

    def price(self, symbol: str) -> Decimal:
        """Return the last known close of a symbol that is or was tradable."""
        price = self._close(symbol, self.known_day)
        if price is None:
            raise unprocessable(f'asset "{symbol}" is not tradable: it has no price yet')
        return price

    def last_day_price(self, symbol: str) -> Decimal:
        """Return the last close before today; today's when there is none."""
        before = self._close(symbol, self.today - timedelta(days=1))
        return self.price(symbol) if before is None else before

    def is_tradable(self, symbol: str) -> bool:
        return self._prices.close_on(symbol, self.known_day) is not None

    def _close(self, symbol: str, day: date) -> Decimal | None:
        close = self._prices.close_on(symbol, day)
        if close is None or symbol not in self._splits:
            return close
        ratio = self._ratio_since(self._prices.series[symbol], day)
        return close if ratio == 1 else max(_TICK, (close / ratio).quantize(_TICK))

    def _ratio_since(self, series: PriceSeries, day: date) -> Decimal:
        """Return how many shares of today one share of the last close up to `day` has become."""
        printed_on = series.days[bisect_right(series.days, day) - 1]
        ratio = _ONE
        for ex_day, factor in self._splits[series.symbol]:
            if ex_day > printed_on:
                ratio *= factor
        return ratio
