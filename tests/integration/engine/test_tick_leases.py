"""One strategy of an account is traded by one portfolio, whatever the tenant: the lease commits with the tick."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.lease_documents import LeaseDocuments
from backend.domain.canonical import read_canonical_json
from backend.domain.command import Flatten
from backend.domain.errors import CommitConflict, ConfigurationError, LeaseHeld
from backend.domain.evaluation import Evaluation
from backend.domain.lease import LEASE_DURATION, STILL_SENDING, Lease, holder_of
from backend.domain.order import OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.control import command
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.flattening import flatten
from backend.engine.leasing import StoredLeases, revoke
from backend.engine.reconciling import Desk, reconcile
from backend.engine.sightings import NoStatements
from backend.engine.withdrawal import Patience
from tests.contract.recording import RecordingDocuments
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, AT, HOLD, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, tick_at
from tests.fakes.faults import Counted, Meanwhile

ACME, BETA = PortfolioKey(tenant_id="acme"), PortfolioKey(tenant_id="beta")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LEASES = "account_leases/fake"


class Orchestrator:
    """One portfolio with a broker's session of its own: all sessions are of one account."""

    def __init__(self, documents: Any, key: PortfolioKey, store: Any = None, **signals: Any) -> None:
        self.key, self.clock = key, SetClock()
        self.broker = FakeBroker(Decimal(100_000), PRICES)
        self.store = store if store is not None else DocumentStore(documents)
        self.strategies = ScriptedStrategies(**signals)
        leases = StoredLeases(LeaseDocuments(documents))
        self.cycle: Cycle = replace(cycle_of(self.store, self.strategies, self.broker, self.clock), leases=leases)

    def tick(self) -> TickResult:
        return run_cycle(tick_at(self.clock.time, self.key), self.cycle)

    def tick_after(self, passed: timedelta) -> TickResult:
        self.clock.time += passed
        return self.tick()

    @property
    def lease(self) -> Lease | None:
        found: Lease | None = self.store.observe_book(self.key).book.lease
        return found


def held(documents: Documents) -> dict[str, set[str]]:
    return {each.holder: set(each.strategies) for each in LeaseDocuments(documents).leases("fake")[0].leases}


def test_second_portfolio_of_a_strategy_fails_and_commits_nothing(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=buy("AAPL")), Orchestrator(documents, BETA, trend=buy("AAPL"))
    first.tick()
    with pytest.raises(LeaseHeld, match="expected trend to be free for beta/main, found held by acme/main"):
        second.tick()
    assert (len(first.broker.submitted), second.broker.submitted) == (1, [])
    assert documents.query("tenants/beta/ticks") == []
    assert documents.query("tenants/beta/state") == []
    assert held(documents) == {"acme/main": {"trend"}}


def test_lease_is_the_same_in_the_book_and_with_the_account(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.tick()
    assert first.lease == LeaseDocuments(documents).leases("fake")[0].of(holder_of(ACME))
    assert first.lease is not None
    assert (first.lease.expires_at, first.lease.account_id) == (AT + LEASE_DURATION, "fake")


class Together:
    """A store whose first commit waits until that of the other one is about to be sent, too."""

    def __init__(self, inner: Any, barrier: Barrier) -> None:
        self._inner, self._barrier, self._has_waited = inner, barrier, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, draft: Any) -> Any:
        if not self._has_waited:
            self._has_waited = True
            self._barrier.wait(30)
        return self._inner.commit(draft)


def race(
    open_documents: Callable[[], Documents], one: str, other: str
) -> list[tuple[Orchestrator, Future[TickResult]]]:
    """Let two portfolios decide on the same free account, and only then commit."""
    barrier = Barrier(2)
    racers = []
    for key, name in ((ACME, one), (BETA, other)):
        documents = open_documents()
        together = Together(DocumentStore(documents), barrier)
        racers.append(Orchestrator(documents, key, together, **{name: buy("AAPL")}))
    with ThreadPoolExecutor(2) as pool:
        return [(each, pool.submit(each.tick)) for each in racers]


def test_of_two_that_race_for_a_strategy_exactly_one_commits(documents_factory: Callable[[], Documents]) -> None:
    outcomes = race(documents_factory, "trend", "trend")
    (lost,) = [each for each in outcomes if each[1].exception() is not None]
    (won,) = [each for each in outcomes if each is not lost]
    assert isinstance(lost[1].exception(), LeaseHeld)
    assert f"held by {holder_of(won[0].key)}" in str(lost[1].exception())
    assert (len(won[0].broker.submitted), lost[0].broker.submitted) == (1, [])
    documents = documents_factory()
    assert len(documents.query(f"tenants/{won[0].key.tenant_id}/ticks")) == 1
    assert documents.query(f"tenants/{lost[0].key.tenant_id}/ticks") == []
    assert held(documents) == {holder_of(won[0].key): {"trend"}}


def test_both_that_race_for_different_strategies_go_on(documents_factory: Callable[[], Documents]) -> None:
    outcomes = race(documents_factory, "trend", "carry")
    assert [len(each.result().orders) for _, each in outcomes] == [1, 1]
    assert held(documents_factory()) == {"acme/main": {"trend"}, "beta/main": {"carry"}}


