"""One schedule over 20 tenants, 3 of them broken in different ways, through the real emulators and the deployed code.

Each tenant has an account of its own. One more has a strategy that never ends, which is no reason not to trade.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.adapters.documents import paths
from backend.adapters.documents.dead_letter_documents import from_fields
from backend.adapters.secret_file import SecretFile
from backend.adapters.system_clock import SystemClock
from backend.domain.access import BrokerAccess, Secret
from backend.domain.dead_letter import DeadLetter
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.emulators.firestore_emulator import ENABLE_COMMAND as ENABLE_FIRESTORE
from tests.emulators.suite import ENABLE_COMMAND, EmulatorSuite, emulator_suite, is_available
from tests.emulators.tiers import require_tier
from tests.fakes.account_router import AccountRouter
from tests.integration.past_days import past_sessions, recent_prices

pytestmark = [pytest.mark.suite, pytest.mark.firestore, pytest.mark.timeout(1200)]

SYMBOLS = ("AAPL", "JNJ", "KO", "MSFT", "XOM")
TENANTS = tuple(f"t{number:02}" for number in range(20))
REFUSED, CORRUPT, SLOW = "t03", "t07", "t11"
BROKEN = (REFUSED, CORRUPT, SLOW)
HEALTHY = tuple(each for each in TENANTS if each not in BROKEN)
STUCK = "t05"
WAIT_SECONDS = 300.0
MARGIN_SECONDS = 3.0
STRATEGY = """
import threading
from functions.strategies.base import BaseStrategy


class Endless(BaseStrategy):
    name = "endless"

    def evaluate(self, market_data, account_snapshot, regime=None):
        threading.Event().wait()
