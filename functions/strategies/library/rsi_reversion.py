"""RSI reversion: buy what has been sold too hard, leave it when it has been bought too hard.

J. Welles Wilder, New Concepts in Technical Trading Systems (1978): a 14-day index below 30 marks a bottom, above
70 a top. The exit here is lower by default, since a rebound seldom runs the whole way.
"""

from dataclasses import dataclass

from functions.strategies.library.indicators import wilder_rsi
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict

# After five periods Wilder's arbitrary start weighs less than 3 % of the average.
_WARM_UP_PERIODS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class RsiReversion(RankedStrategy):
    """Enter at or below ``oversold``, exit at or above ``overbought``, both on the scale 0 to 100."""

    also_called = ("RSIStrategy",)

    period: int = 14
    oversold: float = 30.0
    overbought: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("period", at_least=2)
        self.require_number("oversold", above=0.0, at_most=100.0)
        self.require_number("overbought", above=0.0, at_most=100.0)
        self.require(self.oversold < self.overbought, "oversold", f"less than overbought ({self.overbought:g})")

    @property
    def history_days(self) -> int:
        return _WARM_UP_PERIODS * self.period + 1

    def judge(self, panel: Panel) -> Verdict:
        rsi = wilder_rsi(panel.close, self.period)
        # One point is added so that the level itself counts.
        return Verdict(
            entry=(self.oversold - rsi + 1.0) / 10.0 * (rsi <= self.oversold),
            exit=(rsi - self.overbought + 1.0) / 10.0 * (rsi >= self.overbought),
            why_in=lambda i: f"RSI {rsi[i]:.1f} is at or below {self.oversold:g}: oversold",
            why_out=lambda i: f"RSI {rsi[i]:.1f} is at or above {self.overbought:g}: recovered",
        )
