"""Walk every boundary of the standard errands, one in a history: what is done there, and what meets it there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from random import Random

from backend.domain.signal import Action
from tests.chaos.channel import Passed
from tests.chaos.script import Attempt, Ending, Errand, Hand, Script, Side, Strike, Tick, VenueKind
from tests.fuzz.script import Say

WALKED = (Errand.TICK, Errand.RECONCILE, Errand.HALT, Errand.FLATTEN, Errand.RESUME)
_MINUTE = 60
_OPENING = {"a": Say(Action.BUY, "AAPL", 0.3), "b": Say(Action.BUY, "XOM", 0.2), "c": Say(Action.BUY, "MSFT", 0.1)}
# An exit that is crossed in part, a rest that is sold, an entry in whole shares, and one in a fraction.
_STANDARD = {"a": Say(Action.SELL, "AAPL"), "b": Say(Action.BUY, "AAPL", 0.1), "c": Say(Action.BUY, "XOM", 0.2)}
_OWNED = {"AAPL": Decimal(5), "XOM": Decimal(100)}


@dataclass(frozen=True, slots=True)
class Walk:
    """One errand, and where it is met; without a strike it is only looked at."""

    errand: Errand
    strike: Strike | None = None

    @property
    def name(self) -> str:
        """What the walks are counted by."""
        is_overtaken = self.strike is not None and self.strike.ending is Ending.OVERTAKEN
        return f"{self.errand} overtaken by a halt" if is_overtaken else f"{self.errand} ended"


def standard(walk: Walk) -> Script:
    """The standard form of an errand; the orders of the tick before it are filled only in part.

    A job finds the rest filled. A command finds them open, since no time has passed: it cancels them. What is
    interrupted is taken to its end afterwards; the tick that follows wants what the standard tick does.
    """
    strike = walk.strike
    hands = [Hand(strike=strike, errand=walk.errand)]
    if strike is not None and strike.ending is Ending.OVERTAKEN:
        hands.append(Hand(errand=Errand.HALT))
    attempts = [Attempt(after_seconds=0, hands=tuple(hands))]
    if walk.errand is Errand.RESUME:
        attempts.insert(0, Attempt(after_seconds=0, hands=(Hand(errand=Errand.HALT),)))
    has_passed = walk.errand in (Errand.TICK, Errand.RECONCILE)
    tick = Tick(
        portfolio="main",
        says=_STANDARD,
        after_seconds=6 * _MINUTE if has_passed else 0,
        attempts=tuple(attempts),
    )
    opening = Tick(portfolio="main", says=_OPENING, after_seconds=0)
    return Script(
        venue=VenueKind.IN_PARTS, ticks=(opening, tick), owned=_OWNED if walk.errand is Errand.FLATTEN else {}
    )


def targets(errand: Errand, passed: Sequence[Passed]) -> list[Strike]:
    """Return every way to meet a process at the boundaries that it passed: end it, or let a halt overtake a tick."""
    ended = [
        Strike(each.name, each.nth, Side(each.side), ending)
        for each in passed
        for ending in (Ending.KILL, Ending.EXCEPTION)
        # After one statement is before the next, but for the last one of a transaction.
        if not (each.name.startswith("sql") and each.side == Side.AFTER and each.name != "sql COMMIT")
    ]
    overtaken = [
        Strike(each.name, each.nth, Side(each.side), Ending.OVERTAKEN)
        for each in passed
        # Inside a transaction the halt would wait for its lock; assets are read by threads, which cannot stand aside.
        if errand is Errand.TICK and not each.name.startswith(("sql", "http GET /v2/assets"))
    ]
    return ended + overtaken


def walk_of(seed: int, number: int, walks: Sequence[Walk]) -> Walk | None:
    """Return what the history with this number walks: every second one does, until all has been walked.

    The kinds of walks take turns, so that a short run has some of each.
    """
    half, is_odd = divmod(number, 2)
    if is_odd or half >= len(walks):
        return None
    order = list(walks)
    Random(f"order {seed}").shuffle(order)
    ranked: defaultdict[str, list[Walk]] = defaultdict(list)
    for walk in order:
        ranked[walk.name].append(walk)
    rounds = zip_longest(*(ranked[name] for name in sorted(ranked)))
    return [walk for each in rounds for walk in each if walk is not None][half]
