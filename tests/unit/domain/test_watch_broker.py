"""Broker disagreement by hand: shortages and missing orders, and what a reset acknowledges."""

from decimal import Decimal
from typing import Any

import pytest

from backend.domain.guard import Breaker
from backend.domain.order import ClientOrderId
from backend.domain.trading_state import TradingState
from backend.domain.watch import rebased
from tests.unit.domain.sightings import AAPL, KO, account, after, at_prices, look, states

TRIPPED = {"broker_disagreement": "REDUCING"}
PRICES = at_prices(AAPL="100")
FIRST, SECOND = ClientOrderId("mae-1"), ClientOrderId("mae-2")


def short(minutes: float, *orders: ClientOrderId, splits: Any = None, **external: str) -> Any:
    return look(
        minutes,
        prices=PRICES,
        closes=PRICES,
        external=at_prices(**external),
        missing_orders=frozenset(orders),
        splits=splits or {},
    )


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        # three looks in a row
        ([{"AAPL": "-3"}] * 3, [{}, {}, TRIPPED]),
        ([{"AAPL": "-3"}, {}, {"AAPL": "-3"}, {"AAPL": "-3"}], [{}, {}, {}, {}]),
        ([{"AAPL": "-3"}, {"AAPL": "-1"}, {"AAPL": "-7"}], [{}, {}, TRIPPED]),
        # more than the sleeves is EXTERNAL, no shortage
        ([{"AAPL": "30"}] * 3, [{}, {}, {}]),
        # at 100 a share, 0.01 shares are worth 1.00
        ([{"AAPL": "-0.01"}] * 3, [{}, {}, TRIPPED]),
        ([{"AAPL": "-0.0099"}] * 3, [{}, {}, {}]),
        # nobody knows what KO is worth
        ([{"KO": "-0.0001"}] * 3, [{}, {}, TRIPPED]),
    ],
    ids=str,
)
def test_shortage_trips_after_enough_looks_in_a_row(
    looks: list[dict[str, str]], expected: list[dict[str, str]]
) -> None:
    fund = account()
    seen = fund.shows_all(short(5 * i, **external) for i, external in enumerate(looks))
    assert [states(each) for each in seen] == expected
    assert all(each.doubt is None for each in seen)


def test_missing_order_trips_after_enough_looks_in_a_row() -> None:
    fund = account()
    seen = fund.shows_all([short(0, FIRST), short(5), short(10, FIRST), short(15, FIRST, SECOND), short(20, SECOND)])
    assert [states(each) for each in seen] == [{}, {}, {}, {}, TRIPPED]


def test_disagreement_reason_names_symbols_quantities_and_orders() -> None:
    fund = account()
    fund.shows(short(0, FIRST, AAPL="-3", KO="-0.5"))
    fund.guard = rebased(fund.guard, [Breaker.BROKER], at=after(1))
    seen = fund.shows_all(short(5 * i, FIRST, SECOND, AAPL="-7", KO="-0.5") for i in range(1, 4))
    assert seen[-1].trips[0].reason == (
        "broker disagreement, at 3 looks: AAPL: the account holds 7 less than the sleeves, of which 3 are "
        "acknowledged; the venue does not know mae-2"
    )


def test_disagreement_within_thirty_seconds_is_one_look() -> None:
    fund = account()
    seen = fund.shows_all(short(i * 29 / 60, AAPL="-3") for i in range(5))  # 0, 29, 58, 87, 116 seconds
    assert [each.guard.disagreement_looks for each in seen] == [1, 1, 2, 2, 3]


def test_disagreement_while_latched_is_silent() -> None:
    fund = account({Breaker.BROKER: TradingState.REDUCING}, jump_confirmations=1)
    assert fund.shows(short(0, AAPL="-3")).trips == ()


@pytest.mark.parametrize(
    ("later", "is_beyond"),
    [
        (["-3"], False),
        (["-3.009"], False),  # 0.009 more are worth 0.90
        (["-3.01"], True),
        (["-2", "-2"], False),
        (["-2", "-3"], True),  # what was acknowledged shrank to 2
        ([None, "-1"], True),  # and to nothing
    ],
    ids=str,
)
def test_reset_acknowledges_the_present_shortage_and_no_more(later: list[str | None], is_beyond: bool) -> None:
    fund = account(jump_confirmations=1)
    assert states(fund.shows(short(0, AAPL="-3"))) == TRIPPED
    fund.guard = rebased(fund.guard, [Breaker.BROKER], at=after(1))
    fund.tripped.clear()
    for i, quantity in enumerate(later, start=1):
        seen = fund.shows(short(5 * i, **({"AAPL": quantity} if quantity else {})))
    assert bool(seen.trips) == is_beyond


def test_reset_acknowledges_missing_orders_until_they_are_found() -> None:
    fund = account(jump_confirmations=1)
    fund.shows(short(0, FIRST))
    fund.guard = rebased(fund.guard, [Breaker.BROKER], at=after(1))
    fund.tripped.clear()
    seen = fund.shows_all([short(5, FIRST), short(10), short(15, FIRST)])
    assert [states(each) for each in seen] == [{}, {}, TRIPPED]


def test_split_multiplies_what_was_acknowledged() -> None:
    fund = account(jump_confirmations=1)
    fund.shows(short(0, AAPL="-3"))
    fund.guard = rebased(fund.guard, [Breaker.BROKER], at=after(1))
    fund.tripped.clear()
    seen = fund.shows(short(5, AAPL="-12", splits={AAPL: Decimal(4)}))
    assert (seen.trips, seen.guard.acknowledged) == ((), {AAPL: Decimal(12)})
    assert KO not in seen.guard.shortages
