"""Market data by hand: prices that jump, splits, what the guard keeps; data that are too old."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.guard import Breaker
from backend.domain.trading_state import TradingState
from backend.domain.watch import Watched, rebased
from tests.unit.domain.sightings import AAPL, KO, MSFT, TODAY, Account, account, after, at_prices, look, states

HELD = frozenset({AAPL})
CLOSES = at_prices(AAPL="100", KO="60")


def shown(fund: Account, *prices: str, held: frozenset[Any] = HELD, **more: Any) -> list[Watched]:
    """Show one price of AAPL after the other, five minutes apart, from a close of 100."""
    return fund.shows_all(
        look(5 * i, held=held, closes=CLOSES, prices=at_prices(AAPL=price), **more) for i, price in enumerate(prices)
    )


@pytest.mark.parametrize(
    ("prices", "doubts", "trips", "accepted"),
    [
        # 50 % is in line with the close of 100, a cent more is not
        (["150"], [0], 0, "150"),
        (["50"], [0], 0, "50"),
        (["150.01"], [1], 0, None),
        (["49.99"], [1], 0, None),
        # the last accepted price is the reference, not the close: 150 → 200 is 33 %
        (["150", "200"], [0, 0], 0, "200"),
        # one absurd tick, and two
        (["100", "0.01", "101"], [0, 1, 0], 0, "101"),
        (["100", "1000", "1001", "99"], [0, 1, 2, 0], 0, "99"),
        # confirmed: 300, 310, 290 are within 50 % of 300
        (["100", "300", "310", "290"], [0, 1, 2, 0], 1, "290"),
        # 500 is 66 % away from 300: it starts again
        (["100", "300", "500", "500", "500"], [0, 1, 1, 2, 0], 1, "500"),
    ],
    ids=str,
)
def test_price_that_jumps_must_be_confirmed(
    prices: list[str], doubts: list[int], trips: int, accepted: str | None
) -> None:
    fund = account()
    seen = shown(fund, *prices)
    found = [each.guard.price_doubts[AAPL].looks if AAPL in each.guard.price_doubts else 0 for each in seen]
    assert found == doubts
    assert [AAPL in each.doubtful for each in seen] == [looks > 0 for looks in doubts]
    assert [state for each in seen for state in states(each).items()] == [("market_data", "REDUCING")] * trips
    assert fund.guard.accepted_prices.get(AAPL) == (Decimal(accepted) if accepted else None)
    # the equity that every entry is sized by contains that price
    assert [each.doubt is not None for each in seen] == [looks > 0 for looks in doubts]


def test_price_jump_names_symbol_from_to_and_limit() -> None:
    seen = shown(account(), "100", "300", "310.5", "290.125")
    assert seen[1].doubtful == {AAPL: "AAPL from 100.00 to 300.00, more than 50 %; look 1 of 3"}
    assert seen[3].trips[0].reason == (
        "prices of held symbols jumped, at 3 looks: AAPL from 100.00 to 290.125, more than 50 %"
    )


def test_price_jump_of_a_symbol_that_nobody_holds_is_accepted_silently_and_kept_until_the_close_follows() -> None:
    fund = account()
    seen = shown(fund, "300", "300", "300", "310", held=frozenset())
    assert [len(each.doubtful) for each in seen] == [1, 1, 0, 0]
    assert [each.trips for each in seen] == [()] * 4
    assert fund.guard.accepted_prices == {AAPL: Decimal(310)}
    closed = look(60 * 24, prices=at_prices(AAPL="305"), closes=at_prices(AAPL="308"))
    assert fund.shows(closed).guard.accepted_prices == {}


def test_price_jump_is_judged_by_who_holds_it_when_it_is_confirmed() -> None:
    fund = account()
    shown(fund, "300", "300", held=frozenset())
    seen = fund.shows(look(10, held=HELD, closes=CLOSES, prices=at_prices(AAPL="300")))
    assert states(seen) == {"market_data": "REDUCING"}


def test_guard_keeps_accepted_prices_of_held_symbols_only() -> None:
    fund = account()
    prices, closes = at_prices(AAPL="101", MSFT="400", KO="61"), at_prices(AAPL="100", MSFT="401")
    seen = fund.shows(look(0, held=frozenset({AAPL, KO}), prices=prices, closes=closes))
    assert seen.guard.accepted_prices == at_prices(AAPL="101", KO="61")  # KO has no close: it is accepted
    seen = fund.shows(look(5, held=frozenset({KO}), prices=at_prices(AAPL="102"), closes=closes))
    assert seen.guard.accepted_prices == at_prices(KO="61")  # held, but not looked at: kept


def test_guard_forgets_with_the_day_what_nobody_holds_or_looks_at() -> None:
    fund = account()
    shown(fund, "300", "300", "300", held=frozenset())
    assert AAPL in fund.shows(look(15)).guard.accepted_prices  # another portfolio's look at other symbols
    assert AAPL not in fund.shows(look(60 * 24)).guard.accepted_prices


def test_price_doubt_outlives_the_looks_of_another_portfolio_for_a_day() -> None:
    fund = account()
    shown(fund, "300")
    seen = fund.shows(look(1, held=HELD))  # looks at other symbols of the same account
    assert seen.doubtful == {AAPL: "AAPL at 300.00 waits to be confirmed"}
    assert fund.shows(look(60 * 24 - 1, held=HELD)).guard.price_doubts.keys() == {AAPL}
    assert fund.shows(look(60 * 24, held=HELD)).guard.price_doubts == {}


@pytest.mark.parametrize(
    ("ratio", "price", "is_doubted"),
    [("4", "30", False), ("4", "120", True), ("0.1", "1210", False), ("0", "120", False), ("-4", "120", False)],
)
def test_split_moves_the_reference(ratio: str, price: str, is_doubted: bool) -> None:
    fund = account()
    shown(fund, "120")
    split = {AAPL: Decimal(ratio)}
    seen = fund.shows(look(5, held=HELD, closes=CLOSES, prices=at_prices(AAPL=price), splits=split))
    assert (AAPL in seen.doubtful) == is_doubted
    if is_doubted:  # the reference stays in new shares, though the split is told only once: 120 ÷ 4
        assert seen.guard.accepted_prices == {AAPL: Decimal(30)}


def test_split_moves_a_price_in_doubt() -> None:
    fund = account()
    shown(fund, "100", "300")
    seen = fund.shows(look(10, held=HELD, closes=CLOSES, prices=at_prices(AAPL="75"), splits={AAPL: Decimal(4)}))
    assert (seen.guard.price_doubts[AAPL].value, seen.guard.price_doubts[AAPL].looks) == (Decimal(75), 2)


def test_price_without_any_reference_is_accepted() -> None:
    seen = account().shows(look(0, held=frozenset({MSFT}), prices=at_prices(MSFT="1000000", KO="0")))
    assert (seen.doubtful, seen.guard.accepted_prices) == ({}, at_prices(MSFT="1000000"))


def test_prices_of_several_held_symbols_are_one_trip() -> None:
    fund = account()
    held, closes = frozenset({AAPL, KO}), CLOSES
    looks = [look(5 * i, held=held, closes=closes, prices=at_prices(AAPL="200", KO="1")) for i in range(3)]
    (trip,) = fund.shows_all(looks)[-1].trips
    assert trip.reason.endswith("AAPL from 100.00 to 200.00, more than 50 %; KO from 60.00 to 1.00, more than 50 %")


def test_price_jump_while_latched_is_accepted_without_a_trip() -> None:
    fund = account({Breaker.MARKET_DATA: TradingState.REDUCING})
    seen = shown(fund, "100", "300", "300", "300")
    assert [each.trips for each in seen] == [()] * 4
    assert fund.guard.accepted_prices == {AAPL: Decimal(300)}


@pytest.mark.parametrize(
    ("newest_bar", "limit", "is_stale"),
    [
        (TODAY, 5, False),
        (TODAY + timedelta(days=1), 5, False),
        (TODAY - timedelta(days=5), 5, False),
        (TODAY - timedelta(days=6), 5, True),
        (None, 5, True),
        (TODAY - timedelta(days=6), 6, False),
        (date(1990, 1, 1), 0, False),
        (None, 0, False),
    ],
)
def test_stale_data_are_doubted_at_once(newest_bar: date | None, limit: int, is_stale: bool) -> None:
    seen = account(stale_after_days=limit).shows(look(newest_bar=newest_bar))
    assert (seen.doubt is not None, seen.trips, seen.guard.stale_looks) == (is_stale, (), int(is_stale))


def test_stale_data_trip_after_enough_looks_in_a_row() -> None:
    fund = account()
    old, fresh = date(2026, 1, 20), TODAY
    days = [old, old, fresh, old, old, old, old]
    seen = fund.shows_all(look(5 * i, newest_bar=day) for i, day in enumerate(days))
    assert [states(each) for each in seen] == [{}, {}, {}, {}, {}, {"market_data": "REDUCING"}, {}]
    assert [each.doubt is None for each in seen] == [False, False, True, False, False, False, False]
    # from the 20th to the 28th
    stale = "stale market data: on 2026-01-28 the newest daily bar is of 2026-01-20, 8 days old; limit 5"
    assert seen[5].trips[0].reason == f"{stale}; seen at 3 looks"
    assert (seen[0].doubt, seen[6].doubt) == (f"{stale}; look 1 of 3", stale)


def test_stale_data_within_thirty_seconds_are_one_look() -> None:
    fund = account()
    seen = fund.shows_all(look(i / 10, newest_bar=None) for i in range(11))  # every 6 seconds for a minute
    assert [each.guard.stale_looks for each in seen] == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert [bool(each.trips) for each in seen] == [False] * 10 + [True]


def test_stale_data_and_a_jump_are_one_trip_with_both_reasons() -> None:
    fund = account()
    seen = shown(fund, "300", "300", "300", newest_bar=None)
    (trip,) = seen[-1].trips
    assert "AAPL from 100.00" in trip.reason
    assert "no daily bar of any symbol" in trip.reason


def test_reset_of_market_data_accepts_the_price_in_doubt_and_counts_stale_looks_from_the_start() -> None:
    fund = account()
    shown(fund, "100", "300", "310", newest_bar=None)
    guard = rebased(fund.guard, [Breaker.MARKET_DATA], at=after(11))
    assert (guard.price_doubts, guard.accepted_prices, guard.stale_looks) == ({}, {AAPL: Decimal(300)}, 0)
    fund.guard = guard
    fund.tripped.clear()
    again = look(15, held=HELD, closes=CLOSES, prices=at_prices(AAPL="310"), newest_bar=None)
    seen = fund.shows(again)
    assert (seen.trips, seen.doubtful, seen.guard.stale_looks) == ((), {}, 1)
    seen = fund.shows_all([replace(again, at=after(20)), replace(again, at=after(25))])
    assert [states(each) for each in seen] == [{}, {"market_data": "REDUCING"}]  # still stale: that is new evidence
