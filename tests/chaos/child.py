"""One delivery of a tick, as it runs in a process of its own: own clients, own store, nothing of the parent's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from backend.adapters.alpaca import AlpacaBroker
from backend.adapters.documents import DocumentStore
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Symbol
from backend.domain.tick import TickRequest
from backend.engine.cycle import Cycle, run_cycle
from backend.ports.bars import Bars
from backend.ports.broker import Broker
from tests.chaos.boundaries import Boundaries, Watched, WatchedConnection, WatchedRequests
from tests.chaos.channel import Channel, Ended, Turn
from tests.chaos.faults import FaultyDocuments
from tests.chaos.script import SYMBOLS, Hand
from tests.chaos.stores import Store
from tests.fakes.cycle import SetClock
from tests.fuzz.script import Say
from tests.fuzz.voices import Voices


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sabotage may put something else in the place of."""

    documents: Any
    broker: Broker


Sabotage = Callable[[Parts], Parts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Everything that one delivery depends on. ``salt`` differs between deliveries, as entropy does."""

    request: TickRequest
    says: Mapping[str, Say]
    hand: Hand
    now: datetime
    store: Store
    bars: Bars
    venue_url: str
    timeout_seconds: float
    salt: str
    in_step: bool = False
    is_traced: bool = False
    sabotage: Sabotage | None = None


def deliver(delivery: Delivery, channel: Channel) -> None:
    """Deliver the tick; only a kill keeps it from saying how that ended."""
    if delivery.in_step:
        channel.ask(Turn())  # before anything is shared
    result = run_cycle(delivery.request, _cycle(delivery, channel))
    channel.send(Ended("done", text=result.status.value))


def _cycle(delivery: Delivery, channel: Channel) -> Cycle:
    clock = SetClock(delivery.now)
    boundaries = Boundaries(delivery.hand.strike, channel, in_step=delivery.in_step, is_traced=delivery.is_traced)
    parts = Parts(
        documents=_documents(delivery, boundaries, channel, clock), broker=_broker(delivery, boundaries, channel)
    )
    if delivery.sabotage is not None:
        parts = delivery.sabotage(parts)

    def step(part: Any) -> Any:
        return Watched(part, "step", boundaries)

    def entropy(request: TickRequest) -> bytes:
        return blake2b(f"{request.tick_id} {delivery.salt}".encode(), digest_size=32).digest()

    return Cycle(
        store=step(DocumentStore(parts.documents)),
        broker=step(parts.broker),
        bars=step(delivery.bars),
        strategies=step(Voices(delivery.says)),
        summarizer=step(TemplateSummarizer()),
        clock=clock,
        policy=DecisionPolicy(systemic_sell_threshold=9),
        symbols=tuple(map(Symbol, SYMBOLS)),
        entropy=lambda request: boundaries.around("step decide", lambda: entropy(request)),
    )


def _documents(delivery: Delivery, boundaries: Boundaries, channel: Channel, clock: SetClock) -> Any:
    documents = delivery.store.open()
    if hasattr(documents, "_connection"):  # SQLite: the statements of a transaction, too
        documents._connection = WatchedConnection(documents._connection, boundaries)
    faulty = FaultyDocuments(documents, delivery.hand.store, channel, clock)
    return Watched(faulty, "documents", boundaries)


def _broker(delivery: Delivery, boundaries: Boundaries, channel: Channel) -> AlpacaBroker:
    broker = AlpacaBroker(
        "chaos", "chaos", url=delivery.venue_url, timeout_seconds=delivery.timeout_seconds, sleep=_at_once
    )
    session = broker._session._client._session  # alpaca-py's own connection: the last place before the network
    session.trust_env = False  # looking for proxies and .netrc takes longer than the request
    session.request = WatchedRequests(session.request, boundaries, channel, delivery.hand.late_post)
    return broker


def _at_once(_: float) -> None:
    """Repeat a read without waiting."""
