"""Fifty workers on one account at once: nothing is committed after a halt, and nothing is spent twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

from backend.adapters.documents import DocumentStore
from backend.domain.command import Halt
from backend.domain.errors import CommitConflict
from backend.domain.tick import PortfolioKey, TickCommit, TickResult, Versions
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, tick_at
from tests.integration.engine.commanding import CommandPost

WORKERS = 50
PORTFOLIOS = 5
CASH = Decimal(100_000)


class Witness:
    """A store that notes the reservations of every state that was committed."""

    def __init__(self, store: DocumentStore, seen: list[Decimal]) -> None:
        self._store = store
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, commit: TickCommit) -> Versions:
        versions = self._store.commit(commit)
        self._seen.append(commit.trading.reserved)
        return versions


def run_until_done(number: int, store: Any, broker: FakeBroker, start: Barrier) -> TickResult:
    """Run a tick of one of the portfolios, and deliver it again as often as it is lost to others."""
    key = PortfolioKey(tenant_id=KEY.tenant_id, portfolio_id=f"p{number % PORTFOLIOS}")
    at = AT + timedelta(seconds=number)
    strategies = ScriptedStrategies(**{f"s{number % PORTFOLIOS}": buy("AAPL" if number % 2 else "MSFT", 0.4)})
    cycle = cycle_of(store, strategies, broker, SetClock(at))
    start.wait()
    while True:
        try:
            return run_cycle(tick_at(at, key), cycle)
        except CommitConflict:
            continue


def test_fifty_ticks_over_five_portfolios_never_reserve_more_than_the_account_has(
    store_factory: Callable[[], DocumentStore],
) -> None:
    broker, seen = FakeBroker(CASH, PRICES), list[Decimal]()
    broker.is_filling = False  # so that everything that was ever reserved stays reserved
    start = Barrier(WORKERS)
    stores = [Witness(store_factory(), seen) for _ in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(run_until_done, n, store, broker, start) for n, store in enumerate(stores)]
        results = [each.result(timeout=170) for each in as_completed(running)]

    assert len(seen) == WORKERS
    assert max(seen) <= CASH
    placed = [order.intent for result in results for order in result.orders]
    assert sum(intent.notional or 0 for intent in placed) <= CASH
    assert {order.status.value for result in results for order in result.orders} == {"submitted"}
    assert len(broker.orders) == len(placed) == len({intent.client_order_id for intent in placed}) > 1
    assert store_factory().trading(KEY.tenant_id)[0].reserved == sum(intent.reserved for intent in placed)


def test_halt_among_fifty_workers_commits_and_nothing_is_committed_after_it(
    store_factory: Callable[[], DocumentStore],
) -> None:
    start = Barrier(WORKERS + 1)
    broker = FakeBroker(Decimal(10**9), PRICES)
    stores = [store_factory() for _ in range(WORKERS)]
    post = CommandPost(store_factory())
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(run_until_done, n, store, broker, start) for n, store in enumerate(stores)]
        start.wait()
        next(as_completed(running))  # some got through, the others are under way
        halted = post.order(Halt(by="ann@desk", reason="all of it"))
        results = [each.result(timeout=170) for each in running]

    decisions = post.store.decisions(KEY.tenant_id, last=2 * WORKERS)
    assert len(decisions) == WORKERS == len(results)
    before = [each for each in decisions if each.sequence < halted.entry.sequence]
    after = [each for each in decisions if each.sequence > halted.entry.sequence]
    assert before
    assert after, "every worker was done before the halt: this run shows nothing"
    assert [each.body["orders"] for each in after] == [[]] * len(after)
    assert {order.tick_id for result in results for order in result.orders} <= {each.log_id for each in before}
    assert sorted(each.sequence for each in (*decisions, halted.entry)) == list(range(1, WORKERS + 2))


def test_portfolios_of_a_tenant_are_those_with_a_book(store_factory: Callable[[], DocumentStore]) -> None:
    store, broker = store_factory(), FakeBroker(CASH, PRICES)
    keys = [replace(KEY, portfolio_id=f"p{number}", uid=f"u{number}") for number in range(PORTFOLIOS)]
    for key in reversed(keys):
        run_cycle(tick_at(AT, key), cycle_of(store, ScriptedStrategies(s=buy("AAPL", 0.1)), broker))
    assert list(store.portfolios(KEY.tenant_id)) == keys
    assert store.portfolios("nobody") == []
