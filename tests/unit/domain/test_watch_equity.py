"""Equity by hand: confirmation of jumps, drawdown, daily loss, deposits and withdrawals."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.guard import Breaker, Guard
from backend.domain.trading_state import TradingState
from backend.domain.watch import rebased, watch
from tests.unit.domain.sightings import AAPL, account, after, at_prices, look, states

ONLY_DRAWDOWN: dict[str, Any] = {"daily_loss_limit": 1.0, "equity_jump_limit": 10.0}
ONLY_DAILY: dict[str, Any] = {"drawdown_warning": 1, "drawdown_reduce": 1, "max_drawdown": 1, "equity_jump_limit": 10}
OFF = {**ONLY_DRAWDOWN, "drawdown_warning": 1.0, "drawdown_reduce": 1.0, "max_drawdown": 1.0}


@pytest.mark.parametrize(
    ("equity", "expected", "warnings"),
    [
        # of a high of 100,000 the levels 10, 15 and 20 % are 90,000, 85,000 and 80,000, themselves included
        ("100000.01", {}, 0),
        ("90000.01", {}, 0),
        ("90000", {}, 1),
        ("85000.01", {}, 1),
        ("85000", {"drawdown": "REDUCING"}, 0),
        ("80000.01", {"drawdown": "REDUCING"}, 0),
        ("80000", {"drawdown": "HALTED"}, 0),
        ("0", {"drawdown": "HALTED"}, 0),
        ("-5000", {"drawdown": "HALTED"}, 0),
    ],
)
def test_drawdown_of_one_fall(equity: str, expected: dict[str, str], warnings: int) -> None:
    fund = account(**ONLY_DRAWDOWN)
    _, seen = fund.shows_all([look(0), look(5, equity)])
    assert (states(seen), len(seen.warnings)) == (expected, warnings)


def test_drawdown_reason_states_equity_high_and_level() -> None:
    fund = account(**ONLY_DRAWDOWN)
    _, seen = fund.shows_all([look(0), look(60 * 24, "84000.5")])
    assert seen.trips[0].reason == (
        # 15,999.50 ÷ 100,000 is 15.9995 %, which is not yet 16
        "drawdown: equity 84,000.50 is 15.99 % below the high-water mark 100,000.00 of 2026-01-28; level 15 %"
    )


def test_drawdown_only_escalates_while_it_is_latched() -> None:
    fund = account(**ONLY_DRAWDOWN)
    equities = ["100000", "84000", "83000", "79000", "78000", "84000", "101000", "85000"]
    seen = fund.shows_all(look(5 * i, equity) for i, equity in enumerate(equities))
    # 85,000 of 101,000 is 15.8 %: latched at HALTED, it says nothing
    assert [states(each).get("drawdown") for each in seen] == [
        None, "REDUCING", None, "HALTED", None, None, None, None,
    ]  # fmt: skip


def test_drawdown_warns_once_a_high() -> None:
    fund = account(**ONLY_DRAWDOWN)
    equities = ["100000", "90000", "95000", "89000", "100001", "90001", "90000"]
    seen = fund.shows_all(look(5 * i, equity) for i, equity in enumerate(equities))
    # 10 % below 100,001 is 90,000.90: 90,001 is not there yet
    assert [len(each.warnings) for each in seen] == [0, 1, 0, 0, 0, 0, 1]
    assert seen[1].warnings == (
        "drawdown: equity 90,000.00 is 10 % below the high-water mark 100,000.00 of 2026-01-28; level 10 %",
    )


def test_drawdown_that_is_switched_off_never_trips() -> None:
    fund = account(**OFF)
    seen = fund.shows_all([look(0), look(5, "50000"), look(10, "0")])
    assert [(each.trips, each.warnings) for each in seen] == [((), ())] * 3


def test_daily_loss_is_counted_from_the_last_equity_of_the_day_before() -> None:
    fund = account(**ONLY_DAILY)
    # 2026-01-28 20:55 UTC, then 14:30 UTC of the next day: a gap of 4 % overnight and 1 % more is 5 % of 100,000
    looks = [look(355), look(355 + 1055, "96000"), look(355 + 1060, "95000.01"), look(355 + 1065, "95000")]
    seen = fund.shows_all(looks)
    assert [states(each) for each in seen] == [{}, {}, {}, {"daily_loss": "REDUCING"}]
    assert seen[3].trips[0].reason == (
        "daily loss: equity 95,000.00 is 5 % below the start 100,000.00 of 2026-01-29; limit 5 %"
    )


def test_daily_loss_of_the_first_day_is_counted_from_its_first_equity() -> None:
    fund = account(**ONLY_DAILY)
    seen = fund.shows_all([look(0, "50000"), look(5, "60000"), look(10, "47500")])
    assert [states(each) for each in seen] == [{}, {}, {"daily_loss": "REDUCING"}]  # 47,500 = 95 % of 50,000


def test_daily_loss_starts_anew_with_the_new_york_day() -> None:
    fund = account(**ONLY_DAILY)
    before = look(0, "100000", newest_bar=date(2026, 1, 28))
    before = replace(before, at=datetime(2026, 1, 29, 4, 0, tzinfo=UTC))  # 23:00 of the 28th in New York
    same = replace(before, at=datetime(2026, 1, 29, 4, 59, tzinfo=UTC), equity=Decimal(96_000))
    new = replace(before, at=datetime(2026, 1, 29, 5, 0, tzinfo=UTC), equity=Decimal(94_000))
    seen = fund.shows_all([before, same, new])
    assert [states(each) for each in seen] == [{}, {}, {}]  # 6 % in two days, 4 % and 2.1 % each
    assert (fund.guard.day, fund.guard.day_start_equity) == (date(2026, 1, 29), Decimal(96_000))


def test_daily_loss_keeps_its_day_when_a_clock_is_behind() -> None:
    fund = account(**ONLY_DAILY)
    day = 60 * 24
    fund.shows_all([look(0), look(day, "99000"), look(day + 5, "98000"), look(5, "97000"), look(day + 10, "96000")])
    # 99,000 is the first look of the 29th, which starts from the 100,000 of the 28th, and 97,000 is not another day
    assert (fund.guard.day, fund.guard.day_start_equity) == (date(2026, 1, 29), Decimal(100_000))


def test_daily_loss_that_is_latched_is_silent_and_so_is_one_that_is_switched_off() -> None:
    fund = account({Breaker.DAILY_LOSS: TradingState.REDUCING}, **ONLY_DAILY)
    assert [states(each) for each in fund.shows_all([look(0), look(5, "90000")])] == [{}, {}]
    assert [states(each) for each in account(**OFF).shows_all([look(0), look(5, "0")])] == [{}, {}]


@pytest.mark.parametrize(
    ("equities", "minutes", "doubted", "accepted"),
    [
        # 20 % is in line, a cent more is not
        (["80000"], [5], [0], "80000"),
        (["79999.99"], [5], [1], "100000"),
        (["120000.01"], [5], [1], "100000"),
        # back to normal before it is confirmed
        (["1", "2", "100500"], [5, 10, 15], [1, 1, 0], "100500"),
        # 50,000, then two looks within 20 % of it: confirmed by the third
        (["50000", "59000", "41000"], [5, 10, 15], [1, 2, 0], "41000"),
        # another value starts again: 60,001 is more than 20 % away from 50,000
        (["50000", "60001", "60000", "60002"], [5, 10, 15, 20], [1, 1, 2, 0], "60002"),
        (["50000", "50000", "60001", "60001", "60001"], [5, 10, 15, 20, 25], [1, 2, 1, 2, 0], "60001"),
        # 29 seconds are the same look, 30 seconds are another
        (["50000", "50000", "50000", "50000"], [5, 5 + 29 / 60, 5.5, 6], [1, 1, 2, 0], "50000"),
        (["50000", "50000", "50000"], [5, 5.1, 5.2], [1, 1, 1], "100000"),
    ],
    ids=str,
)
def test_equity_that_jumps_must_be_confirmed(
    equities: list[str], minutes: list[float], doubted: list[int], accepted: str
) -> None:
    fund = account(daily_loss_limit=1.0, drawdown_warning=1.0, drawdown_reduce=1.0, max_drawdown=1.0)
    fund.shows(look(0))
    looks = []
    for equity, minute in zip(equities, minutes, strict=True):
        seen = fund.shows(look(minute, equity))
        assert (seen.doubt is not None) == (seen.guard.equity_doubt is not None)
        looks.append(seen.guard.equity_doubt.looks if seen.guard.equity_doubt else 0)
    assert (looks, fund.guard.equity) == (doubted, Decimal(accepted))


def test_equity_in_doubt_moves_nothing_and_says_why() -> None:
    fund = account()
    first = fund.shows(look(0)).guard
    seen = fund.shows(look(60 * 24, "50000"))
    assert seen.trips == seen.warnings == ()
    assert seen.doubt == "equity from 100,000.00 to 50,000.00, more than 20 %; look 1 of 3"
    assert replace(seen.guard, equity_doubt=None) == first


def test_equity_that_is_confirmed_trips_what_it_is_the_basis_of() -> None:
    fund = account()
    seen = fund.shows_all([look(0), look(5, "50000"), look(10, "50000"), look(15, "50000")])
    assert [states(each) for each in seen] == [{}, {}, {}, {"drawdown": "HALTED", "daily_loss": "REDUCING"}]


def test_equity_is_not_judged_while_a_held_price_is_in_doubt() -> None:
    fund = account()
    held, other = frozenset({AAPL}), at_prices(AAPL="100")
    fund.shows(look(0, "100000", held=held, prices=other))
    absurd = look(5, "110000", held=held, prices=at_prices(AAPL="200"))
    seen = fund.shows(absurd)
    assert (seen.doubt, list(seen.doubtful)) == ("equity 110,000.00 contains a price in doubt, that of AAPL", [AAPL])
    assert (seen.guard.high_water_mark, seen.guard.equity) == (Decimal(100_000), Decimal(100_000))
    # nobody holds it: the equity does not contain it
    seen = fund.shows(replace(absurd, at=after(10), held=frozenset()))
    assert seen.guard.high_water_mark == Decimal(110_000)


@pytest.mark.parametrize(
    ("flows", "equity", "mark", "start"),
    [
        # 8 % below the mark of 100,000, 92,000. A flow leaves 8 %: mark = equity ÷ 0.92
        ("92000", "184000", "200000", "184000"),
        ("-46000", "46000", "50000", "46000"),
        ("-92000", "0", "0", "0"),
        # 46,000 go out after a fall of 4.6 % (92,000 to 87,768, which leaves 41,768). The rest of the account is
        # worth 41,768 ÷ 87,768 of what it was, so the mark is 100,000 times that
        ("-46000", "41768", str(Decimal(100_000) * 41768 / 87768), str(Decimal(92_000) * 41768 / 87768)),
    ],
)
def test_flow_moves_mark_and_start_in_proportion(flows: str, equity: str, mark: str, start: str) -> None:
    fund = account(daily_loss_limit=1.0)
    fund.shows_all([look(0), look(5, "92000")])
    fund.guard = rebased(fund.guard, [Breaker.DAILY_LOSS], at=after(6))
    seen = fund.shows(look(10, equity, flows=Decimal(flows)))
    assert (seen.trips, seen.doubt) == ((), None)
    assert float(seen.guard.high_water_mark) == pytest.approx(float(mark), rel=1e-15)
    assert float(seen.guard.day_start_equity) == pytest.approx(float(start), rel=1e-15)


def test_flow_of_nearly_everything_does_not_magnify_the_loss_before_it() -> None:
    # 100,000 lose 0.5 % and 90,000 are withdrawn: 9,500 are 5 % less than 10,000, but nobody lost 5 %
    fund = account()
    fund.shows(look(0))
    seen = fund.shows(look(5, "9500", flows=Decimal(-90_000)))
    assert (seen.trips, seen.doubt, seen.guard.equity) == ((), None, Decimal(9500))
    # 0.5 %, as before the withdrawal: 9,500 ÷ 0.995
    assert float(seen.guard.high_water_mark) == pytest.approx(9500 / 0.995, rel=1e-15)


def test_flow_is_not_counted_twice_while_the_equity_is_in_doubt() -> None:
    # The deposit is told at every look since the last accepted equity, so a look in doubt must not use it up.
    fund = account()
    fund.shows(look(0))
    deposit = Decimal(100_000)
    seen = fund.shows_all([look(5, "100", flows=deposit), look(10, "200000", flows=deposit), look(15, "200000")])
    assert [each.doubt is None for each in seen] == [False, True, True]
    assert [each.trips for each in seen] == [(), (), ()]
    assert fund.guard.high_water_mark == fund.guard.day_start_equity == Decimal(200_000)


def test_first_equity_is_accepted_and_a_mark_from_before_is_kept() -> None:
    limits = account().limits
    seen = watch(Guard(high_water_mark=Decimal(120_000)), look(0, flows=Decimal(7)), limits, {})
    assert (seen.guard.equity, seen.guard.high_water_mark) == (Decimal(100_000), Decimal(120_000))
    assert states(seen) == {"drawdown": "REDUCING"}  # 16.7 %
    assert "of 2026" not in seen.trips[0].reason.partition(";")[0]  # nobody knows since when


@pytest.mark.parametrize("reference", ["0", "-10"])
def test_equity_after_an_empty_account_is_accepted(reference: str) -> None:
    fund = account(**OFF | {"equity_jump_limit": 0.2})
    _, seen = fund.shows_all([look(0, reference), look(5, "100000")])
    assert (seen.doubt, seen.guard.equity, seen.guard.high_water_mark) == (None, Decimal(100_000), Decimal(100_000))


def test_deposit_into_a_lost_account_starts_anew() -> None:
    fund = account(**ONLY_DRAWDOWN)
    fund.shows_all([look(0), look(5, "0")])
    fund.tripped.clear()
    seen = fund.shows(look(10, "1000", flows=Decimal(1000)))
    assert (seen.trips, seen.guard.high_water_mark) == ((), Decimal(1000))
