"""Draw histories of whatever may happen."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from backend.domain.signal import Action
from tests.chaos.script import (
    PORTFOLIOS,
    SYMBOLS,
    Attempt,
    Call,
    Ending,
    Errand,
    Hand,
    Script,
    StoreFailure,
    StoreFault,
    Strike,
    Tick,
    VenueKind,
    other_portfolio,
)
from tests.fuzz.script import Say

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
_ANSWERS = ("429", "500", "504", "garbage", "garbage=502", "drop-before")
_LOST_ANSWERS = ("timeout-after-accept", "status-after-accept=504", "status-after-accept=500")
_SLOW = ("timeout-after-accept=9", "hang=9")  # longer than an impatient client waits
_READS = ("GET /v2/account", "GET /v2/positions", "GET /v2/assets*")
_LOOK_UP = "GET /v2/orders:by_client_order_id"
# Reads are repeated twice: up to two failures are got over, more are not. Assets are read by threads, whose order is
# not drawn, so that a number in between would fail or not by chance.
_READ_FAILURES = (1, 2, 20)


def drawn(seed: int, number: int, strikes: Mapping[Errand, Sequence[Strike]]) -> Script:
    """Return the history with this number, of those that walk nothing."""
    return _Drawing(Random(f"history {seed} {number}"), strikes).script()


class _Drawing:
    def __init__(self, random: Random, strikes: Mapping[Errand, Sequence[Strike]]) -> None:
        self._random = random
        self._by_boundary: dict[Errand, dict[str, list[Strike]]] = {}
        for errand, each in strikes.items():
            boundaries = self._by_boundary.setdefault(errand, {})
            for strike in each:
                if strike.ending is not Ending.OVERTAKEN:
                    boundaries.setdefault(strike.boundary, []).append(strike)
        self._is_restricted = False  # whether an operator may have stopped trading so far

    def script(self) -> Script:
        random = self._random
        has_two = random.random() < 0.4
        ticks = []
        if random.random() < 0.7:
            ticks.append(self._tick("main", has_two, action_weights=(8, 1, 1, 0), after_seconds=0))
        for _ in range(random.choice((1, 1, 2))):
            portfolio = random.choice(("main", "main", "second")) if has_two else "main"
            after = random.choice((0, 2 * MINUTE, 6 * MINUTE, 6 * MINUTE, HOUR, DAY))
            resumed = [self._resumption()] if self._is_restricted and random.random() < 0.7 else []
            attempts = [*resumed, *(self._attempt(n, has_two) for n in range(random.choice((1, 1, 2, 3))))]
            ticks.append(
                self._tick(
                    portfolio, has_two, action_weights=(4, 3, 1, 1), after_seconds=after, attempts=tuple(attempts)
                )
            )
        owned = {"AAPL": Decimal(5), "XOM": Decimal(100)} if random.random() < 0.25 else {}
        venue, is_touchy = random.choice(tuple(VenueKind)), random.random() < 0.15
        return Script(venue=venue, ticks=tuple(ticks), owned=owned, is_touchy=is_touchy)

    def _tick(
        self,
        portfolio: str,
        has_two: bool,
        *,
        action_weights: tuple[int, int, int, int],
        after_seconds: int,
        attempts: tuple[Attempt, ...] = (),
    ) -> Tick:
        beside = other_portfolio(portfolio) if has_two and self._random.random() < 0.7 else None
        return Tick(
            portfolio=portfolio,
            says=self._says(portfolio, action_weights),
            after_seconds=after_seconds,
            attempts=attempts,
            other={} if beside is None else self._says(beside, action_weights),
            is_left=bool(attempts) and self._random.random() < 0.15,
        )

    def _says(self, portfolio: str, weights: tuple[int, int, int, int]) -> dict[str, Say]:
        return {name: self._say(weights) for name in PORTFOLIOS[portfolio]}

    def _say(self, weights: tuple[int, int, int, int]) -> Say:
        random = self._random
        (action,) = random.choices((Action.BUY, Action.SELL, Action.HOLD, Action.CLOSE_ALL), weights)
        symbol = random.choice(SYMBOLS)
        return Say(action, symbol, random.choice((0.1, 0.25, 0.5, 0.9)) if action is Action.BUY else 0.0)

    def _attempt(self, number: int, has_two: bool) -> Attempt:
        random = self._random
        after = random.choice((0, 1, 5) if number == 0 else (5, 15, 45, 70, 3 * MINUTE, 5 * MINUTE))
        hands = [self._hand(likely=0.5)]
        if random.random() < 0.35:
            beside = self._errand(has_two)
            hands = [self._hand(likely=0.35, post_seconds=random.choice((0, 1, 3))), beside]
            if random.random() < 0.25:
                hands = [beside]
        elif random.random() < 0.35:
            hands.append(self._hand(likely=0.35, is_other=has_two and random.random() < 0.5))
        broker = self._broker_faults() if random.random() < 0.45 else ()
        return Attempt(after_seconds=after, hands=tuple(hands), broker=broker)

    def _resumption(self) -> Attempt:
        self._is_restricted = False
        return Attempt(after_seconds=1, hands=(self._hand(likely=0.2, errand=Errand.RESUME),))

    def _errand(self, has_two: bool) -> Hand:
        random = self._random
        choices = (Errand.RECONCILE,) * 2 + (Errand.HALT,) * 3 + (Errand.FLATTEN,) * 2
        may_resume = self._is_restricted or random.random() < 0.2
        errand = random.choice((*choices, Errand.RESUME) if may_resume else choices)
        self._is_restricted = errand is not Errand.RESUME and (self._is_restricted or errand is not Errand.RECONCILE)
        names = [name for portfolio in (("main", "second") if has_two else ("main",)) for name in PORTFOLIOS[portfolio]]
        return self._hand(
            likely=0.4,
            is_other=has_two and random.random() < 0.3,
            errand=errand,
            sells=random.choice(names) if errand is Errand.FLATTEN and random.random() < 0.5 else "",
            looks=random.choice((1, 1, 3)) if errand in (Errand.HALT, Errand.FLATTEN) else 1,
        )

    def _hand(
        self,
        *,
        likely: float,
        is_other: bool = False,
        errand: Errand = Errand.TICK,
        sells: str = "",
        looks: int = 1,
        post_seconds: int = 0,
    ) -> Hand:
        random = self._random
        may_post = errand in (Errand.TICK, Errand.FLATTEN)
        return Hand(
            strike=self._strike(errand) if random.random() < likely else None,
            store=(self._store_fault(),) if random.random() < 0.3 else (),
            late_post=random.choice((1, 2)) if may_post and random.random() < 0.12 else None,
            is_other=is_other,
            errand=errand,
            sells=sells,
            looks=looks,
            post_seconds=post_seconds,
        )

    def _strike(self, errand: Errand) -> Strike:
        """Draw the boundary first, so that the many statements of a commit do not crowd out the rest."""
        boundaries = self._by_boundary[errand]
        return self._random.choice(boundaries[self._random.choice(sorted(boundaries))])

    def _store_fault(self) -> StoreFault:
        call = self._random.choice((Call.COMMIT, Call.COMMIT, Call.COMMIT, Call.READ, Call.QUERY))
        failures = [each for each in StoreFailure if call is Call.COMMIT or each is not StoreFailure.LATE]
        nth = 1 if call is Call.QUERY else self._random.choice((1, 1, 2))
        return StoreFault(call, nth, self._random.choice(failures))

    def _broker_faults(self) -> tuple[str, ...]:
        random = self._random
        faults = []
        if random.random() < 0.8:
            action = random.choice(_ANSWERS * 2 + _LOST_ANSWERS * 3 + _SLOW)
            faults.append(f"POST /v2/orders:{action}*{random.choice((1, 1, 2))}")
        if random.random() < 0.5:
            faults.append(f"{_LOOK_UP}:{random.choice(_ANSWERS)}*{random.choice(_READ_FAILURES)}")
        if random.random() < 0.3:
            faults.append(f"{random.choice(_READS)}:{random.choice(_ANSWERS)}*{random.choice(_READ_FAILURES)}")
        return tuple(faults)
