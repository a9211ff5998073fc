"""Moving-average crossover: in while the fast average is above the slow one, out when it is below.

The variable-length moving-average rule of Brock, Lakonishok and LeBaron, Simple technical trading rules and the
stochastic properties of stock returns, Journal of Finance 47 (1992): a band around the slow average keeps small
crossings from trading.
"""

from dataclasses import dataclass
from types import MappingProxyType

from functions.strategies.library.indicators import sma
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class MovingAverageCrossover(RankedStrategy):
    """``band`` is a fraction of the slow average; inside it nothing is traded."""

    also_called = ("MovingAverageStrategy",)
    parameters_also_called = MappingProxyType({"short_period": "fast_days", "long_period": "slow_days"})

    fast_days: int = 5
    slow_days: int = 50
    band: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("fast_days", at_least=1)
        self.require_whole("slow_days", at_least=2)
        self.require(self.fast_days < self.slow_days, "fast_days", f"less than slow_days ({self.slow_days})")
        self.require_number("band", above=0.0, at_most=0.5)

    @property
    def history_days(self) -> int:
        return self.slow_days

    def judge(self, panel: Panel) -> Verdict:
        gap = sma(panel.close, self.fast_days) / sma(panel.close, self.slow_days) - 1.0
        days = f"{self.fast_days}-day average"
        return Verdict(
            entry=gap / self.band - 1.0,
            exit=-gap / self.band - 1.0,
            why_in=lambda i: f"{days} is {gap[i]:.1%} above the {self.slow_days}-day average",
            why_out=lambda i: f"{days} is {-gap[i]:.1%} below the {self.slow_days}-day average",
        )
