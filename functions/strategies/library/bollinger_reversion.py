"""Bollinger reversion: buy a close below the lower band, leave at the middle one.

John Bollinger, Bollinger on Bollinger Bands (2001): 20 days, two population standard deviations; %b = 0 at the
lower band, 0.5 at the middle, 1 at the upper.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from functions.strategies.library.indicators import bollinger
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict

_FLAT = 1e-9  # bands this narrow, as a part of the price, are rounding


@dataclass(frozen=True, kw_only=True, eq=False)
class BollingerReversion(RankedStrategy):
    """Enter below the lower band, ``width`` standard deviations below the mean of ``days`` closes."""

    also_called = ("BollingerBandsStrategy", "MeanReversionStrategy")
    parameters_also_called = MappingProxyType({"period": "days", "std_dev": "width"})

    days: int = 20
    width: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("days", at_least=2)
        self.require_number("width", above=0.0, at_most=10.0)

    @property
    def history_days(self) -> int:
        return self.days

    def judge(self, panel: Panel) -> Verdict:
        bands = bollinger(panel.close, self.days, self.width)
        height = bands.upper - bands.lower
        close = panel.close[:, -1]
        percent_b = (close - bands.lower) / np.where(height > _FLAT * close, height, np.nan)
        return Verdict(
            entry=-10.0 * percent_b,
            exit=2.0 * (percent_b - 0.5),
            why_in=lambda i: f"close {close[i]:.2f} is below the lower band {bands.lower[i]:.2f}",
            why_out=lambda i: f"close {close[i]:.2f} is back above the mean {bands.middle[i]:.2f}",
        )
