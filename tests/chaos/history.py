"""Play one history: ticks with what befalls them, each delivered to its end, then clean ticks until all is at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from random import Random

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.errors import ConfigurationError
from backend.domain.signal import Action
from backend.domain.tick import PortfolioKey, TickRequest
from backend.ports.bars import Bars
from tests.chaos.child import Sabotage
from tests.chaos.errands import FLAT
from tests.chaos.finding import Finding, Outcome, Wrong
from tests.chaos.hands import Hands, Run
from tests.chaos.oracle import findings
from tests.chaos.oracle_chain import sent_after_halt, still_ordered, trips
from tests.chaos.oracle_flat import unsold
from tests.chaos.script import PORTFOLIOS, START, Attempt, Errand, Hand, Script, Tick, VenueKind, other_portfolio
from tests.chaos.stores import Store
from tests.chaos.transit import LONGEST_SECONDS
from tests.chaos.venue import PaperVenue
from tests.chaos.venue_books import OWNERS, VenueBooks
from tests.fuzz.script import Say

PATIENT, IMPATIENT = 30.0, 1.0  # seconds that a client waits; the shorter one where the venue is to keep it waiting
REPETITIONS = 3  # deliveries without faults that a tick may take to its end
ROUNDS = 8
MINUTE, DAY = 60, 24 * 60 * 60
_NOTHING = Hand()
_TOUCHY = BreakerLimits(drawdown_warning=0.00001, drawdown_reduce=0.00005, max_drawdown=0.005, daily_loss_limit=0.00005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where histories are played: one venue of each kind, a store, prices."""

    venues: Mapping[VenueKind, PaperVenue]
    bars: Bars


