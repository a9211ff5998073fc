"""What an operator sees of a tenant first: its newest tick, and whether ticks fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.measured import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TickFailure:
    """A tick that was not done. ``kind`` is an error's name or a snake_case word."""

    portfolio_id: str
    kind: str
    reason: str
    at: datetime
    tick_id: str = ""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOutcome:
    """A tick as far as it got: ``status`` is "committed" while its orders go out, then "done"."""

    portfolio_id: str
    tick_id: str
    scheduled_at: datetime
    committed_at: datetime
    status: str
    correlation_id: str = ""
    orders: int = 0
    unresolved: int = 0
    measured: Measured = field(default_factory=Measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSummary:
    """One tenant; of several portfolios whichever ticked last.

    ``failures`` names the first strategies that failed in the newest decision, ``failure_count`` counts them all.
    ``consecutive_failures`` are ticks since the last one that was committed, ``last_failure`` stays when it is over.
    ``last_tick`` is None where none was ever committed.
    """

    tenant_id: str
    last_tick: TickOutcome | None = None
    modes: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    failure_count: int = 0
    trading_state: str = ""
    code_version: str = ""
    consecutive_failures: int = 0
    last_failure: TickFailure | None = None

    @property
    def troubles(self) -> tuple[str, ...]:
        """What somebody should look at, the worst first; empty where all is well."""
        tick = self.last_tick
        found = {
            f"{self.consecutive_failures} ticks failed": self.consecutive_failures > 0,
            self.trading_state: self.trading_state not in ("", "ACTIVE"),
            f"{tick.unresolved if tick else 0} orders unresolved": tick is not None and tick.unresolved > 0,
            f"{self.failure_count} strategies failed": self.failure_count > 0,
        }
        return tuple(what for what, is_so in found.items() if is_so)