"""


def access(tenant: str) -> BrokerAccess:
    return BrokerAccess(key=f"PK{tenant.upper():0>18}", secret=Secret(f"hush-{tenant}"), paper=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """A suite with its tenants, and the broker of each."""

    suite: EmulatorSuite
    firestore: Any
    brokers: Mapping[str, PaperBrokerServer]


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory, _firestore_host_or_none: str | None) -> Iterator[Fund]:
    require_tier("Firestore emulator", _firestore_host_or_none is not None, ENABLE_FIRESTORE)
    require_tier("firebase-tools emulator suite", is_available(), ENABLE_COMMAND)
    assert _firestore_host_or_none is not None
    from google.cloud.firestore import Client

    folder = tmp_path_factory.mktemp("fund")
    recent_prices(folder / "prices.csv", SYMBOLS)
    (folder / "endless_strategies.py").write_text(STRATEGY)
    with ExitStack() as opened:
        brokers = {
            tenant: opened.enter_context(PaperBrokerServer(_account(folder, tenant)))
            for tenant in TENANTS
            if tenant not in (REFUSED, SLOW)
        }
        urls = {access(tenant).key: broker.url for tenant, broker in brokers.items()}
        router = opened.enter_context(AccountRouter(urls, hanging=[access(SLOW).key]))
        _store_credentials(folder / "secrets.json")
        suite = opened.enter_context(
            emulator_suite(
                tmp_path_factory.mktemp("suite"),
                project=f"demo-{uuid4().hex[:16]}",
                firestore_host=_firestore_host_or_none,
                environment=_environment(folder, router),
            )
        )
        firestore = Client(project=suite.project)
        opened.callback(firestore.close)
        _seed(firestore)
        yield Fund(suite=suite, firestore=firestore, brokers=brokers)


def test_schedule_over_twenty_tenants_does_seventeen_and_buries_three(fund: Fund) -> None:
    first = datetime.now(UTC).replace(second=0, microsecond=0)
    together = _ticked(fund, first)
    letters = _letters(fund, first)

    assert set(together) == set(HEALTHY)
    assert {tenant: (each.error, each.attempts) for tenant, each in letters.items()} == {
        REFUSED: ("BrokerRefused", 2),
        CORRUPT: ("StoreCorrupt", 1),
        SLOW: ("BrokerUnavailable", 5),
    }
    assert "401" in letters[REFUSED].reason
    assert "state/trading" in letters[CORRUPT].reason
    assert "answer" in letters[SLOW].reason
    for tenant in BROKEN:
        assert [each["kind"] for each in _found(fund, tenant, "alerts")] == ["tick_failed"]
        assert not _found(fund, tenant, "orders")
    for tenant in HEALTHY:
        ordered = sorted(each["client_order_id"] for each in _found(fund, tenant, "orders"))
        placed = sorted(each["client_order_id"] for each in fund.brokers[tenant].state()["orders"])
        assert ordered == placed, f"{tenant}: expected its orders at its own broker"
        assert ordered
    (stuck,) = _found(fund, STUCK, "orchestration_logs")
    assert "endless" in json.dumps(stuck["body"])
    assert "StrategyTimeout" in json.dumps(stuck["body"])


def test_schedule_with_broken_tenants_makes_no_other_late(fund: Fund) -> None:
    """The processes are warm by now. The same schedule runs without the broken tenants, then with them."""
    first = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5)
    _set_state(fund, BROKEN, "paused")
    alone = _ticked(fund, first)
    _set_state(fund, BROKEN, "active")
    beside = _ticked(fund, first + timedelta(minutes=1))
    assert max(beside.values()) <= 2 * max(alone.values()) + MARGIN_SECONDS, f"alone {alone}, beside {beside}"
    assert set(_letters(fund, first + timedelta(minutes=1))) == set(BROKEN)


def _ticked(fund: Fund, minute: datetime) -> dict[str, float]:
    """Fire the schedule and wait for every healthy tenant; return how many seconds after it each one was done."""
    fired_at = time.monotonic()
    response = fund.suite.fire("scheduled_tick", minute)
    assert response.status_code == 200, response.text
    tick_id = f"main-{minute:%Y%m%dT%H%M%S}.000000Z"
    done: dict[str, float] = {}
    deadline = fired_at + WAIT_SECONDS
    while set(done) != set(HEALTHY):
        snapshots = fund.firestore.get_all([fund.firestore.document(paths.tick(t, tick_id)) for t in TENANTS])
        for each in snapshots:
            if each.exists and each.get("status") == "done":
                done.setdefault(each.reference.path.split("/")[1], time.monotonic() - fired_at)
        if time.monotonic() > deadline:
            pytest.fail(f"expected {HEALTHY}, found {sorted(done)}; the suite said:\n{_tail(fund)}")
        time.sleep(0.2)
    return done


def _letters(fund: Fund, minute: datetime) -> dict[str, DeadLetter]:
    """Wait for the dead letters of a minute."""
    name = f"tick-main-{minute:%Y%m%dT%H%M%S}.000000Z"
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        snapshots = [fund.firestore.document(paths.dead_letter(tenant, name)).get() for tenant in TENANTS]
        found = {each.reference.path.split("/")[1]: each for each in snapshots if each.exists}
        if len(found) >= len(BROKEN):
            return {tenant: from_fields(each.reference.path, each.to_dict()) for tenant, each in found.items()}
        if time.monotonic() > deadline:
            pytest.fail(f"expected 3 dead letters, found {sorted(found)}; the suite said:\n{_tail(fund)}")
        time.sleep(0.5)


def _account(folder: Path, tenant: str) -> PaperBrokerConfig:
    own, start = access(tenant), past_sessions(1)[0].closes_at
    return PaperBrokerConfig(
        prices=folder / "prices.csv",
        start=start,
        account_number=f"PAPER-{tenant}",
        key=own.key,
        secret=own.secret.reveal(),
    )


def _store_credentials(path: Path) -> None:
    secrets = SecretFile(path, SystemClock())
    for tenant in TENANTS:
        secrets.store_broker_access(tenant, access(tenant))


def _environment(folder: Path, router: AccountRouter) -> dict[str, str]:
    return {
        "PYTHONPATH": str(folder),
        "MAESTRO_ALPACA__URL": router.url,
        "MAESTRO_ALPACA__TIMEOUT_SECONDS": "3",
        "MAESTRO_CREDENTIALS__SOURCE": "file",
        "MAESTRO_CREDENTIALS__FILE": str(folder / "secrets.json"),
        "MAESTRO_SYMBOLS": ",".join(SYMBOLS),
        "MAESTRO_SCHEDULE__TICK": "* * * * *",
        "MAESTRO_TASKS__CONCURRENT_TICKS": "6",  # each one is a process of its own, on this machine
        "MAESTRO_STRATEGIES__PACKAGES": "endless_strategies",
        "MAESTRO_STRATEGIES__TIME_LIMIT_SECONDS": "2",
        "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",
        "MAESTRO_ORCHESTRATOR__ALLOCATION__METHOD": "equal_weight",
    }


def _seed(firestore: Any) -> None:
    for tenant in TENANTS:
        fields = {"state": "active", "uid": f"u-{tenant}", "market_hours": False, "catch_up": "latest"}
        firestore.document(paths.portfolio(tenant, "main")).set(fields)
        if tenant != STUCK:
            firestore.document(paths.configuration(tenant)).set({"disabled_strategies": ["endless"]})
    firestore.document(paths.trading(CORRUPT)).set({"epoch": "torn"})


def _set_state(fund: Fund, tenants: tuple[str, ...], state: str) -> None:
    for tenant in tenants:
        fund.firestore.document(paths.portfolio(tenant, "main")).update({"state": state})


def _found(fund: Fund, tenant: str, name: str) -> list[dict[str, Any]]:
    return [each.to_dict() for each in fund.firestore.collection(paths.collection(tenant, name)).stream()]


def _tail(fund: Fund) -> str:
    return fund.suite.log.read_text()[-8000:]
