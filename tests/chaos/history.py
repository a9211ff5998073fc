"""Play one history: ticks with what befalls them, each delivered to its end, then clean ticks until all is at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from random import Random

from backend.adapters.documents import trading_documents
from backend.adapters.documents.seam import StoredDocument
from backend.domain.signal import Action
from backend.domain.tick import PortfolioKey, TickRequest
from backend.ports.bars import Bars
from tests.chaos.channel import (
    Channel,
    CommitHeld,
    Ended,
    Hit,
    Message,
    Passed,
    PostHeld,
    TradingCommitted,
)
from tests.chaos.child import Delivery, Sabotage, deliver
from tests.chaos.delivery import Report, Work, run
from tests.chaos.finding import Finding, Outcome, Wrong
from tests.chaos.oracle import findings, overcommitted
from tests.chaos.records import Records, read_records
from tests.chaos.script import PORTFOLIOS, START, Attempt, Hand, Script, Tick, VenueKind, other_portfolio
from tests.chaos.stores import Store
from tests.chaos.transit import LONGEST_SECONDS, Transit
from tests.chaos.venue import PaperVenue
from tests.chaos.venue_books import OWNERS, VenueBooks
from tests.fuzz.script import Say

PATIENT, IMPATIENT = 30.0, 1.0  # seconds that a client waits; the shorter one where the venue is to keep it waiting
REPETITIONS = 3  # deliveries without faults that a tick may take to its end
ROUNDS = 8
_NOTHING = Hand()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where histories are played: one venue of each kind, a store, prices."""

    venues: Mapping[VenueKind, PaperVenue]
    bars: Bars


