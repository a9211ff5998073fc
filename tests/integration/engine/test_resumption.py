"""A tick that is resumed sends what was decided and nothing else: every altered order is refused, and that is noted."""

from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, audit_documents, order_documents, paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import pack, unpack
from backend.adapters.documents.seam import update
from backend.domain.audit import AuditKind
from backend.domain.errors import ConfigurationError
from backend.domain.order import OrderStatus
from backend.domain.tick import TickStatus
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, KEY, ScriptedStrategies, buy, cycle_of, sell, tick_at
from tests.fakes.faults import Countdown, Killed, Mortal
from tests.integration.engine.commanding import CommandPost

TICK = tick_at().tick_id


def interrupted(store: DocumentStore) -> tuple[CommandPost, Any]:
    """A tick that was killed before its first order; returned with the way to deliver it again."""
    post = CommandPost(store)
    strategies, countdown = ScriptedStrategies(a=buy("AAPL", 0.2), b=buy("MSFT", 0.2)), Countdown(5, after=False)
    dying = cycle_of(Mortal(store, countdown), strategies, Mortal(post.broker, countdown), post.clock)
    with pytest.raises(Killed, match="before submit"):
        run_cycle(tick_at(), dying)
    return post, lambda: run_cycle(tick_at(), cycle_of(store, strategies, post.broker, post.clock))


def alter(documents: Documents, **changes: Any) -> None:
    """Change fields of the first order in the tick document."""
    path = paths.tick("acme", TICK)
    orders = unpack(documents.read([path])[path].fields["orders"])
    orders[0].update(changes)
    documents.commit([update(path, {"orders": pack(orders)})])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"notional": "20001.00"}, "altered since it was decided: notional was 20000.00, is 20001.00"),
        ({"notional": None, "quantity": "999"}, "altered since it was decided: qty was None, is 999"),
        ({"symbol": "GME"}, "altered since it was decided: ticker was AAPL, is GME"),
        ({"side": "sell"}, "altered since it was decided: side was buy, is sell"),
        ({"strategy_id": "b"}, "altered since it was decided: strategy_name was a, is b"),
        ({"nonce": "0" * 32}, "altered since it was decided: nonce was"),
        ({"kind": "limit", "limit_price": "1.00"}, "altered since it was decided: kind was market, is limit"),
        ({"client_order_id": "mae-" + "0" * 40}, "the decision in the log has no such order"),
    ],
)
def test_altered_order_is_refused_and_noted_and_the_others_are_sent(
    store: DocumentStore, documents: Documents, changes: dict[str, Any], reason: str
) -> None:
    post, deliver = interrupted(store)
    alter(documents, **changes)
    result = deliver()
    assert result.status is TickStatus.DONE
    assert [str(intent.symbol) for intent in post.broker.submitted] == ["MSFT"]
    (entry,) = [audit_documents.from_document(each) for each in documents.query(paths.collection("acme", "audit_log"))]
    assert (entry.kind, entry.actor) == (AuditKind.INTENT_REFUSED, f"tick {TICK}")
    assert entry.reason.startswith(reason)
    trading, _ = store.trading("acme")
    assert (trading.log_head, trading.log_count) == (entry.entry_hash, 2)


def test_resumed_tick_sends_nothing_to_another_account_and_ends_with_its_own(store: DocumentStore) -> None:
    """The tenant's credentials were replaced between the commit and the next delivery."""
    post, deliver = interrupted(store)
    own, post.broker.account_id = post.broker.account_id, "another"
    with pytest.raises(ConfigurationError, match=f"expected the account {own}, for which .* decided, found another"):
        deliver()
    assert post.broker.submitted == []
    post.broker.account_id = own
    assert deliver().status is TickStatus.DONE
    assert [str(intent.symbol) for intent in post.broker.submitted] == ["AAPL", "MSFT"]


def test_altered_order_never_reaches_the_book(store: DocumentStore, documents: Documents) -> None:
    _, deliver = interrupted(store)
    alter(documents, symbol="GME", notional="9")
    deliver()
    (order,) = store.observe_book(KEY).book.open_orders.values()
    assert (order.intent.symbol, str(order.intent.notional), order.status) == ("AAPL", "20000.00", "unresolved")
    path = paths.order("acme", order.intent.client_order_id)
    stored = documents.read([path])[path]
    assert order_documents.from_reader(FieldReader(path, stored.fields)).intent == order.intent


def test_altered_order_that_was_sent_before_is_found_and_booked(store: DocumentStore, documents: Documents) -> None:
    """The first delivery died between sending and recording; what was altered since does not hide what was filled."""
    post = CommandPost(store)
    strategies, countdown = ScriptedStrategies(a=buy("AAPL", 0.2)), Countdown(5, after=True)
    with pytest.raises(Killed, match="after submit"):
        run_cycle(tick_at(), cycle_of(Mortal(store, countdown), strategies, Mortal(post.broker, countdown), post.clock))
    alter(documents, notional="1.00")
    run_cycle(tick_at(), cycle_of(store, strategies, post.broker, post.clock))
    assert store.observe_book(KEY).book.strategies["a"].real.quantity("AAPL") == 200  # type: ignore[index,arg-type]
    assert len(post.broker.submitted) == 1


def test_decision_whose_hash_does_not_cover_it_sends_nothing(store: DocumentStore, documents: Documents) -> None:
    post, deliver = interrupted(store)
    documents.commit([update(paths.log("acme", TICK), {"previous_hash": "1" * 64})])
    result = deliver()
    assert post.broker.submitted == []
    assert {order.status for order in result.orders} == {OrderStatus.UNRESOLVED}
    assert {order.reason for order in result.orders} == {"the decision in the log is not what its hash covers"}


def test_replayed_order_of_another_tick_is_refused(store: DocumentStore, documents: Documents) -> None:
    """Orders that were copied into a later tick's document are not those that it decided."""
    post, deliver = interrupted(store)
    first = documents.read([paths.tick("acme", TICK)])[paths.tick("acme", TICK)].fields["orders"]
    deliver()
    post.clock.time = AT
    countdown = Countdown(5, after=False)
    strategies = ScriptedStrategies(a=sell("AAPL"), b=sell("MSFT"))
    later = tick_at(AT.replace(second=30))
    with pytest.raises(Killed):
        run_cycle(later, cycle_of(Mortal(store, countdown), strategies, Mortal(post.broker, countdown), post.clock))
    documents.commit([update(paths.tick("acme", later.tick_id), {"orders": first})])
    sent = len(post.broker.submitted)
    run_cycle(later, cycle_of(store, strategies, post.broker, post.clock))
    assert len(post.broker.submitted) == sent


def test_untouched_tick_is_resumed_without_any_entry(store: DocumentStore, documents: Documents) -> None:
    post, deliver = interrupted(store)
    assert {order.status for order in deliver().orders} == {OrderStatus.FILLED}
    assert isinstance(post.broker, FakeBroker)
    assert documents.query(paths.collection("acme", "audit_log")) == []
