"""What a process of a history does, with clients and a store of its own and nothing of the parent's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from backend.adapters.alpaca import AlpacaBroker
from backend.adapters.alpaca.statements import AlpacaStatements
from backend.adapters.documents import DocumentStore
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Symbol
from backend.domain.tick import TickRequest
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.reconciling import Desk
from backend.ports.bars import Bars
from backend.ports.broker import Broker
from tests.chaos.boundaries import Boundaries, Watched, WatchedConnection, WatchedRequests
from tests.chaos.channel import Channel, Ended, Turn
from tests.chaos.errands import carried_out
from tests.chaos.faults import FaultyDocuments
from tests.chaos.script import SYMBOLS, Errand, Hand
from tests.chaos.stores import Store
from tests.fakes.cycle import SetClock
from tests.fuzz.script import Say
from tests.fuzz.voices import Voices


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sabotage may put something else in the place of; ``clock`` is there to be read, and to be moved."""

    documents: Any
    broker: Broker
    clock: SetClock


Sabotage = Callable[[Parts], Parts]


class Pace(StrEnum):
    """How a process goes on beside another."""

    ALONE = "alone"
    IN_STEP = "in step"  # each waits for its turn at every boundary
    IN_ORDER = "in order"  # each waits for its turn before it begins, and where it is overtaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Everything that one process depends on. ``salt`` differs between processes, as entropy does.

    ``request`` is the tick that it delivers, or names the portfolio that it reconciles.
    """

    request: TickRequest
    says: Mapping[str, Say]
    hand: Hand
    now: datetime
    store: Store
    bars: Bars
    venue_url: str
    timeout_seconds: float
    salt: str
    limits: BreakerLimits = field(default_factory=BreakerLimits)
    pace: Pace = Pace.ALONE
    is_traced: bool = False
    sabotage: Sabotage | None = None


def deliver(delivery: Delivery, channel: Channel) -> None:
    """Do what the hand is there for; only a kill keeps it from saying how that ended."""
    if delivery.pace is not Pace.ALONE:
        channel.ask(Turn(delivery.now))  # before anything is shared
    workshop = _Workshop(delivery, channel)
    if delivery.hand.errand is Errand.TICK:
        result = run_cycle(delivery.request, workshop.cycle())
        channel.send(Ended("done", text=result.status.value))
    else:
        how = carried_out(delivery.hand, delivery.request.key, workshop.desk(), workshop.clock)
        channel.send(Ended("done", text=how))


class _Workshop:
    """The parts of one process, every one of them with its boundaries."""

    def __init__(self, delivery: Delivery, channel: Channel) -> None:
        self._delivery = delivery
        self._channel = channel
        self.clock = SetClock(delivery.now)
        self._boundaries = Boundaries(
            delivery.hand.strike,
            channel,
            self.clock,
            in_step=delivery.pace is Pace.IN_STEP,
            is_traced=delivery.is_traced,
        )

    def cycle(self) -> Cycle:
        delivery, step = self._delivery, self._step
        parts = Parts(documents=self._documents(), broker=self._broker(), clock=self.clock)
        if delivery.sabotage is not None:
            parts = delivery.sabotage(parts)

        def entropy(request: TickRequest) -> bytes:
            return blake2b(f"{request.tick_id} {delivery.salt}".encode(), digest_size=32).digest()

        return Cycle(
            store=step(DocumentStore(parts.documents)),
            broker=step(parts.broker),
            bars=step(delivery.bars),
            strategies=step(Voices(delivery.says)),
            summarizer=step(TemplateSummarizer()),
            clock=self.clock,
            policy=DecisionPolicy(systemic_sell_threshold=9, breakers=delivery.limits),
            symbols=tuple(map(Symbol, SYMBOLS)),
            entropy=lambda request: self._boundaries.around("step decide", lambda: entropy(request)),
        )

    def desk(self) -> Desk:
        cycle, delivery = self.cycle(), self._delivery
        statements = AlpacaStatements(
            "chaos", "chaos", url=delivery.venue_url, timeout_seconds=delivery.timeout_seconds, sleep=_at_once
        )
        self._watch(statements._session)
        store: Any = cycle.store
        return Desk(cycle=cycle, store=store, statements=self._step(statements))

    def _step(self, part: Any) -> Any:
        return Watched(part, "step", self._boundaries)

    def _documents(self) -> Any:
        documents = self._delivery.store.open()
        if hasattr(documents, "_connection"):  # SQLite: the statements of a transaction, too
            documents._connection = WatchedConnection(documents._connection, self._boundaries)
        faulty = FaultyDocuments(documents, self._delivery.hand.store, self._channel, self.clock)
        return Watched(faulty, "documents", self._boundaries)

    def _broker(self) -> AlpacaBroker:
        delivery = self._delivery
        broker = AlpacaBroker(
            "chaos", "chaos", url=delivery.venue_url, timeout_seconds=delivery.timeout_seconds, sleep=_at_once
        )
        self._watch(broker._session)
        return broker

    def _watch(self, alpaca: Any) -> None:
        session = alpaca._client._session  # alpaca-py's own connection: the last place before the network
        session.trust_env = False  # looking for proxies and .netrc takes longer than the request
        session.request = WatchedRequests(
            session.request, self._boundaries, self._channel, self._delivery.hand, self.clock
        )


def _at_once(_: float) -> None:
    """Repeat a read without waiting."""
