"""A short slice of what ``make chaos`` plays: whatever happens, an order is sent and booked once, and a halt holds."""

from collections.abc import Iterable

import pytest

from tests.chaos.pool import Job, Plan, Played, played
from tests.chaos.stores import StoreKind

SEED = 1
HISTORIES = 60
_IN_STEP = [f"two processes at once, {what}" for what in ("one tick", "tick and halt", "tick and flatten")]


@pytest.fixture(scope="module")
def on_sqlite() -> dict[int, Played]:
    return _played(Plan(seed=SEED), range(HISTORIES), workers=2)


def test_histories_on_sqlite_send_and_book_each_order_once(on_sqlite: dict[int, Played]) -> None:
    assert len(on_sqlite) == HISTORIES
    _assert_sound(on_sqlite)
    hits = {kind for each in on_sqlite.values() for kind in each.outcome.hits}
    for kind in ("kill -9", "exception", "broker POST /v2/orders", "store", "two processes at once", "overtaken"):
        assert any(hit.startswith(kind) for hit in hits), kind
    done = {errand.partition(":")[0] for each in on_sqlite.values() for errand in each.outcome.errands}
    assert done == {"reconcile", "halt", "flatten", "flatten again", "resume"}
    assert {"two processes at once, tick and halt", "two processes at once, tick and flatten"} <= hits


def test_history_is_played_again_by_its_seed_and_number(on_sqlite: dict[int, Played]) -> None:
    """The fingerprint covers every order, execution, instant and nonce."""
    at_once = [n for n, each in on_sqlite.items() if any(hit in each.outcome.hits for hit in _IN_STEP)]
    assert len(at_once) >= 8
    again = _played(Plan(seed=SEED), at_once[:8], workers=1)
    assert {n: each.outcome.fingerprint for n, each in again.items()} == {
        n: on_sqlite[n].outcome.fingerprint for n in again
    }
    assert len({each.outcome.fingerprint for each in on_sqlite.values()}) == HISTORIES


@pytest.mark.firestore
def test_histories_on_firestore_send_and_book_each_order_once(firestore_host: str, firestore_project: str) -> None:
    plan = Plan(seed=SEED, store=StoreKind.FIRESTORE, project=firestore_project)
    histories = _played(plan, range(8), workers=1)
    assert len(histories) == 8
    _assert_sound(histories)


def _played(plan: Plan, numbers: Iterable[int], workers: int) -> dict[int, Played]:
    return {each.number: each for each in played(plan, [Job(number=n) for n in numbers], workers)}


def _assert_sound(histories: dict[int, Played]) -> None:
    assert {n: each.outcome.findings for n, each in histories.items() if each.outcome.findings} == {}
    unwalked = [each.walked for each in histories.values() if each.walked is not None and not each.has_walked]
    assert unwalked == []  # the boundaries of the standard tick are where they were when it was traced