@dataclass(slots=True, eq=False)
class _Run:
    """One scheduled tick on its way to its end."""

    request: TickRequest
    says: Mapping[str, Say]
    is_done: bool = False


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
        self._bars = place.bars
        self._store = store
        self._turns = turns
        self._sabotage = sabotage
        self._is_traced = is_traced
        self._now = START
        self._runs: list[_Run] = []
        self._portfolios = {tick.portfolio for tick in script.ticks} | {
            other_portfolio(tick.portfolio) for tick in script.ticks if tick.other
        }
        self.outcome = Outcome()
        self._transit = Transit(self._venue, store, self.outcome.hits)

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

    def _scheduled(self, portfolio: str, says: Mapping[str, Say]) -> _Run:
        key = PortfolioKey(tenant_id=self._store.tenant_id, portfolio_id=portfolio)
        scheduled = _Run(TickRequest(key=key, scheduled_at=self._now), says)
        self._runs.append(scheduled)
        self.outcome.ticks += 1
        return scheduled

    def _attempt(self, attempt: Attempt, main: _Run, other: _Run | None) -> None:
        self._pass_time(attempt.after_seconds)
        self._venue.set_faults(attempt.broker)
        sent_before = self._transit.take()
        chosen = [(other if hand.is_other and other is not None else main, hand) for hand in attempt.hands]
        if any(each.is_done for each, _ in chosen):
            self.outcome.hits["delivered again after its end"] += 1
        if len(chosen) > 1:
            same = "one tick" if chosen[0][0] is chosen[1][0] else "two portfolios"
            self.outcome.hits[f"two processes at once, {same}"] += 1
        is_impatient = any("hang=" in fault or "timeout-after-accept=" in fault for fault in attempt.broker)
        self._deliver(chosen, IMPATIENT if is_impatient else PATIENT, is_traced=self._is_traced)
        for fault in self._venue.state()["faults"]:
            name, _, count = str(fault["fault"]).rpartition("*")
            self.outcome.hits[f"broker {name}"] += int(count) - int(fault["remaining"])
        self._venue.set_faults(())
        self._transit.arrive(sent_before)

    def _finish(self, each: _Run) -> None:
        """Deliver a tick without faults until it is done."""
        left = REPETITIONS
        while not each.is_done and left:
            self._pass_time(5)
            self._deliver([(each, _NOTHING)], PATIENT)
            left -= 1
        if not each.is_done:
            self._broken(f"{each.request.tick_id}: not done after {REPETITIONS} deliveries without faults")

    def _come_to_rest(self) -> None:
        """Tick without signals until no order is open, then ask the oracle."""
        for round_ in range(ROUNDS):
            # Day orders that nobody fills expire at a close.
            self._pass_time(6 * 60 if round_ < 2 else 24 * 60 * 60)
            for portfolio in sorted(self._portfolios):
                self._finish(self._scheduled(portfolio, {name: Say(Action.HOLD) for name in PORTFOLIOS[portfolio]}))
            state, records = self._venue.state(), self._records()
            venue = VenueBooks.of(state)
            if records is None:
                return
            is_at_rest, is_last = records.is_at_rest and venue.is_at_rest, round_ == ROUNDS - 1
            if is_last and not is_at_rest:
                self._broken(f"orders are open after {ROUNDS} ticks without signals")
            if is_last or is_at_rest:
                delivered = frozenset(str(each.request.tick_id) for each in self._runs if each.is_done)
                self.outcome.findings += findings(records, venue, delivered)
                self.outcome.fingerprint = sha256(f"{state} {records.trading.log_head}".encode()).hexdigest()
                return

    def _records(self) -> Records | None:
        store, portfolios = self._store, self._portfolios

        def read(channel: Channel) -> None:
            found = read_records(store.open(), store.tenant_id, sorted(portfolios))
            channel.send(Ended("done", found=found))

        (report,) = run([read], self._turns, self._check_buying_power)
        if not isinstance(report.ended.found, Records):
            self._broken(f"the records cannot be read: {report.ended}")
            return None
        return report.ended.found

    def _deliver(self, chosen: list[tuple[_Run, Hand]], timeout_seconds: float, *, is_traced: bool = False) -> None:
        deliveries = [
            Delivery(
                request=each.request,
                says=each.says,
                hand=hand,
                now=self._now,
                store=self._store,
                bars=self._bars,
                venue_url=self._venue.url,
                timeout_seconds=timeout_seconds,
                salt=str(self.outcome.deliveries + n),
                in_step=len(chosen) > 1,
                is_traced=is_traced,
                sabotage=self._sabotage,
            )
            for n, (each, hand) in enumerate(chosen)
        ]
        works: list[Work] = [partial(deliver, each) for each in deliveries]
        self.outcome.deliveries += len(deliveries)
        for (each, hand), report in zip(chosen, run(works, self._turns, self._check_buying_power), strict=True):
            each.is_done = each.is_done or report.is_done
            for message in report.messages:
                self._hear(message)
            self._judge(report, hand)

    def _hear(self, message: Message) -> None:
        match message:
            case Hit():
                self.outcome.hits[message.kind] += 1
            case Passed():
                self.outcome.passed.append(message)
            case PostHeld() | CommitHeld():
                self._transit.hold(message)

    def _judge(self, report: Report, hand: Hand) -> None:
        """A process ends as it was told to, or with one of our errors."""
        struck = any(isinstance(message, Hit) and "kill -9" in message.kind for message in report.messages)
        if report.ended.how == "broken" or (report.ended.how == "killed") != struck or report.ended.how == "running":
            self._broken(f"{hand}: {report.ended.how} {report.ended.text}")

    def _check_buying_power(self, committed: TradingCommitted) -> None:
        document = StoredDocument(path="state/trading", fields=committed.fields, version=None)
        venue = VenueBooks.of(self._venue.state())
        self.outcome.findings += overcommitted(trading_documents.from_document(document), venue)

    def _pass_time(self, seconds: int) -> None:
        if seconds > LONGEST_SECONDS:
            self._transit.arrive(self._transit.take())
        self._now += timedelta(seconds=seconds)
        self._venue.move_clock(self._now)

    def _broken(self, what: str) -> None:
        self.outcome.findings.append(Finding(Wrong.BROKEN, what))
