"""Donchian breakout: buy a new high of the entry channel, leave at a new low of the shorter exit channel.

Richard Donchian's channel with the lengths of the Turtles' System 1 (Curtis Faith, Way of the Turtle, 2007):
20 days in, 10 days out. The newest day is compared with the days before it, at the close.
"""

from dataclasses import dataclass

import numpy as np

from functions.strategies.library.indicators import highest_before, lowest_before
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class DonchianBreakout(RankedStrategy):
    entry_days: int = 20
    exit_days: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("entry_days", at_least=2)
        self.require_whole("exit_days", at_least=1)
        self.require(self.exit_days <= self.entry_days, "exit_days", f"at most entry_days ({self.entry_days})")

    @property
    def history_days(self) -> int:
        return self.entry_days + 1

    def judge(self, panel: Panel) -> Verdict:
        close, low = panel.close[:, -1], panel.low
        top = highest_before(panel.high, self.entry_days)
        bottom = lowest_before(low, self.exit_days)
        # Channel widths beyond the edge: comparable across calm and wild symbols.
        width = top - lowest_before(low, self.entry_days)
        width = np.where(width > 0.0, width, close)
        return Verdict(
            entry=(close - top) / width,
            exit=(bottom - close) / width,
            why_in=lambda i: f"close {close[i]:.2f} is above the {self.entry_days}-day high {top[i]:.2f}",
            why_out=lambda i: f"close {close[i]:.2f} is below the {self.exit_days}-day low {bottom[i]:.2f}",
        )
