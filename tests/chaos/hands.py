"""Start the processes of a history, hear what they say, and judge how they ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random

from backend.adapters.documents import paths, trading_documents
from backend.adapters.documents.seam import StoredDocument
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.tick import TickRequest
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
    Witnessed,
)
from tests.chaos.child import Delivery, Pace, Sabotage, deliver
from tests.chaos.delivery import InOrder, Report, Work, run
from tests.chaos.finding import Finding, Outcome, Wrong
from tests.chaos.halting import Halting
from tests.chaos.oracle import overcommitted
from tests.chaos.records import Records, read_records
from tests.chaos.script import COMMANDS, Ending, Errand, Hand
from tests.chaos.stores import Store
from tests.chaos.transit import Transit
from tests.chaos.venue import PaperVenue
from tests.chaos.venue_books import VenueBooks
from tests.fuzz.script import Say


@dataclass(slots=True, eq=False)
class Run:
    """One scheduled tick on its way to its end."""

    request: TickRequest
    says: Mapping[str, Say]
    is_done: bool = False


class Hands:
    """``turns`` draws which of two processes goes on; with a ``sabotage`` all of them suffer it."""

    def __init__(
        self,
        store: Store,
        venue: PaperVenue,
        bars: Bars,
        turns: Random,
        outcome: Outcome,
        limits: BreakerLimits,
        sabotage: Sabotage | None = None,
    ) -> None:
        self._store = store
        self._venue = venue
        self._bars = bars
        self._turns = turns
        self._sabotage = sabotage
        self._outcome = outcome
        self._limits = limits
        self._started = 0
        self.halting = Halting()
        self.transit = Transit(venue, store, outcome.hits, self.halting.learn)

    def work(
        self, chosen: Sequence[tuple[Run, Hand]], now: datetime, timeout_seconds: float, *, is_traced: bool = False
    ) -> list[Report]:
        """Let all of them work at once; return how each ended."""
        pace = _pace([hand for _, hand in chosen])
        deliveries = [
            Delivery(
                request=each.request,
                says=each.says,
                hand=hand,
                now=now,
                store=self._store,
                bars=self._bars,
                venue_url=self._venue.url,
                timeout_seconds=timeout_seconds,
                salt=str(self._started + n),
                limits=self._limits,
                pace=pace,
                is_traced=is_traced,
                sabotage=self._sabotage,
            )
            for n, (each, hand) in enumerate(chosen)
        ]
        works: list[Work] = [partial(deliver, each) for each in deliveries]
        self._started += len(deliveries)
        self._outcome.deliveries += sum(hand.errand is Errand.TICK for _, hand in chosen)
        if not self.halting.is_known:
            self._look_whether_halted()
        self.halting.begin(now, {n: hand.errand in COMMANDS for n, (_, hand) in enumerate(chosen)})
        reports = run(works, InOrder() if pace is Pace.IN_ORDER else self._turns, self._witness)
        for (each, hand), report in zip(chosen, reports, strict=True):
            each.is_done = each.is_done or (hand.errand is Errand.TICK and report.ended_as("done"))
            for message in report.messages:
                self._hear(message)
            self._judge(report, hand)
        return reports

    def records(self, portfolios: Sequence[str]) -> Records | None:
        """Read everything back; None, and a finding, when it cannot be read."""
        store = self._store

        def read(channel: Channel) -> None:
            found = read_records(store.open(), store.tenant_id, portfolios)
            channel.send(Ended("done", found=found))

        (report,) = run([read], self._turns, self._witness)
        if not isinstance(report.ended.found, Records):
            self._broken(f"the records cannot be read: {report.ended}")
            return None
        return report.ended.found

    def _look_whether_halted(self) -> None:
        store = self._store

        def read(channel: Channel) -> None:
            found = store.open().read([path := paths.trading(store.tenant_id)]).get(path)
            channel.send(Ended("done", found={"restrictions": {}} if found is None else dict(found.fields)))

        (report,) = run([read], self._turns, self._witness)
        self.halting.learn(TradingCommitted(report.ended.found))

    def _witness(self, process: int, message: Witnessed) -> None:
        self.halting.hear(process, message)
        if isinstance(message, TradingCommitted):
            document = StoredDocument(path="state/trading", fields=message.fields, version=None)
            venue = VenueBooks.of(self._venue.state())
            self._outcome.findings += overcommitted(trading_documents.from_document(document), venue)

    def _hear(self, message: Message) -> None:
        match message:
            case Hit():
                self._outcome.hits[message.kind] += 1
            case Passed():
                self._outcome.passed.append(message)
            case PostHeld() | CommitHeld():
                self.transit.hold(message)

    def _judge(self, report: Report, hand: Hand) -> None:
        """A process ends as it was told to, or with one of our errors."""
        how = report.ended.how
        struck = any(isinstance(message, Hit) and "kill -9" in message.kind for message in report.messages)
        if how in ("broken", "running") or (how == "killed") != struck:
            self._broken(f"{hand}: {how} {report.ended.text}")
        if hand.errand is not Errand.TICK:
            self._outcome.errands[f"{hand.errand}: {report.ended.text if how == 'done' else how}"] += 1

    def _broken(self, what: str) -> None:
        self._outcome.findings.append(Finding(Wrong.BROKEN, what))


def _pace(hands: Sequence[Hand]) -> Pace:
    if len(hands) == 1:
        return Pace.ALONE
    is_overtaken = any(hand.strike is not None and hand.strike.ending is Ending.OVERTAKEN for hand in hands)
    return Pace.IN_ORDER if is_overtaken else Pace.IN_STEP
