"""What was under way while its process gave up on it: order requests and commits that arrive late."""

from collections import Counter
from collections.abc import Callable
from random import Random

from backend.domain.errors import CommitConflict
from tests.chaos.channel import Channel, CommitHeld, Ended, Hit, PostHeld, TradingCommitted
from tests.chaos.delivery import run
from tests.chaos.stores import Store
from tests.chaos.venue import PaperVenue

LONGEST_SECONDS = 55  # within four minutes of its decision an order is sent, after five one that is absent never comes


class Transit:
    """Messages on their way; ``hits`` counts what becomes of them, ``notice`` is told what was committed."""

    def __init__(
        self, venue: PaperVenue, store: Store, hits: Counter[str], notice: Callable[[TradingCommitted], None]
    ) -> None:
        self._venue = venue
        self._store = store
        self._hits = hits
        self._notice = notice
        self._messages: list[PostHeld | CommitHeld] = []

    def hold(self, message: PostHeld | CommitHeld) -> None:
        self._messages.append(message)

    def take(self) -> list[PostHeld | CommitHeld]:
        """Return what is under way now, to let it arrive later."""
        taken, self._messages = self._messages, []
        return taken

    def arrive(self, messages: list[PostHeld | CommitHeld]) -> None:
        for message in messages:
            if isinstance(message, PostHeld):
                status = self._venue.post_order(message.body)
                self._hits[f"broker late order request {'accepted' if status == 200 else 'refused'}"] += 1
            else:
                self._commit(message)

    def _commit(self, held: CommitHeld) -> None:
        store = self._store

        def commit(channel: Channel) -> None:
            try:
                store.open().commit(held.writes)
            except CommitConflict:
                channel.send(Hit("store late commit refused"))
            else:
                channel.send(Hit("store late commit applied"))
            channel.send(Ended("done"))

        (report,) = run([commit], Random(0), _nobody_commits_trading)
        hits = [message.kind for message in report.messages if isinstance(message, Hit)]
        self._hits.update(hits)
        for write in held.writes:
            if write.path.endswith("/state/trading") and "store late commit applied" in hits:
                self._notice(TradingCommitted(dict(write.fields)))


def _nobody_commits_trading(*_: object) -> None:
    """A commit that arrives late goes straight to the store; what it wrote is compared with the next one."""
