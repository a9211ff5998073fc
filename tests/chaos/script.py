"""Histories as values: what is done, by how many processes at once, and what befalls each of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from tests.fuzz.script import Say

START = datetime(2020, 3, 3, 20, 0, tzinfo=UTC)  # a Tuesday, 15:00 in New York
PORTFOLIOS = {"main": ("a", "b", "c"), "second": ("d", "e")}
SYMBOLS = ("AAPL", "MSFT", "XOM")
WHOLE_SHARES = "XOM"  # trades in whole shares only


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Errand(StrEnum):
    """What a process is there for."""

    TICK = "tick"
    RECONCILE = "reconcile"  # the job
    HALT = "halt"  # an operator's command, then the withdrawal of everything in flight
    FLATTEN = "flatten"  # the command, then the sale
    CARRY_ON = "flatten again"  # the sale alone: what was ordered stands in the store
    RESUME = "resume"


COMMANDS = frozenset({Errand.HALT, Errand.FLATTEN, Errand.RESUME})


class Ending(StrEnum):
    """What becomes of a process at a boundary: it ends, or it stands there until the others have ended."""

    KILL = "kill -9"
    EXCEPTION = "exception"
    OVERTAKEN = "overtaken"


class VenueKind(StrEnum):
    """How the paper broker executes."""

    AT_ONCE = "at once"
    IN_PARTS = "in parts"  # 40 % at once, the rest when the clock moves
    LATER = "later"  # when the clock moves


class StoreFailure(StrEnum):
    REFUSED = "refused"  # an error at once; nothing arrived
    TIMED_OUT = "timed out"  # ten seconds later an error; nothing arrived
    ANSWER_LOST = "answer lost"  # applied; then the connection is lost
    LATE = "applied late"  # an error now; what was written arrives after the next delivery


class Call(StrEnum):
    """The calls of ``Documents``."""

    READ = "read"
    COMMIT = "commit"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Strike:
    """Meet the process at the ``nth`` time that it comes to a boundary, counted from 1."""

    boundary: str
    nth: int
    side: Side
    ending: Ending

    @property
    def kind(self) -> str:
        return f"{self.ending} {self.side} {self.boundary}"


@dataclass(frozen=True, slots=True)
class StoreFault:
    """Let the ``nth`` call fail, counted from 1."""

    call: Call
    nth: int
    failure: StoreFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One process. ``late_post`` is the order request that arrives after the next delivery.

    ``sells`` is the strategy that a flatten sells out, all of them when it is empty; ``looks`` is how often a command
    looks for what is in flight, a second apart. Each order request takes ``post_seconds`` by the process's clock.
    """

    strike: Strike | None = None
    store: tuple[StoreFault, ...] = ()
    late_post: int | None = None
    is_other: bool = False  # serves the other portfolio, where there is one
    errand: Errand = Errand.TICK
    sells: str = ""
    looks: int = 1
    post_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One process, or two at once; ``broker`` are faults in the paper broker's own words."""

    after_seconds: int
    hands: tuple[Hand, ...]
    broker: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A scheduled run, ``after_seconds`` after the one before.

    ``other`` is what the other portfolio's strategies say at the same moment, where it ticks, too. One that is left
    is delivered to its end only when all other ticks have been.
    """

    portfolio: str
    says: dict[str, Say]
    after_seconds: int
    attempts: tuple[Attempt, ...] = ()
    other: dict[str, Say] = field(default_factory=dict)
    is_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """``owned`` is what the account's owner bought before, by symbol. Breakers that are touchy trip at any loss."""

    venue: VenueKind
    ticks: tuple[Tick, ...]
    owned: dict[str, Decimal] = field(default_factory=dict)
    is_touchy: bool = False


def other_portfolio(portfolio: str) -> str:
    return next(name for name in PORTFOLIOS if name != portfolio)
