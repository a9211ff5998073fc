"""The guard survives a restart, and a reset leaves what it says."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.guard import Breaker, Doubt, Guard
from backend.domain.order import ClientOrderId
from backend.domain.signal import StrategyId
from backend.domain.watch import rebased, watch
from tests.unit.domain.sightings import AAPL, KO, account, after, at_prices, failing, look

FULL = Guard(
    equity=Decimal("91000.50"),
    equity_at=after(0),
    high_water_mark=Decimal("100000.00"),
    high_water_mark_at=after(-60),
    is_warned=True,
    day=date(2026, 1, 28),
    day_start_equity=Decimal(95_000),
    accepted_prices=at_prices(AAPL="101.5"),
    price_doubts={KO: Doubt(value=Decimal("600.1"), looks=2, seen_at=after(0))},
    failed_at={StrategyId("a"): after(-5)},
    stale_looks=2,
    stale_seen_at=after(0),
    disagreement_looks=1,
    disagreement_seen_at=after(0),
    shortages={AAPL: Decimal("1.5")},
    acknowledged={AAPL: Decimal("0.5")},
    missing_orders=frozenset({ClientOrderId("mae-1"), ClientOrderId("mae-2")}),
    acknowledged_orders=frozenset({ClientOrderId("mae-1")}),
)
DOUBTED = replace(FULL, equity_doubt=Doubt(value=Decimal(40_000), looks=1, seen_at=after(0)))


@pytest.mark.parametrize("guard", [Guard(), FULL, DOUBTED], ids=["new", "full", "doubted"])
def test_guard_is_read_back_as_it_was_written(guard: Guard) -> None:
    assert read_canonical_json(canonical_json(guard)) == guard


def test_guard_that_was_read_back_goes_on_as_before() -> None:
    limits = account().limits
    guard, stored = Guard(), Guard()
    for i in range(12):
        sighting = look(
            5 * i,
            str(100_000 - 4000 * i),
            prices=at_prices(AAPL="100" if i < 6 else "300"),
            closes=at_prices(AAPL="100"),
            held=frozenset({AAPL}),
            failed=failing(f"s{i}"),
            external=at_prices(AAPL="-3"),
        )
        seen = watch(guard, sighting, limits, {})
        again = watch(read_canonical_json(canonical_json(stored)), sighting, limits, {})
        assert again == seen
        guard, stored = seen.guard, again.guard
    assert guard.failed_at  # the last of them carried something to lose
    assert guard.shortages


@pytest.mark.parametrize(
    ("breaker", "expected"),
    [
        (
            Breaker.DRAWDOWN,
            {"high_water_mark": Decimal("91000.50"), "high_water_mark_at": after(9), "is_warned": False},
        ),
        (Breaker.DAILY_LOSS, {"day_start_equity": Decimal("91000.50")}),
        (Breaker.FAILURE_CASCADE, {"failed_at": {}, "failures_forgotten_at": after(9)}),
        (
            Breaker.MARKET_DATA,
            {
                "accepted_prices": at_prices(AAPL="101.5", KO="600.1"),
                "price_doubts": {},
                "stale_looks": 0,
                "stale_seen_at": after(9),
            },
        ),
        (
            Breaker.BROKER,
            {
                "disagreement_looks": 0,
                "disagreement_seen_at": after(9),
                "acknowledged": {AAPL: Decimal("1.5")},
                "acknowledged_orders": FULL.missing_orders,
            },
        ),
    ],
)
def test_reset_changes_what_belongs_to_its_breaker_and_nothing_else(
    breaker: Breaker, expected: dict[str, object]
) -> None:
    assert rebased(FULL, [breaker], at=after(9)) == replace(FULL, **expected)  # type: ignore[arg-type]


def test_reset_of_nothing_changes_nothing() -> None:
    assert rebased(DOUBTED, [], at=after(9)) == DOUBTED


def test_reset_while_the_equity_is_in_doubt_starts_from_the_next_that_is_accepted() -> None:
    # The equity that the operator saw is not the accepted one: neither may be the basis of a trip.
    guard = rebased(replace(DOUBTED, price_doubts={}), [Breaker.DRAWDOWN, Breaker.DAILY_LOSS], at=after(1))
    limits = account().limits
    for minutes in (5, 10):
        seen = watch(guard, look(minutes, "40000"), limits, {})
        guard = seen.guard
        assert (seen.trips, seen.warnings) == ((), ())
    assert guard.equity == guard.high_water_mark == guard.day_start_equity == Decimal(40_000)


def test_reset_before_the_first_equity_starts_from_it() -> None:
    guard = rebased(Guard(high_water_mark=Decimal(500_000)), list(Breaker), at=after(0))
    seen = watch(guard, look(5), account().limits, {})
    assert (seen.trips, seen.guard.high_water_mark) == ((), Decimal(100_000))