class History:
    """``turns`` draws which of two processes goes on; with the script it is all that decides what happens.

    ``is_traced`` keeps the boundaries that the attempts pass.
    """

    def __init__(
        self,
        script: Script,
        place: Place,
        store: Store,
        turns: Random,
        *,
        sabotage: Sabotage | None = None,
        is_traced: bool = False,
    ) -> None:
        self._script = script
        self._venue = place.venues[script.venue]
        self._tenant_id = store.tenant_id
        self._is_traced = is_traced
        self._now = START
        self._runs: list[Run] = []
        self._portfolios = sorted(
            {tick.portfolio for tick in script.ticks}
            | {other_portfolio(tick.portfolio) for tick in script.ticks if tick.other}
        )
        self.outcome = Outcome()
        limits = _TOUCHY if script.is_touchy else BreakerLimits()
        self._hands = Hands(store, self._venue, place.bars, turns, self.outcome, limits, sabotage)

    def play(self) -> Outcome:
        self._venue.reset()
        for number, (symbol, shares) in enumerate(sorted(self._script.owned.items())):
            order = {"symbol": symbol, "side": "buy", "type": "market", "time_in_force": "day", "qty": str(shares)}
            assert self._venue.post_order({**order, "client_order_id": f"{OWNERS}{number}"}) == 200
        for tick in self._script.ticks:
            self._play(tick)
        for run_ in self._runs:
            self._finish(run_)
        self._come_to_rest()
        return self.outcome

    def _play(self, tick: Tick) -> None:
        self._pass_time(tick.after_seconds)
        main = self._scheduled(tick.portfolio, tick.says)
        other = self._scheduled(other_portfolio(tick.portfolio), tick.other) if tick.other else None
        for attempt in tick.attempts:
            self._attempt(attempt, main, other)
        if not tick.is_left:
            for each in (main, other):
                if each is not None:
                    self._finish(each)
        hands = [hand for attempt in tick.attempts for hand in attempt.hands]
        if flattens := [hand for hand in hands if hand.errand is Errand.FLATTEN]:
            self._sell_out(main, flattens)

    def _scheduled(self, portfolio: str, says: Mapping[str, Say]) -> Run:
        key = PortfolioKey(tenant_id=self._tenant_id, portfolio_id=portfolio)
        scheduled = Run(TickRequest(key=key, scheduled_at=self._now), says)
        self._runs.append(scheduled)
        self.outcome.ticks += 1
        return scheduled

    def _attempt(self, attempt: Attempt, main: Run, other: Run | None) -> None:
        self._pass_time(attempt.after_seconds)
        self._venue.set_faults(attempt.broker)
        sent_before = self._hands.transit.take()
        chosen = [(other if hand.is_other and other is not None else main, hand) for hand in attempt.hands]
        if any(each.is_done for each, hand in chosen if hand.errand is Errand.TICK):
            self.outcome.hits["delivered again after its end"] += 1
        if len(chosen) > 1:
            self.outcome.hits[f"two processes at once, {_beside(chosen)}"] += 1
        is_impatient = any("hang=" in fault or "timeout-after-accept=" in fault for fault in attempt.broker)
        timeout = IMPATIENT if is_impatient else PATIENT
        self.outcome.passed.clear()
        self._hands.work(chosen, self._now, timeout, is_traced=self._is_traced)
        for fault in self._venue.state()["faults"]:
            name, _, count = str(fault["fault"]).rpartition("*")
            self.outcome.hits[f"broker {name}"] += int(count) - int(fault["remaining"])
        self._venue.set_faults(())
        self._hands.transit.arrive(sent_before)

    def _finish(self, each: Run) -> None:
        """Deliver a tick without faults until it is done."""
        left = REPETITIONS
        while not each.is_done and left:
            self._pass_time(5)
            self._hands.work([(each, _NOTHING)], self._now, PATIENT)
            left -= 1
        if not each.is_done:
            self._broken(f"{each.request.tick_id}: not done after {REPETITIONS} deliveries without faults")

    def _sell_out(self, each: Run, flattens: list[Hand]) -> None:
        """Run a flatten without faults until it says that all is sold; order again only what was never ordered."""
        for round_ in range(ROUNDS):
            self._pass_time(6 * MINUTE if round_ < ROUNDS // 2 else DAY)
            records = self._hands.records(self._portfolios)
            if records is None:
                return
            ordered = still_ordered(records)
            missing = [hand for hand in flattens if not _is_ordered(hand, ordered)]
            hand = Hand(errand=Errand.FLATTEN, sells=missing[0].sells) if missing else Hand(errand=Errand.CARRY_ON)
            (report,) = self._hands.work([(each, hand)], self._now, PATIENT)
            if missing and report.ended.how == ConfigurationError.__name__:
                return  # a strategy of a portfolio that has no book yet
            if report.ended_as(FLAT) and len(missing) < 2:
                records = self._hands.records(self._portfolios)
                if records is not None:
                    venue = VenueBooks.of(self._venue.state())
                    wrong = unsold(records, venue, still_ordered(records))
                    self.outcome.findings += (Finding(Wrong.FLATTEN, what) for what in wrong)
                return
        self._broken(f"not sold out after {ROUNDS} rounds")

    def _come_to_rest(self) -> None:
        """Tick without signals until no order is open, then ask the oracle."""
        for round_ in range(ROUNDS):
            # Day orders that nobody fills expire at a close.
            self._pass_time(6 * MINUTE if round_ < 2 else DAY)
            for portfolio in self._portfolios:
                self._finish(self._scheduled(portfolio, {name: Say(Action.HOLD) for name in PORTFOLIOS[portfolio]}))
            state, records = self._venue.state(), self._hands.records(self._portfolios)
            venue = VenueBooks.of(state)
            if records is None:
                return
            is_at_rest, is_last = records.is_at_rest and venue.is_at_rest, round_ == ROUNDS - 1
            if is_last and not is_at_rest:
                self._broken(f"orders are open after {ROUNDS} ticks without signals")
            if is_last or is_at_rest:
                delivered = frozenset(str(each.request.tick_id) for each in self._runs if each.is_done)
                late = sent_after_halt(records, self._hands.halting.late)
                self.outcome.findings += findings(records, venue, delivered)
                self.outcome.findings += (Finding(Wrong.SENT, what) for what in late)
                self.outcome.trips.update(trips(records))
                self.outcome.fingerprint = sha256(f"{state} {records.trading.log_head}".encode()).hexdigest()
                return

    def _pass_time(self, seconds: int) -> None:
        if seconds > LONGEST_SECONDS:
            self._hands.transit.arrive(self._hands.transit.take())
        self._now += timedelta(seconds=seconds)
        self._venue.move_clock(self._now)

    def _broken(self, what: str) -> None:
        self.outcome.findings.append(Finding(Wrong.BROKEN, what))


def _beside(chosen: list[tuple[Run, Hand]]) -> str:
    (first, hand), (second, beside) = chosen
    if (hand.errand, beside.errand) != (Errand.TICK, Errand.TICK):
        return f"{hand.errand} and {beside.errand}"
    return "one tick" if first is second else "two portfolios"


def _is_ordered(hand: Hand, ordered: frozenset[tuple[str, str]]) -> bool:
    """Say whether the log has what a flatten was to order; all means everybody of a portfolio that has a book."""
    names = {name for _, name in ordered}
    return hand.sells in names if hand.sells else any(names >= set(each) for each in PORTFOLIOS.values())
