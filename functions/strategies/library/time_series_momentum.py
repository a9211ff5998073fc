"""Time-series momentum: hold what has risen over the look-back, sized by its own volatility.

Moskowitz, Ooi and Pedersen, Time series momentum, Journal of Financial Economics 104 (2012): the sign of an
instrument's own past return sets the side, ``target_volatility`` ÷ its ex-ante volatility the size (equation 5).
Long-only here, unleveraged, and judged every day instead of monthly.
"""

from dataclasses import dataclass

import numpy as np

from functions.strategies.library.indicators import ewma_volatility, past_return
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict

_FLAT = 1e-4  # stands for the volatility of a price that never moves


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeSeriesMomentum(RankedStrategy):
    """The paper's volatility target is 40 % a year; its look-backs run from 1 to 48 months, 12 being the best known."""

    lookback_days: int = 126
    target_volatility: float = 0.40
    center_of_mass_days: int = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("lookback_days", at_least=2)
        self.require_number("target_volatility", above=0.0, at_most=10.0)
        self.require_whole("center_of_mass_days", at_least=1)

    @property
    def history_days(self) -> int:
        return self.lookback_days + 1

    def judge(self, panel: Panel) -> Verdict:
        past = past_return(panel.close, self.lookback_days)
        volatility = np.maximum(ewma_volatility(panel.close, self.center_of_mass_days), _FLAT)
        strength = past / volatility
        return Verdict(
            entry=strength,
            exit=-strength,
            size=np.minimum(1.0, self.target_volatility / volatility),
            why_in=lambda i: f"rose {past[i]:.1%} in {self.lookback_days} days at {volatility[i]:.0%} volatility",
            why_out=lambda i: f"fell {-past[i]:.1%} in {self.lookback_days} days",
        )
