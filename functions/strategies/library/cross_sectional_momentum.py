"""Cross-sectional momentum: hold the winners of the formation period, whatever the market did.

Jegadeesh and Titman, Returns to buying winners and selling losers, Journal of Finance 48 (1993): symbols are
ranked by their return over the formation period, the most recent days left out (their short-term reversal).
Long-only here; a holding is left when its rank falls below ``exit_rank``, further down than it was bought, so
that two neighbours in rank do not trade places every day.
"""

from dataclasses import dataclass

import numpy as np

from functions.strategies.library.indicators import past_return
from functions.strategies.library.ranking import Panel, RankedStrategy, Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossSectionalMomentum(RankedStrategy):
    """One quarter by default, as in the paper's shortest; 12-1 momentum is ``formation_days=231, skip_days=21``."""

    max_positions: int = 5
    formation_days: int = 63
    skip_days: int = 5
    exit_rank: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_whole("formation_days", at_least=1)
        self.require_whole("skip_days", at_least=0)
        self.require_whole("exit_rank", at_least=1)
        self.require(self.exit_rank >= self.max_positions, "exit_rank", f"max_positions ({self.max_positions}) or more")

    @property
    def history_days(self) -> int:
        return self.formation_days + self.skip_days + 1

    def judge(self, panel: Panel) -> Verdict:
        past = past_return(panel.close, self.formation_days, self.skip_days)
        symbols = len(past)
        rank = np.empty(symbols)
        rank[np.argsort(-past, kind="stable")] = np.arange(1, symbols + 1)
        case = f"of {symbols} by {self.formation_days}-day return"
        return Verdict(
            entry=(self.max_positions + 1 - rank) / self.max_positions,
            exit=(rank - self.exit_rank) / self.exit_rank,
            why_in=lambda i: f"ranks {rank[i]:.0f} {case} ({past[i]:+.1%})",
            why_out=lambda i: f"ranks {rank[i]:.0f} {case}, below {self.exit_rank}",
        )
