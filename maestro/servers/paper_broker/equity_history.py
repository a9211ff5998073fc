"""The account's equity at the close of each day that the broker's clock has passed."""

from bisect import bisect_left
from datetime import date
from decimal import Decimal


class EquityHistory:
    """Days, oldest first, each with its closing equity; `opening` stands for all days before the first."""

    def __init__(self, opening: Decimal) -> None:
        self._opening = opening
        self._days: list[date] = []
        self._equity: list[Decimal] = []

    def close(self, day: date, equity: Decimal) -> None:
        self._days.append(day)
        self._equity.append(equity)

    def before(self, day: date) -> Decimal:
        """Return the last closing equity before `day`."""
        index = bisect_left(self._days, day)
        return self._equity[index - 1] if index else self._opening

    def since(self, day: date) -> list[tuple[date, Decimal]]:
        """Return the closes from `day` on."""
        index = bisect_left(self._days, day)
        return list(zip(self._days[index:], self._equity[index:], strict=True))

    def day_before(self, day: date) -> date | None:
        """Return the last closed day before `day`."""
        index = bisect_left(self._days, day)
        return self._days[index - 1] if index else None
