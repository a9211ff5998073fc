"""Expected money is worked out by hand in the comments."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.shadow import Demotion, demotions
from backend.domain.signal import StrategyId
from backend.domain.snapshot import StrategyPerformanceSnapshot
from tests.fakes.performances import strategy_day

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8)]  # a week, Monday and Tuesday
TREND, CARRY = StrategyId("trend"), StrategyId("carry")


def day(on: date, real: str, virtual: str | None, strategy: StrategyId = TREND) -> StrategyPerformanceSnapshot:
    """A day scored from the real sleeve where ``virtual`` is None."""
    pnl = real if virtual is None else virtual
    return strategy_day(
        on, strategy_id=strategy, real_pnl=Decimal(real), pnl=Decimal(pnl), is_virtual=virtual is not None
    )


def test_demotions_join_neighbouring_virtual_days_across_a_weekend() -> None:
    record = [
        day(DAYS[2], "5.00", None),
        day(DAYS[3], "-40.10", "-55.10"),
        day(DAYS[4], "-10.00", "-30.25"),
        day(DAYS[5], "0.00", "12.35"),
        day(DAYS[6], "7.00", None),
    ]
    (found,) = demotions(record)
    # real −40.10 − 10.00 = −50.10; virtual −55.10 − 30.25 + 12.35 = −73.00; saved −50.10 + 73.00 = 22.90
    assert found == Demotion(
        strategy=TREND,
        since=DAYS[3],
        until=DAYS[5],
        days=3,
        real_pnl=Decimal("-50.10"),
        virtual_pnl=Decimal("-73.00"),
    )
    assert found.saved == Decimal("22.90")


def test_demotion_of_a_strategy_that_would_have_gained_cost_money() -> None:
    (found,) = demotions([day(DAYS[0], "1.50", "101.50"), day(DAYS[1], "0.00", None)])
    assert found.saved == Decimal("-100.00")


def test_demotion_that_lasts_has_no_end() -> None:
    (found,) = demotions([day(DAYS[0], "1", None), day(DAYS[1], "0", "2")])
    assert (found.since, found.until, found.days) == (DAYS[1], None, 1)


def test_demotions_of_one_strategy_are_apart_when_a_real_day_lies_between() -> None:
    found = demotions([day(DAYS[0], "0", "1"), day(DAYS[1], "0", None), day(DAYS[2], "0", "3")])
    assert [(each.since, each.until) for each in found] == [(DAYS[0], DAYS[0]), (DAYS[2], None)]


def test_demotions_of_two_strategies_do_not_mix_and_come_oldest_first() -> None:
    record = [
        day(DAYS[1], "0", "1", TREND),
        day(DAYS[0], "0", "10", TREND),
        day(DAYS[1], "0", "100", CARRY),
        day(DAYS[0], "0", None, CARRY),
        day(DAYS[2], "0", None, TREND),
    ]
    assert [(each.strategy, each.since, each.until, each.virtual_pnl) for each in demotions(record)] == [
        (TREND, DAYS[0], DAYS[1], Decimal(11)),
        (CARRY, DAYS[1], None, Decimal(100)),
    ]


def test_demotion_ends_with_the_strategys_own_record() -> None:
    """A day of another strategy neither ends nor prolongs a stay; a missing day does not either."""
    found = demotions([day(DAYS[0], "0", "1"), day(DAYS[1], "0", None, CARRY), day(DAYS[2], "0", "1")])
    assert [(each.strategy, each.days, each.until) for each in found] == [(TREND, 2, None)]


def test_demotions_of_no_day_and_of_real_days_alone_are_none() -> None:
    assert demotions([]) == ()
    assert demotions([day(DAYS[0], "1", None)]) == ()


@given(
    records=st.lists(st.lists(st.tuples(st.booleans(), st.integers(-999, 999)), max_size=12), max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_demotions_hold_every_virtual_day_once(records: Sequence[Sequence[tuple[bool, int]]], order: Random) -> None:
    days = [
        day(MONDAY + timedelta(days=n), "0", str(pnl) if is_virtual else None, StrategyId(f"s{name}"))
        for name, record in enumerate(records)
        for n, (is_virtual, pnl) in enumerate(record)
    ]
    virtual = [each for each in days if each.is_virtual]
    order.shuffle(days)
    found = demotions(days)
    assert sum(each.days for each in found) == len(virtual)
    assert sum((each.virtual_pnl for each in found), Decimal(0)) == sum((each.pnl for each in virtual), Decimal(0))
    for name in {each.strategy for each in found}:
        own = [each for each in found if each.strategy == name]
        assert all(before.until is not None and before.until < after.since for before, after in pairwise(own))
