"""Volatility-targeted trend: above its long average a symbol is held, the less the more it swings.

The trend filter of Faber, A quantitative approach to tactical asset allocation, Journal of Wealth Management
(2007), with position sizes of Moreira and Muir, Volatility-managed portfolios, Journal of Finance 72 (2017):
exposure inverse to realised variance, unleveraged here. A target is never trimmed, so a symbol whose volatility
has run away to ``exit_volatility`` is left.
"""

from dataclasses import dataclass

import numpy as np

from functions.strategies.library.indicators import realised_volatility, sma
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict

_FLAT = 1e-4  # stands for the volatility of a price that never moves


@dataclass(frozen=True, kw_only=True, eq=False)
class VolatilityTargetedTrend(RankedStrategy):
    """Volatilities are annual: 0.25 is 25 % a year."""

    trend_days: int = 100
    volatility_days: int = 21
    target_volatility: float = 0.25
    exit_volatility: float = 0.60

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("trend_days", at_least=2)
        self.require_whole("volatility_days", at_least=2)
        self.require_number("target_volatility", above=0.0, at_most=10.0)
        self.require_number("exit_volatility", above=0.0, at_most=10.0)
        self.require(
            self.target_volatility < self.exit_volatility,
            "target_volatility",
            f"less than exit_volatility ({self.exit_volatility:g})",
        )

    @property
    def history_days(self) -> int:
        return max(self.trend_days, self.volatility_days + 1)

    def judge(self, panel: Panel) -> Verdict:
        gap = panel.close[:, -1] / sma(panel.close, self.trend_days) - 1.0
        volatility = np.maximum(realised_volatility(panel.close, self.volatility_days), _FLAT)
        excess = volatility / self.exit_volatility - 1.0
        return Verdict(
            entry=gap / volatility,
            exit=np.maximum(-gap / volatility, excess),
            size=np.minimum(1.0, (self.target_volatility / volatility) ** 2),
            why_in=lambda i: f"{gap[i]:.1%} above the {self.trend_days}-day average at {volatility[i]:.0%} volatility",
            why_out=lambda i: (
                f"volatility {volatility[i]:.0%} is above {self.exit_volatility:.0%}"
                if excess[i] > 0.0
                else f"{-gap[i]:.1%} below the {self.trend_days}-day average"
            ),
        )
