"""Leases on both stores: of any number of claims at once one wins, and the others are told by whom."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.adapters.documents import Documents, open_documents
from backend.adapters.documents.lease_documents import LeaseDocuments, lease_writes
from backend.adapters.documents.seam import create, update
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import CommitConflict, ConfigurationError, LeaseHeld, StoreCorrupt, StoreUnavailable
from backend.domain.lease import STILL_SENDING, AccountLeases, LeaseChange, LeaseClaim, claimed
from backend.domain.signal import StrategyId
from backend.engine.leasing import revoke
from tests.contract.recording import RecordingDocuments
from tests.fakes.faults import Meanwhile
from tests.fakes.leasing import acquire

AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
THREADS = 20


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Documents]]:
    """Open one store again and again, each time with a connection of its own."""
    with ExitStack() as connections:

        def opened() -> SqliteDocuments:
            documents = SqliteDocuments(tmp_path / "maestro.db", durable=False)
            connections.callback(documents.close)
            return documents

        if request.param == "sqlite":
            yield opened
        else:
            make = request.getfixturevalue("firestore_client_factory")
            yield lambda: open_documents(make())


def claim(holder: str, *strategies: str, account: str = "PA1") -> LeaseClaim:
    names = frozenset(map(StrategyId, strategies))
    return LeaseClaim(account_id=account, holder=holder, strategies=names, duration=HOUR)


def change(seen: AccountLeases, asked: LeaseClaim, version: object | None, at: datetime) -> LeaseChange:
    return LeaseChange(leases=claimed(seen, asked, at=at), expected=version)


def test_leases_come_back_as_they_were_written(documents: Documents) -> None:
    store = LeaseDocuments(documents)
    assert store.leases("PA1") == (AccountLeases(account_id="PA1"), None)
    acquire(claim("acme/main", "ma", "rsi"), store=store, at=AT)
    revoke("PA1", "acme/main", by="ann", reason="dead", store=store, now=lambda: AT + STILL_SENDING)
    acquire(claim("beta/main", "rsi"), store=store, at=AT + HOUR)
    leases, version = store.leases("PA1")
    assert version is not None
    assert [(each.holder, each.strategies, each.expires_at) for each in leases.leases] == [
        ("beta/main", {"rsi"}, AT + 2 * HOUR)
    ]
    assert [(each.holder, each.by, each.reason, each.at) for each in leases.releases] == [
        ("acme/main", "ann", "dead", AT + STILL_SENDING)
    ]


def test_leases_of_one_account_bind_every_tenant_and_no_other_account(documents: Documents) -> None:
    store = LeaseDocuments(documents)
    acquire(claim("acme/main", "ma"), store=store, at=AT)
    with pytest.raises(LeaseHeld, match="held by acme/main"):
        acquire(claim("beta/main", "ma"), store=store, at=AT)
    acquire(claim("beta/main", "ma", account="PA2/x"), store=store, at=AT)
    assert [each.account_id for each in store.accounts()] == ["PA1", "PA2/x"]


def test_change_under_a_version_that_moved_is_lost(documents: Documents) -> None:
    store = LeaseDocuments(documents)
    seen, version = store.leases("PA1")
    store.change(change(seen, claim("acme/main", "ma"), version, AT))
    with pytest.raises(CommitConflict):
        store.change(change(seen, claim("beta/main", "ma"), version, AT))
    seen, version = store.leases("PA1")
    store.change(change(seen, claim("acme/main", "ma"), version, AT + HOUR / 2))
    with pytest.raises(CommitConflict):
        store.change(change(seen, claim("acme/main", "rsi"), version, AT + HOUR / 2))


def test_claims_at_the_same_time_have_one_winner(connect: Callable[[], Documents]) -> None:
    stores = [LeaseDocuments(connect()) for _ in range(THREADS)]

    def attempt(number: int) -> str | None:
        try:
            acquire(claim(f"tenant{number}/main", "ma"), store=stores[number], at=AT)
        except LeaseHeld as e:
            return str(e)
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(attempt, range(THREADS)))
    winners = [number for number, answer in enumerate(answers) if answer is None]
    assert len(winners) == 1
    assert all(answer is None or f"held by tenant{winners[0]}/main" in answer for answer in answers)
    (lease,) = stores[0].leases("PA1")[0].leases
    assert lease.holder == f"tenant{winners[0]}/main"


def test_portfolios_with_other_strategies_all_get_theirs(connect: Callable[[], Documents]) -> None:
    stores = [LeaseDocuments(connect()) for _ in range(THREADS)]

    def attempt(number: int) -> None:
        acquire(claim(f"acme/p{number}", f"s{number}"), store=stores[number], at=AT)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(attempt, range(THREADS)))
    assert len(stores[0].leases("PA1")[0].leases) == THREADS


def test_commit_that_depends_on_a_lease_is_lost_with_it(documents: Documents) -> None:
    """As a tick commits: its decision and the renewal in one write, under the version that was read."""
    store = LeaseDocuments(documents)
    acquire(claim("acme/main", "ma"), store=store, at=AT)
    leases, version = store.leases("PA1")
    revoke("PA1", "acme/main", by="ann", reason="dead", store=store, now=lambda: AT + STILL_SENDING)
    acquire(claim("beta/main", "ma"), store=store, at=AT + STILL_SENDING)
    late = claimed(leases, claim("acme/main", "ma"), at=AT + STILL_SENDING)
    decision = create("tenants/acme/ticks/t1", {"decided": True})
    with pytest.raises(CommitConflict):
        documents.commit([decision, *lease_writes(LeaseChange(leases=late, expected=version))])
    assert documents.read(["tenants/acme/ticks/t1"]) == {}


def test_acquire_that_loses_its_commit_decides_anew(documents: Documents) -> None:
    other = LeaseDocuments(documents)
    racing = Meanwhile(documents, "commit", lambda: acquire(claim("beta/main", "rsi"), store=other, at=AT))
    acquire(claim("acme/main", "ma"), store=LeaseDocuments(racing), at=AT)
    assert [each.holder for each in other.leases("PA1")[0].leases] == ["acme/main", "beta/main"]

    racing = Meanwhile(documents, "commit", lambda: acquire(claim("beta/main", "trend"), store=other, at=AT))
    with pytest.raises(LeaseHeld, match="held by beta/main"):
        acquire(claim("acme/main", "trend"), store=LeaseDocuments(racing), at=AT)


def test_acquire_without_an_answer_can_be_repeated(documents: Documents) -> None:
    def silence() -> None:
        raise StoreUnavailable("no answer")

    silent = LeaseDocuments(Meanwhile(documents, "commit", silence, after=True))
    with pytest.raises(StoreUnavailable):
        acquire(claim("acme/main", "ma"), store=silent, at=AT)
    lease = acquire(claim("acme/main", "ma"), store=silent, at=AT + HOUR / 2)
    assert lease is not None
    assert lease.since == AT  # it had been written


def test_claim_costs_one_read_and_one_commit(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    acquire(claim("acme/main", "ma"), store=LeaseDocuments(recording), at=AT)
    assert recording.reads == [("account_leases/PA1",)]
    assert [each.path for each in recording.written] == ["account_leases/PA1"]


@pytest.mark.parametrize(
    "damage",
    [
        {"leases": "none"},
        {"leases": [{"holder": "a"}]},
        {"leases": [{"holder": "a", "strategies": [1], "since": AT, "renewed_at": AT, "expires_at": AT + HOUR}]},
        {"leases": [{"holder": "a", "strategies": ["x"], "since": AT, "renewed_at": AT, "expires_at": AT}]},
        {"account_id": 7},
        {"releases": [{}]},
    ],
)
def test_damaged_document_is_named_and_nothing_is_granted(documents: Documents, damage: dict[str, object]) -> None:
    store = LeaseDocuments(documents)
    acquire(claim("acme/main", "ma"), store=store, at=AT)
    documents.commit([update("account_leases/PA1", damage)])
    with pytest.raises(StoreCorrupt, match="account_leases/PA1"):
        acquire(claim("beta/main", "rsi"), store=store, at=AT)


def test_account_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="name for the account"):
        claim("acme/main", "ma", account="")
