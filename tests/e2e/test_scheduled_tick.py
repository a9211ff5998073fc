"""From Cloud Scheduler's call to the orders at the broker, through the real emulators and the deployed code."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.adapters.documents import open_documents, paths
from backend.adapters.documents.ledger_documents import to_document
from backend.domain.ledger import LedgerTrade
from backend.domain.order import ClientOrderId, Side
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.tick import PortfolioKey
from functions.strategies.roster import discover
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.emulators.firestore_emulator import ENABLE_COMMAND as ENABLE_FIRESTORE
from tests.emulators.suite import ENABLE_COMMAND, EmulatorSuite, emulator_suite, group_lives, is_available
from tests.emulators.tiers import require_tier
from tests.fakes.cycle import HOLD, buy
from tests.integration.past_days import past_sessions, recent_prices, trade

pytestmark = [pytest.mark.suite, pytest.mark.firestore, pytest.mark.timeout(300)]

SYMBOLS = ("AAPL", "JNJ", "KO", "MSFT", "XOM")
WAIT_SECONDS = 60.0
LOOK_UP = "GET /v2/orders:by_client_order_id"
KEY, SECRET = "PK-e2e", "secret-e2e"
TENANTS = ("acme", "globex")
STRATEGIES = [each.name for each in discover().strategies]
SCHEDULED_AT = datetime.now(UTC)  # of which the minute counts
DAILY = f"CRON_TZ=UTC {SCHEDULED_AT.minute} {SCHEDULED_AT.hour} * * *"  # so that a tick does not expire meanwhile
TICK_ID = f"main-{SCHEDULED_AT:%Y%m%dT%H%M}00.000000Z"
ACTIVE = {"state": "active", "market_hours": False}  # the tests run at any hour


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prices = tmp_path_factory.mktemp("prices") / "prices.csv"
    recent_prices(prices, SYMBOLS)
    return prices


@pytest.fixture(scope="module")
def broker(prices: Path) -> Iterator[PaperBrokerServer]:
    """A broker whose clock stands some days ago, so that there are days to be closed."""
    start = past_sessions(4)[0].closes_at
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, start=start, key=KEY, secret=SECRET)) as server:
        yield server


@pytest.fixture(scope="module")
def suite(
    tmp_path_factory: pytest.TempPathFactory, _firestore_host_or_none: str | None, broker: PaperBrokerServer
) -> Iterator[EmulatorSuite]:
    require_tier("Firestore emulator", _firestore_host_or_none is not None, ENABLE_FIRESTORE)
    require_tier("firebase-tools emulator suite", is_available(), ENABLE_COMMAND)
    assert _firestore_host_or_none is not None
    with emulator_suite(
        tmp_path_factory.mktemp("suite"),
        project=f"demo-{uuid4().hex[:16]}",
        firestore_host=_firestore_host_or_none,
        environment={
            "MAESTRO_ALPACA__URL": broker.url,
            "MAESTRO_CREDENTIALS__SOURCE": "environment",
            "MAESTRO_ALPACA__KEY": KEY,
            "MAESTRO_ALPACA__SECRET": SECRET,
            "MAESTRO_SYMBOLS": ",".join(SYMBOLS),
            "MAESTRO_SCHEDULE__TICK": DAILY,
            "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the broker's clock stands days behind the functions'
            # Both tenants trade in the one account: small weights leave room for whoever comes second.
            "MAESTRO_ORCHESTRATOR__ALLOCATION__BASE_WEIGHTS": json.dumps(dict.fromkeys(STRATEGIES, 0.05)),
        },
    ) as running:
        yield running
    assert not group_lives(running.group), "firebase-tools left processes behind"


@pytest.fixture(scope="module")
def firestore(suite: EmulatorSuite) -> Iterator[Any]:
    from google.cloud.firestore import Client

    client = Client(project=suite.project)
    yield client
    client.close()


def test_scheduled_tick_runs_every_active_portfolio_exactly_once(
    suite: EmulatorSuite, firestore: Any, broker: PaperBrokerServer
) -> None:
    _add_portfolios(firestore)
    assert suite.fire("scheduled_tick", SCHEDULED_AT).status_code == 200
    for tenant in TENANTS:
        _wait_for(lambda tenant=tenant: _is_done(firestore, tenant), f"{tenant}: a finished tick", suite)
    _wait_for(lambda: _found(firestore, "broken", "alerts"), "broken: an alert", suite)
    before = _state(firestore, broker)

    for tenant in TENANTS:
        assert len(before[tenant, "orchestration_logs"]) == 1
        assert before[tenant, "orders"], f"{tenant}: expected orders, found none"
    committed = [identifier for tenant in TENANTS for identifier in before[tenant, "orders"]]
    assert sorted(before["broker"]) == sorted(committed)
    assert not _found(firestore, "asleep", "ticks")
    assert [a["kind"] for a in _found(firestore, "broken", "alerts").values()] == ["tick_failed"]
    assert SECRET not in suite.log.read_text()

    assert suite.fire("scheduled_tick", SCHEDULED_AT.replace(second=59)).status_code == 200
    for tenant in TENANTS:  # and once more past the queue, which knows the task's name already
        answer = suite.deliver("tenanttick", _task(tenant)).json()["result"]
        assert (answer["tick_id"], answer["status"], answer["was_resumed"]) == (TICK_ID, "done", True)
    assert _state(firestore, broker) == before


def test_reconciliation_finds_the_order_whose_answer_was_lost(
    suite: EmulatorSuite, firestore: Any, broker: PaperBrokerServer
) -> None:
    firestore.document("tenants/doubt/portfolios/main").set({**ACTIVE, "uid": "u-doubt"})
    _set_strategies(firestore, "doubt", 2)
    broker.set_faults(["POST /v2/orders:timeout-after-accept*1", f"{LOOK_UP}:500"])
    answer = suite.deliver("tenanttick", _task("doubt")).json()["result"]
    assert (answer["status"], answer["unresolved"]) == ("done", 1)
    (lost,) = [each for each in _found(firestore, "doubt", "orders").values() if each["status"] == "unresolved"]

    broker.set_faults([])
    response = suite.fire("scheduled_reconciliation", SCHEDULED_AT + timedelta(minutes=10))
    assert response.status_code == 200, response.text
    order = firestore.document(f"tenants/doubt/orders/{lost['client_order_id']}")
    _wait_for(lambda: order.get().get("status") != "unresolved", "doubt: a reconciled order", suite)
    found = order.get().to_dict()
    assert (found["status"], Decimal(found["booked_quantity"]) > 0) == ("filled", True)
    assert firestore.document("tenants/doubt/state/trading").get().to_dict()["working"] == {}
    firestore.document("tenants/doubt/portfolios/main").update({"state": "asleep"})


def test_monthly_snapshot_in_january_writes_december_of_every_tenant(suite: EmulatorSuite, firestore: Any) -> None:
    for tenant in ("north", "south"):
        for index, (side, price) in enumerate([(Side.BUY, "100"), (Side.SELL, "110")]):
            trade = _trade(tenant, f"t{index}", side, Decimal(price), datetime(2025, 12, 10 + index, 15, tzinfo=UTC))
            firestore.document(paths.ledger_trade(tenant, trade.trade_id)).set(to_document(trade))

    response = suite.fire("monthly_performance_snapshot", datetime(2026, 1, 1, 5, 0, tzinfo=UTC))

    assert response.status_code == 200, response.text
    for tenant in ("north", "south"):
        _wait_for(lambda tenant=tenant: _found(firestore, tenant, "strategy_performance"), f"{tenant}: a month", suite)
        written = _found(firestore, tenant, "strategy_performance")
        assert list(written) == [f"u-{tenant}__trend__2025-12"]
        assert Decimal(written[f"u-{tenant}__trend__2025-12"]["realized_pnl"]) == Decimal(20)


def test_daily_snapshot_closes_the_sessions_that_have_ended(
    suite: EmulatorSuite, firestore: Any, broker: PaperBrokerServer, prices: Path
) -> None:
    _, first, second, third = past_sessions(4)
    key = PortfolioKey(tenant_id="closing", uid="u-closing")
    opening = first.opens_at + timedelta(minutes=5)
    signals = {"trend": buy("KO", 0.01), "idle": HOLD}
    trade(open_documents(firestore), broker, prices, key=key, at=opening, signals=signals, credentials=(KEY, SECRET))
    broker.advance(datetime.now(UTC))
    firestore.document("tenants/closing/portfolios/main").set({**ACTIVE, "uid": "u-closing"})

    closed: list[Session] = []
    for missed, session in (([first], second), ([], third)):
        closed += [*missed, session]
        expected = {f"u-closing__{name}__{each.day}" for each in closed for name in ("trend", "idle")}
        for _ in range(2):  # the schedule is delivered twice
            response = suite.fire("daily_performance_snapshot", session.closes_at + timedelta(minutes=15))
            assert response.status_code == 200, response.text
        _wait_for(
            lambda expected=expected: set(_found(firestore, "closing", "strategy_performance")) == expected,
            f"{len(closed)} closed days",
            suite,
        )
    portfolio = _found(firestore, "closing", "portfolio_performance")
    assert sorted(portfolio) == [f"main__{each.day}" for each in closed]
    assert all(abs(Decimal(each["residual"])) <= Decimal("0.01") for each in portfolio.values())
    assert not _found(firestore, "closing", "alerts")


def _add_portfolios(firestore: Any) -> None:
    for number, tenant in enumerate((*TENANTS, "broken")):
        firestore.document(f"tenants/{tenant}/portfolios/main").set({**ACTIVE, "uid": f"u-{tenant}"})
        _set_strategies(firestore, tenant, number)
    firestore.document("tenants/asleep/portfolios/main").set({"uid": "u-asleep", "state": "paused"})
    firestore.document("tenants/broken/config/orchestrator").set({"sharpe_treshold_reduce": 2.0})


def _set_strategies(firestore: Any, tenant: str, number: int) -> None:
    """Give every third strategy to one tenant: two of one account never trade the same."""
    others = [name for place, name in enumerate(STRATEGIES) if place % 3 != number]
    firestore.document(f"tenants/{tenant}/config/orchestrator").set({"disabled_strategies": others})


def _task(tenant: str) -> dict[str, str]:
    scheduled_at = SCHEDULED_AT.replace(second=0, microsecond=0).isoformat()
    return {"tenant_id": tenant, "portfolio_id": "main", "uid": f"u-{tenant}", "scheduled_at": scheduled_at}


def _trade(tenant: str, trade_id: str, side: Side, price: Decimal, at: datetime) -> LedgerTrade:
    return LedgerTrade(
        trade_id=trade_id,
        tenant_id=tenant,
        uid=f"u-{tenant}",
        strategy_id=StrategyId("trend"),
        run_id="r",
        symbol=Symbol("KO"),
        side=side,
        qty=Decimal(2),
        price=price,
        ts=at,
        order_id=ClientOrderId(f"o-{trade_id}"),
    )


def _found(firestore: Any, tenant: str, name: str) -> dict[str, dict[str, Any]]:
    return {each.id: each.to_dict() for each in firestore.collection(paths.collection(tenant, name)).stream()}


def _is_done(firestore: Any, tenant: str) -> bool:
    tick = firestore.document(paths.tick(tenant, TICK_ID)).get()
    return bool(tick.exists and tick.get("status") == "done")


def _state(firestore: Any, broker: PaperBrokerServer) -> dict[Any, Any]:
    """Everything that a second delivery must leave as it is."""
    names = ("orchestration_logs", "orders", "ledger_trades", "ticks", "state")
    documents = {(tenant, name): _found(firestore, tenant, name) for tenant in TENANTS for name in names}
    return {**documents, "broker": [order["client_order_id"] for order in broker.state()["orders"]]}


def _wait_for(condition: Any, what: str, suite: EmulatorSuite) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(
                f"expected {what} within {WAIT_SECONDS:.0f} s; the suite said:\n{suite.log.read_text()[-6000:]}"
            )
        time.sleep(0.2)
