"""What an operator orders holds from its commit on, for every process, and stands in the audit chain."""

from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, audit_documents, paths
from backend.domain.audit import AuditEntry, AuditKind, entry_hash
from backend.domain.command import Flatten, Halt, ReduceOnly, Resume
from backend.domain.errors import ConfigurationError, StoreUnavailable
from backend.domain.trading_state import GENESIS_HASH, OPERATOR, Restriction, TradingState
from tests.fakes.cycle import AAPL, HOLD, KEY, buy, sell
from tests.integration.engine.commanding import CommandPost

HALT = Halt(by="ann@desk", reason="broken feed")


def audit(documents: Documents) -> list[AuditEntry]:
    return [audit_documents.from_document(each) for each in documents.query(paths.collection("acme", "audit_log"))]


def test_halt_holds_entries_and_exits_until_it_is_lifted(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.tick(a=buy("AAPL", 0.2))
    post.order(HALT)
    assert post.tick(a=sell("AAPL"), b=buy("MSFT", 0.2)).orders == ()
    post.order(Resume(by="ann@desk", reason="feed is back"))
    assert len(post.tick(a=sell("AAPL"), b=buy("MSFT", 0.2)).orders) == 2


def test_reduce_only_lets_exits_out_and_no_entry(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.tick(a=buy("AAPL", 0.2))
    post.order(ReduceOnly(by="ann@desk", reason="holidays"))
    (order,) = post.tick(a=sell("AAPL"), b=buy("MSFT", 0.2)).orders
    assert (order.intent.strategy, order.intent.side) == ("a", "sell")


def test_commands_raise_the_epoch_and_say_who_and_why(store: DocumentStore, documents: Documents) -> None:
    post = CommandPost(store)
    done = post.order(HALT)
    trading, _ = store.trading("acme")
    assert trading == done.after
    expected = Restriction(state=TradingState.HALTED, reason="broken feed", by="ann@desk", since=post.clock.time)
    assert (trading.epoch, trading.restrictions, trading.state) == (1, {OPERATOR: expected}, TradingState.HALTED)
    post.order(Resume(by="ben@desk", reason="feed is back"))
    assert (store.trading("acme")[0].epoch, store.trading("acme")[0].state) == (2, TradingState.ACTIVE)

    halted, resumed = audit(documents)
    assert [halted.kind, halted.actor, halted.reason] == [AuditKind.HALT, "ann@desk", "broken feed"]
    assert [resumed.kind, resumed.actor, resumed.reason] == [AuditKind.RESUME, "ben@desk", "feed is back"]
    facts = {name: halted.body["facts"][name] for name in ("state_before", "state_after", "epoch_after", "in_flight")}
    assert facts == {"state_before": "ACTIVE", "state_after": "HALTED", "epoch_after": 1, "in_flight": []}


def test_commands_and_decisions_are_one_chain(store: DocumentStore, documents: Documents) -> None:
    post = CommandPost(store)
    post.tick(a=HOLD)
    post.order(HALT)
    post.tick(a=HOLD)
    post.order(Resume(by="ann@desk", reason="done"))
    entries = sorted([*audit(documents), *store.decisions("acme", last=9)], key=lambda each: each.sequence)
    assert [each.sequence for each in entries] == [1, 2, 3, 4]
    head = GENESIS_HASH
    for each in entries:
        assert each.previous_hash == head
        head = each.entry_hash
        assert entry_hash(each.previous_hash, each.body) == head
        assert each.body["sequence"] == each.sequence
    trading, _ = store.trading("acme")
    assert (trading.log_head, trading.log_count) == (head, 4)


def test_halt_before_the_first_tick_holds_the_first_tick(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.order(HALT)
    assert post.tick(a=buy("AAPL", 0.2)).orders == ()
    assert post.broker.submitted == []


def test_strictest_of_operator_and_breaker_counts(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.order(HALT)
    trading, version = store.trading("acme")
    tripped = Restriction(state=TradingState.REDUCING, reason="16 %", by="breaker", since=post.clock.time)
    restricted = trading.restricted({**trading.restrictions, "drawdown": tripped})
    assert (restricted.state, restricted.epoch) == (TradingState.HALTED, 2)
    assert restricted.reason == "drawdown: 16 %; operator: broken feed"
    lifted = restricted.restricted({"drawdown": tripped})
    assert (lifted.state, lifted.epoch) == (TradingState.REDUCING, 3)
    assert lifted.restricted({"drawdown": tripped}) is lifted
    assert version is not None


@pytest.mark.parametrize("order", [Resume, Flatten])
def test_command_with_nothing_to_change_is_refused_and_leaves_no_entry(
    store: DocumentStore, documents: Documents, order: type[Resume] | type[Flatten]
) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        CommandPost(store).order(order(by="ann", reason="why"))
    assert audit(documents) == []


class Silent:
    """A store that does not answer the first ``silences`` commands; ``is_applied`` says whether it carries them out."""

    def __init__(self, store: DocumentStore, silences: int, *, is_applied: bool) -> None:
        self._store = store
        self.left = silences
        self._is_applied = is_applied

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def control(self, *given: Any, **options: Any) -> None:
        if not self.left:
            return self._store.control(*given, **options)
        self.left -= 1
        if self._is_applied:
            self._store.control(*given, **options)
        raise StoreUnavailable("no answer")


@pytest.mark.parametrize("is_applied", [False, True], ids=["refused", "answer lost"])
def test_halt_is_repeated_when_the_store_does_not_answer_and_written_once(
    store: DocumentStore, documents: Documents, is_applied: bool
) -> None:
    post = CommandPost(Silent(store, 1 if is_applied else 3, is_applied=is_applied))
    done = post.order(HALT)
    assert (store.trading("acme")[0], len(audit(documents))) == (done.after, 1)


def test_halt_that_the_store_never_answers_says_so(store: DocumentStore) -> None:
    with pytest.raises(StoreUnavailable):
        CommandPost(Silent(store, 4, is_applied=False)).order(HALT)


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("ann", " ")])
def test_command_without_who_or_why_is_refused(by: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="audit log"):
        Halt(by=by, reason=reason)


def test_halt_after_the_decision_stops_what_was_not_sent(store: DocumentStore) -> None:
    """A worker that takes long over its orders looks again after two seconds, and sends no more."""
    post = CommandPost(store)
    slow, sent = post.broker.submit, []

    def submit(intent):  # type: ignore[no-untyped-def]
        sent.append(intent)
        post.clock.time += timedelta(seconds=2)
        if len(sent) == 1:
            post.order(HALT)
        return slow(intent)

    post.broker.submit = submit  # type: ignore[method-assign]
    result = post.tick(a=buy("AAPL", 0.2), b=buy("MSFT", 0.2))
    assert [order.status.value for order in result.orders] == ["filled", "unresolved"]
    assert "trading state HALTED" in result.orders[1].reason
    assert post.broker.positions.keys() == {AAPL}
    post.clock.time += timedelta(minutes=5)
    assert [each.status.value for each in post.reconcile().moved] == ["denied"]
    assert store.observe_book(KEY).trading.working == {}
