"""The matrix of daily returns: sorted, bounded, repeatable."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import TrackRecordError
from backend.domain.signal import StrategyId
from backend.domain.track_record import EMPTY_TRACK_RECORD, WINDOW_DAYS, DailyReturn, TrackRecord

A, B = StrategyId("a"), StrategyId("b")
FIRST = date(2025, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def daily(strategy: StrategyId, number: int, value: float, *, is_virtual: bool = False) -> DailyReturn:
    return DailyReturn(strategy=strategy, day=day(number), value=value, is_virtual=is_virtual)


def content(record: TrackRecord) -> tuple[object, ...]:
    """A record as plain values, NaN as None, so that two can be compared."""
    cells = [[None if np.isnan(value) else value for value in row] for row in record.returns.tolist()]
    return record.strategies, record.days, cells, record.is_virtual.tolist(), record.checked_on


def test_track_record_lays_days_down_and_strategies_across() -> None:
    record = EMPTY_TRACK_RECORD.extended(
        [daily(B, 1, 0.03), daily(A, 1, 0.02, is_virtual=True), daily(A, 0, 0.01), daily(B, 3, -0.04)]
    )
    assert record.strategies == (A, B)
    assert record.days == (day(0), day(1), day(3))
    np.testing.assert_array_equal(record.returns, [[0.01, np.nan], [0.02, 0.03], [np.nan, -0.04]])
    assert record.is_virtual.tolist() == [[False, False], [True, False], [False, False]]
    assert record.through == day(3)


def test_track_record_replaces_a_day_that_comes_again() -> None:
    record = EMPTY_TRACK_RECORD.extended([daily(A, 0, 0.01, is_virtual=True)]).extended([daily(A, 0, -0.02)])
    assert record.returns.tolist() == [[-0.02]]
    assert record.is_virtual.tolist() == [[False]]


def test_track_record_keeps_a_losing_day() -> None:
    record = EMPTY_TRACK_RECORD.extended([daily(A, 0, -1.5), daily(A, 1, 0.0)])
    assert record.returns[:, 0].tolist() == [-1.5, 0.0]


def test_track_record_keeps_the_newest_sixty_days() -> None:
    record = EMPTY_TRACK_RECORD.extended(daily(A, number, number / 100) for number in range(61))
    assert WINDOW_DAYS == 60
    assert record.days == tuple(day(number) for number in range(1, 61))
    assert record.returns[:, 0].tolist() == [number / 100 for number in range(1, 61)]


def test_track_record_ignores_a_day_older_than_its_window() -> None:
    full = EMPTY_TRACK_RECORD.extended(daily(A, number, 0.01) for number in range(1, 61))
    assert content(full.extended([daily(A, 0, 0.5)])) == content(full)


def test_track_record_adds_a_strategy_without_moving_the_others() -> None:
    record = EMPTY_TRACK_RECORD.extended([daily(B, 0, 0.01), daily(B, 1, 0.02)]).extended([daily(A, 1, 0.5)])
    np.testing.assert_array_equal(record.returns, [[np.nan, 0.01], [0.5, 0.02]])


def test_track_record_leaves_its_predecessor_alone() -> None:
    before = EMPTY_TRACK_RECORD.extended([daily(A, 0, 0.01)])
    before.extended([daily(A, 0, 0.9)])
    assert before.returns.tolist() == [[0.01]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_daily_return_must_be_finite(value: float) -> None:
    with pytest.raises(TrackRecordError, match="a 2025-01-01: expected a finite daily return, found"):
        daily(A, 0, value)


@pytest.mark.parametrize("days", [(day(1), day(0)), (day(0), day(0))], ids=["newest-first", "twice"])
def test_track_record_refuses_days_out_of_order(days: tuple[date, ...]) -> None:
    with pytest.raises(TrackRecordError, match="expected distinct days, oldest first"):
        TrackRecord(strategies=(A,), days=days, returns=np.zeros((2, 1)), is_virtual=np.zeros((2, 1), dtype=np.bool_))


@pytest.mark.parametrize(("returns", "virtual"), [((1, 1), (2, 1)), ((2, 1), (1, 1)), ((1, 2), (1, 2))])
def test_track_record_refuses_matrices_of_another_shape(returns: tuple[int, int], virtual: tuple[int, int]) -> None:
    with pytest.raises(TrackRecordError, match=r"expected matrices of shape \(2, 1\), found"):
        TrackRecord(
            strategies=(A,),
            days=(day(0), day(1)),
            returns=np.zeros(returns),
            is_virtual=np.zeros(virtual, dtype=np.bool_),
        )


@pytest.mark.parametrize(
    ("first", "expected"),
    [(day(-5), [0.0, 0.2, 0.4]), (day(0), [0.0, 0.2, 0.4]), (day(1), [0.2, 0.4]), (day(2), [0.2, 0.4]), (day(5), [])],
    ids=["before", "first-day", "between", "on-a-day", "after"],
)
def test_track_record_since_includes_its_first_day(first: date, expected: list[float]) -> None:
    record = EMPTY_TRACK_RECORD.extended(daily(A, number, number / 10) for number in (0, 2, 4))
    assert record.since(first)[:, 0].tolist() == expected


def test_track_record_since_a_lookback_of_thirty_days() -> None:
    # On day 40 a look-back of 30 days begins with day 10 itself: days 10 to 39 are 30 returns.
    record = EMPTY_TRACK_RECORD.extended(daily(A, number, float(number)) for number in range(40))
    window = record.since(day(40) - timedelta(days=30))
    assert (window.shape, window[0, 0], window[-1, 0]) == ((30, 1), 10.0, 39.0)


@pytest.mark.parametrize(
    ("last", "checked", "expected"),
    [(8, None, True), (9, None, True), (8, 9, True), (10, 9, True), (8, 10, False)],
    ids=["two-days-old", "yesterday", "checked-yesterday", "recorded-today", "checked-today"],
)
def test_track_record_is_behind_once_a_day(last: int, checked: int | None, expected: bool) -> None:
    checked_on = None if checked is None else day(checked)
    record = EMPTY_TRACK_RECORD.extended([daily(A, last, 0.01)], checked_on=checked_on)
    assert record.is_behind(day(10)) is expected


def test_track_record_without_days_is_behind_until_checked() -> None:
    assert EMPTY_TRACK_RECORD.through is None
    assert EMPTY_TRACK_RECORD.is_behind(day(10))
    assert not EMPTY_TRACK_RECORD.extended([], checked_on=day(10)).is_behind(day(10))


def test_track_record_checked_again_keeps_its_returns() -> None:
    record = EMPTY_TRACK_RECORD.extended([daily(A, 0, 0.01)]).extended([], checked_on=day(3))
    assert record.checked_on == day(3)
    assert record.returns.tolist() == [[0.01]]


returns_by_cell = st.dictionaries(
    st.tuples(st.sampled_from([A, B, StrategyId("c")]), st.integers(0, 90)),
    st.tuples(st.floats(-2, 2), st.booleans()),
    min_size=1,
    max_size=120,
).map(lambda cells: [daily(name, n, value, is_virtual=flag) for (name, n), (value, flag) in cells.items()])


@settings(deadline=None)
@given(returns_by_cell)
def test_track_record_extended_twice_is_extended_once(additions: list[DailyReturn]) -> None:
    once = EMPTY_TRACK_RECORD.extended(additions)
    assert content(once.extended(additions)) == content(once)


@settings(deadline=None)
@given(returns_by_cell, st.randoms(use_true_random=False), st.integers(0, 120))
def test_track_record_does_not_depend_on_the_order(additions: list[DailyReturn], random: object, cut: int) -> None:
    shuffled = additions.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    in_two = EMPTY_TRACK_RECORD.extended(shuffled[:cut]).extended(shuffled[cut:])
    assert content(in_two) == content(EMPTY_TRACK_RECORD.extended(additions))


@settings(deadline=None)
@given(returns_by_cell)
def test_track_record_is_bounded_and_complete(additions: list[DailyReturn]) -> None:
    record = EMPTY_TRACK_RECORD.extended(additions)
    newest = sorted({each.day for each in additions})[-60:]
    assert list(record.days) == newest
    kept = {(each.strategy, each.day): each.value for each in additions if each.day in newest}
    found = {
        (name, record.days[i]): float(record.returns[i, j])
        for j, name in enumerate(record.strategies)
        for i in range(len(record.days))
        if not np.isnan(record.returns[i, j])
    }
    assert found == kept
