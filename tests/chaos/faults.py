"""A store that refuses, times out, loses its answer, or applies a commit after it was given up."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write
from backend.domain.errors import StoreUnavailable
from tests.chaos.channel import Channel, CommitHeld, Hit, TradingCommitted
from tests.chaos.script import Call, StoreFailure, StoreFault
from tests.fakes.cycle import SetClock

TIME_OUT = timedelta(seconds=10)
_TRADING = "/state/trading"
Answer = TypeVar("Answer")


class FaultyDocuments:
    """``Documents`` with faults; shows every trading document that it has committed."""

    def __init__(self, inner: Documents, faults: Sequence[StoreFault], channel: Channel, clock: SetClock) -> None:
        self._inner = inner
        self._faults = {(fault.call, fault.nth): fault.failure for fault in faults}
        self._channel = channel
        self._clock = clock
        self._counts: Counter[Call] = Counter()

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        return self._called(Call.READ, lambda: self._inner.read(paths))

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        return self._called(Call.QUERY, lambda: self._inner.query(collection, filters, order=order, limit=limit))

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        return self._inner.scan(prefix, after=after, limit=limit, with_fields=with_fields)  # no cycle scans

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        return self._called(Call.COMMIT, lambda: self._committed(writes), writes)

    def _committed(self, writes: Sequence[Write]) -> dict[str, object]:
        versions = self._inner.commit(writes)
        for write in writes:
            if write.path.endswith(_TRADING):
                self._channel.ask(TradingCommitted(dict(write.fields)))
        return versions

    def _called(self, call: Call, answer: Callable[[], Answer], writes: Sequence[Write] = ()) -> Answer:
        self._counts[call] += 1
        failure = self._faults.get((call, self._counts[call]))
        if failure is None:
            return answer()
        self._channel.send(Hit(f"store {failure} {call}"))
        if failure in (StoreFailure.TIMED_OUT, StoreFailure.LATE):
            self._clock.time += TIME_OUT
        if failure is StoreFailure.LATE:
            self._channel.send(CommitHeld(tuple(writes)))
        if failure is StoreFailure.ANSWER_LOST:
            answer()
        raise StoreUnavailable(f"{call} {failure}, as the history has it; observe again")
