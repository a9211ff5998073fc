"""A short slice of what ``make chaos`` plays: whatever befalls deliveries, each order is sent and booked once."""

import pytest

from tests.chaos.pool import Job, Plan, Played, played
from tests.chaos.stores import StoreKind


def _played(plan: Plan, numbers: range, workers: int) -> dict[int, Played]:
    return {each.number: each for each in played(plan, [Job(number=n) for n in numbers], workers)}


def _assert_sound(histories: dict[int, Played]) -> None:
    assert {n: each.outcome.findings for n, each in histories.items() if each.outcome.findings} == {}
    unwalked = [each.walked for each in histories.values() if each.walked is not None and not each.has_walked]
    assert unwalked == []  # the boundaries of the standard tick are where they were when it was traced


def test_histories_on_sqlite_send_and_book_each_order_once() -> None:
    histories = _played(Plan(seed=1), range(60), workers=2)
    assert len(histories) == 60
    _assert_sound(histories)
    hits = {kind for each in histories.values() for kind in each.outcome.hits}
    for kind in ("kill -9", "exception", "broker POST /v2/orders", "store", "two processes at once"):
        assert any(hit.startswith(kind) for hit in hits), kind


def test_history_is_played_again_by_its_seed_and_number() -> None:
    """The fingerprint covers every order, execution, instant and nonce; odd numbers are drawn, with concurrency."""
    numbers = range(1, 24, 2)
    first, again = (_played(Plan(seed=2), numbers, workers) for workers in (1, 2))
    assert any("two processes at once, one tick" in each.outcome.hits for each in first.values())
    assert {n: each.outcome.fingerprint for n, each in first.items()} == {
        n: each.outcome.fingerprint for n, each in again.items()
    }
    other = _played(Plan(seed=3), numbers, workers=1)
    assert all(other[n].outcome.fingerprint != first[n].outcome.fingerprint for n in numbers)


@pytest.mark.firestore
def test_histories_on_firestore_send_and_book_each_order_once(firestore_host: str, firestore_project: str) -> None:
    plan = Plan(seed=1, store=StoreKind.FIRESTORE, project=firestore_project)
    histories = _played(plan, range(8), workers=2)
    assert len(histories) == 8
    _assert_sound(histories)
