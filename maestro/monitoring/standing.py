"""What one look at the store shows of a portfolio: as few reads for a thousand strategies as for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.domain.snapshot import StrategyPerformanceSnapshot
from backend.domain.tick import LogEntry, Observation, PortfolioKey
from backend.ports.decisions import DecisionLog
from backend.ports.performances import PerformanceHistory

_NEIGHBOURS = 20  # entries among which the portfolio's own is looked for when the newest is another's


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Trading, book and record as they stand, the portfolio's newest decision, and its last closed day."""

    observed: Observation
    newest: LogEntry | None
    last_day: Sequence[StrategyPerformanceSnapshot] = ()

    def part(self, name: str) -> Mapping[str, Any]:
        """Return ``allocation`` or ``risk`` of the newest decision; empty where it is not known."""
        return (self.newest.body.get(name) or {}) if self.newest else {}


def read_standing(log: DecisionLog, performances: PerformanceHistory, key: PortfolioKey) -> Standing:
    """Read in three round trips.

    One more each when the track record or the newest decision's inputs span several documents, and when that decision
    is another portfolio's.

    Raises
    ------
    StoreError
        The store did not answer, or what it holds cannot be read.
    """
    observed = log.observe_book(key)
    through = observed.record.through
    days = performances.strategy_days(key, first=through, last=through) if through else ()
    return Standing(
        observed=observed,
        newest=_newest(log, key),
        last_day=[each for each in days if each.strategy_id in observed.book.strategies],
    )


def _newest(log: DecisionLog, key: PortfolioKey) -> LogEntry | None:
    for last in (1, _NEIGHBOURS):
        entries = log.decisions(key.tenant_id, last=last)
        own = [each for each in entries if each.portfolio_id == key.portfolio_id]
        if own or len(entries) < last:
            return own[0] if own else None
    return None