def test_portfolio_that_lost_its_commit_to_another_claim_decides_anew(documents: Documents) -> None:
    rival = Orchestrator(documents, BETA, trend=buy("AAPL"))
    late = Orchestrator(documents, ACME, Meanwhile(DocumentStore(documents), "commit", rival.tick), trend=buy("AAPL"))
    with pytest.raises(LeaseHeld, match="held by beta/main"):
        late.tick()
    assert (len(rival.broker.submitted), late.broker.submitted) == (1, [])


def test_tick_costs_a_read_and_a_commit_while_the_lease_suffices(documents: Documents) -> None:
    counted = Counted(documents)
    first = Orchestrator(counted, ACME, trend=HOLD)
    first.tick()
    assert counted.calls == {"read": 2, "commit": 1, "query": 2}  # leases; and, once a day, the daily documents
    for _ in range(3):
        counted.calls.clear()
        first.tick_after(MINUTE)
        assert counted.calls == {"read": 1, "commit": 1}


def test_lease_is_renewed_after_half_of_its_time_and_not_before(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    first = Orchestrator(recording, ACME, trend=HOLD)
    first.tick()
    entries = first.store.observe_book(ACME).book.entries
    recording.written.clear()
    recording.reads.clear()
    first.tick_after(LEASE_DURATION / 2 - MINUTE)
    assert (LEASES,) not in recording.reads
    assert LEASES not in [each.path for each in recording.written]

    first.tick_after(MINUTE)
    assert (LEASES,) in recording.reads
    assert LEASES in [each.path for each in recording.written]
    assert first.lease is not None
    assert (first.lease.since, first.lease.expires_at) == (AT, first.clock.time + LEASE_DURATION)
    assert first.store.observe_book(ACME).book.entries == entries  # the journal does not know of it


def test_lease_that_expired_is_taken_over_and_its_holder_finds_out(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=HOLD), Orchestrator(documents, BETA, trend=HOLD)
    first.tick()
    with pytest.raises(LeaseHeld):
        second.tick_after(LEASE_DURATION - MINUTE)
    second.tick_after(MINUTE)
    with pytest.raises(LeaseHeld, match="held by beta/main"):
        first.tick_after(LEASE_DURATION)


def test_tick_that_stalls_past_the_end_of_its_lease_sends_nothing(documents: Documents) -> None:
    second = Orchestrator(documents, BETA, trend=buy("AAPL"))
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.tick()

    def meanwhile() -> None:
        first.clock.time += LEASE_DURATION
        second.clock.time = first.clock.time
        second.tick()

    first.cycle = replace(first.cycle, store=Meanwhile(first.store, "commit", meanwhile))
    first.strategies.signals["trend"] = buy("AAPL")
    (order,) = first.tick_after(MINUTE).orders
    assert order.status in (OrderStatus.DENIED, OrderStatus.UNRESOLVED)
    assert (first.broker.submitted, len(second.broker.submitted)) == ([], 1)


def ended(documents: Any, clock: SetClock) -> None:
    revoke("fake", "acme/main", by="ann", reason="x", store=LeaseDocuments(documents), now=clock.now)


def test_release_fences_the_commit_of_a_holder_that_lives(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=HOLD), Orchestrator(documents, BETA, trend=buy("AAPL"))
    first.tick()

    def meanwhile() -> None:
        ended(documents, first.clock)
        assert first.lease is None
        second.tick_after(HOUR)

    first.cycle = replace(first.cycle, store=Meanwhile(first.store, "commit", meanwhile))
    first.strategies.signals["trend"] = buy("AAPL")
    with pytest.raises(LeaseHeld, match="held by beta/main"):
        first.tick_after(HOUR)
    assert (first.broker.submitted, len(second.broker.submitted)) == ([], 1)
    assert len(documents.query("tenants/acme/ticks")) == 1


def test_release_is_lost_to_a_commit_of_the_holder_and_then_refused(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.tick()
    first.strategies.signals["trend"] = buy("AAPL")
    first.broker.is_filling = False
    racing = Meanwhile(documents, "commit", lambda: first.tick_after(HOUR))
    with pytest.raises(ConfigurationError, match="may still send orders"):
        ended(racing, SetClock(AT + HOUR + MINUTE))
    assert len(first.broker.submitted) == 1
    assert first.lease is not None
    assert held(documents) == {"acme/main": {"trend"}}


def test_release_is_refused_while_orders_are_sent_under_a_lease_of_long_ago(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.tick()
    refused: list[str] = []

    def meanwhile() -> None:
        with pytest.raises(ConfigurationError) as e:
            ended(documents, first.clock)
        refused.append(str(e.value))

    first.cycle = replace(first.cycle, broker=Meanwhile(first.broker, "submit", meanwhile))
    first.strategies.signals["trend"] = buy("AAPL")
    first.tick_after(HOUR)
    assert "may still send orders" in refused[0]
    ended(documents, first.clock)  # its orders are final
    assert held(documents) == {}


def test_dropped_strategy_is_given_back_at_once_and_others_are_kept(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD, carry=HOLD)
    first.tick()
    del first.strategies.signals["carry"]
    first.tick_after(MINUTE)
    assert held(documents) == {"acme/main": {"trend"}}
    second = Orchestrator(documents, BETA, carry=HOLD)
    second.tick_after(2 * MINUTE)
    assert held(documents) == {"acme/main": {"trend"}, "beta/main": {"carry"}}


def test_strategy_with_an_open_order_is_not_given_back(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=buy("AAPL"), carry=HOLD)
    first.broker.is_filling = False
    first.tick()
    first.cycle = replace(first.cycle, policy=DecisionPolicy(disabled=frozenset({"trend", "carry"})))
    first.tick_after(MINUTE)
    assert held(documents) == {"acme/main": {"trend"}}
    second = Orchestrator(documents, BETA, trend=buy("AAPL"))
    with pytest.raises(LeaseHeld, match="held by acme/main"):
        second.tick_after(2 * MINUTE)

    first.broker.is_filling = True
    first.broker.match()
    first.tick_after(2 * MINUTE)  # it holds what was filled, and trades it no more
    assert held(documents) == {}
    second.tick_after(3 * MINUTE)
    assert held(documents) == {"beta/main": {"trend"}}


class Failing:
    """``Strategies`` of which one raised."""

    def evaluate(self, *_: Any) -> Evaluation:
        return Evaluation(failures={StrategyId("fails"): "KeyError"})


def test_who_answers_fails_holds_or_is_listed_is_claimed_and_nobody_who_is_disabled(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, holds=buy("AAPL"), off=HOLD)
    first.tick()
    listed = StrategyDefinition(kind="Any", name=StrategyId("listed"))
    never = StrategyDefinition(kind="Any", name=StrategyId("never"), is_enabled=False)
    policy = DecisionPolicy(strategies=(listed, never), disabled=frozenset({"off"}))
    first.cycle = replace(first.cycle, policy=policy, strategies=Failing())
    first.tick_after(MINUTE)
    assert held(documents) == {"acme/main": {"fails", "holds", "listed"}}


def test_lease_of_another_account_is_none_here(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=HOLD), Orchestrator(documents, BETA, trend=HOLD)
    first.broker.account_id = "other"
    first.tick()
    second.tick()
    first.broker.account_id = "fake"
    with pytest.raises(LeaseHeld, match=r"account fake: .* held by beta/main"):
        first.tick_after(MINUTE)


def test_flatten_and_reconciliation_go_on_without_a_lease(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=buy("AAPL")), Orchestrator(documents, BETA, trend=HOLD)
    first.tick()
    lease = first.lease
    second.tick_after(LEASE_DURATION)
    first.clock.time += LEASE_DURATION
    store, clock = DocumentStore(documents), first.clock
    desk = Desk(cycle=first.cycle, store=store, statements=NoStatements())
    reconcile(ACME, desk)
    order = Flatten(by="ann", reason="out", strategies={"main": frozenset({StrategyId("trend")})})
    command(order, tenant_id="acme", control=store, now=clock.now)

    def pause() -> None:
        clock.time += timedelta(seconds=1)

    patience = Patience(limit=MINUTE, now=clock.now, pause=pause)
    assert flatten({ACME: desk}, store, patience).is_flat
    assert first.broker.positions.get(AAPL) is None
    assert first.lease == lease
    with pytest.raises(LeaseHeld):
        first.tick_after(MINUTE)


def test_lease_is_no_input_of_a_decision(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.tick()
    first.tick_after(MINUTE)
    (entry,) = first.store.decisions("acme", last=1)
    assert read_canonical_json(entry.inputs).book.lease is None


def test_release_of_a_lease_elsewhere_leaves_the_one_in_the_book(documents: Documents) -> None:
    first = Orchestrator(documents, ACME, trend=HOLD)
    first.broker.account_id = "other"
    first.tick()
    first.broker.account_id = "fake"
    first.tick_after(STILL_SENDING)
    revoke("other", "acme/main", by="ann", reason="moved", store=LeaseDocuments(documents), now=first.clock.now)
    assert first.lease is not None
    assert first.lease.account_id == "fake"


def test_release_that_never_wins_changes_nothing(documents: Documents) -> None:
    first, second = Orchestrator(documents, ACME, trend=HOLD), Orchestrator(documents, BETA)
    first.tick()

    class Busy:
        """A store in which another portfolio claims something else before every commit."""

        def __getattr__(self, name: str) -> Any:
            return getattr(documents, name)

        def commit(self, writes: Any) -> Any:
            second.strategies.signals = {f"carry at {second.clock.time}": HOLD}
            second.tick_after(MINUTE)
            return documents.commit(writes)

    with pytest.raises(CommitConflict, match="lost every one"):
        ended(Busy(), SetClock(AT + HOUR))
    assert held(documents)["acme/main"] == {"trend"}
    assert first.lease is not None
