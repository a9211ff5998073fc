"""Which portfolios are due at a minute, and what becomes of ticks that were missed.

1. a portfolio is due when its own schedule names the minute and, unless it says otherwise, its venue is open then;
2. instants that its schedule named since the last dispatch, and that nobody dispatched, were missed: they are skipped
   and told, or the latest of them runs now, as the portfolio asks;
3. a tick that nobody has decided when the next one is due has expired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.domain.errors import ConfigurationError, PortfolioPaused, TickExpired
from backend.domain.session import Session
from backend.domain.task import Task, TaskKind
from backend.domain.tick_request import PortfolioKey, TickRequest

ACTIVE = "active"
LONGEST_DELAY = timedelta(days=1)  # a missed tick is made up for, and a late one decided, up to this age


class CatchUp(StrEnum):
    """What becomes of a tick that was missed."""

    SKIP = "skip"
    LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPortfolio:
    """An active portfolio and when it ticks; an empty ``schedule`` or ``calendar`` is that of the settings."""

    key: PortfolioKey
    schedule: str = ""
    calendar: str = ""
    market_hours: bool = True
    catch_up: CatchUp = CatchUp.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPortfolios:
    """Who is to be run; ``faults`` says, by tenant and portfolio, which documents cannot be read."""

    portfolios: tuple[ScheduledPortfolio, ...] = ()
    faults: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRecord:
    """What the last dispatch left: the minute up to which all is dispatched, and the schedules that portfolios have."""

    until: datetime | None = None
    schedules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """What a schedule names in the window of a dispatch, oldest first, and the instant after the last of them."""

    instants: tuple[datetime, ...] = ()
    following: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTick:
    """What is to be queued for a portfolio, None for nothing, and which of its ticks are skipped."""

    task: Task | None
    skipped: tuple[datetime, ...] = ()


def due_tick(
    portfolio: ScheduledPortfolio,
    occurrences: Occurrences,
    sessions: Sequence[Session],
    *,
    minute: datetime,
    correlation_id: str,
) -> DueTick:
    """Say what is due for one portfolio.

    Parameters
    ----------
    sessions : those of the portfolio's venue that touch the window; not looked at without ``market_hours``
    """
    instants = [at for at in occurrences.instants if not portfolio.market_hours or is_open(sessions, at)]
    if not instants:
        return DueTick(task=None)
    *earlier, last = instants
    if last != minute and portfolio.catch_up is CatchUp.SKIP:
        return DueTick(task=None, skipped=tuple(instants))
    following = occurrences.following if portfolio.catch_up is CatchUp.SKIP else None
    task = Task(
        kind=TaskKind.TICK,
        key=portfolio.key,
        scheduled_at=last,
        correlation_id=correlation_id,
        expires_at=min(following or minute + LONGEST_DELAY, minute + LONGEST_DELAY),
    )
    return DueTick(task=task, skipped=tuple(earlier))


def is_open(sessions: Sequence[Session], at: datetime) -> bool:
    """Say whether a venue trades at an instant; at its close it does no more."""
    return any(each.opens_at <= at < each.closes_at for each in sessions)


def check_begin(request: TickRequest, portfolio: Mapping[str, Any], now: datetime) -> None:
    """Refuse to begin a tick that is too late or whose portfolio is paused; what was begun goes on all the same.

    Parameters
    ----------
    portfolio : the fields of its document, none where it has none

    Raises
    ------
    PortfolioPaused, TickExpired
        Nothing was decided.
    ConfigurationError
        The portfolio's state is not a text.
    """
    state = portfolio.get("state", ACTIVE)
    if not isinstance(state, str):
        raise ConfigurationError(
            f"portfolios/{request.key.portfolio_id}.state: expected a text such as active or paused, found {state!r}; "
            "correct it"
        )
    if state != ACTIVE:
        raise PortfolioPaused(
            f"{request.key.tenant_id}/{request.key.portfolio_id}: expected an active portfolio, found it {state}; "
            "nothing was decided, make it active to go on"
        )
    if request.expires_at is not None and now >= request.expires_at:
        raise TickExpired(
            f"{request.tick_id}: expected to begin before {request.expires_at:%Y-%m-%d %H:%M:%S} UTC, found it is "
            f"{now:%Y-%m-%d %H:%M:%S}; nothing was decided, a later tick goes on"
        )
