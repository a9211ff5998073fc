"""What holds of every history of looks: no trip on one bad tick, none after a reset, none by a flow."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.guard import Breaker, Guard
from backend.domain.order import ClientOrderId
from backend.domain.trading_state import TradingState
from backend.domain.watch import Sighting, Watched, rebased, watch
from tests.unit.domain.sightings import AAPL, KO, MSFT, START, TODAY, at_prices, failing, look

thorough = settings(derandomize=True, max_examples=200, deadline=None)
SEVERITY = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}
NOTHING: dict[Breaker, TradingState] = {}

# figures about the limits of each other, so that histories meet all of them
near = st.sampled_from(
    [Decimal(n) for n in (100, 101, 99, 96, 95, 94, 90, 85, 84, 80, 79, 120, 121, 150, 151, 47, 400)]
)
odd = st.sampled_from([Decimal(text) for text in ("0", "-5", "0.01", "1E+9")])
any_figure = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15)
extreme = st.sampled_from([Decimal(text) for text in ("-0", "1E+900000", "-1E+900000", "1E-900000")])
symbols = st.sampled_from([AAPL, MSFT, KO])


def by_symbol(values: st.SearchStrategy[Decimal]) -> st.SearchStrategy[dict[Any, Decimal]]:
    return st.dictionaries(symbols, values, max_size=3)


@st.composite
def sightings(draw: st.DrawFn, figures: st.SearchStrategy[Decimal] = near) -> list[Sighting]:
    """Return a history with the instants in order, though often within the same 30 seconds."""
    looks, at = [], START
    for _ in range(draw(st.integers(1, 8))):
        at += draw(st.sampled_from([timedelta(0), timedelta(seconds=20), timedelta(minutes=5), timedelta(days=1)]))
        looks.append(
            Sighting(
                at=at,
                equity=draw(figures),
                prices=draw(by_symbol(figures)),
                closes=draw(by_symbol(figures)),
                newest_bar=draw(st.sampled_from([TODAY, date(2020, 1, 1), None])),
                held=frozenset(draw(st.sets(symbols))),
                failed=failing(*draw(st.sets(st.sampled_from("abcd")))),
                external=draw(by_symbol(figures)),
                missing_orders=frozenset(draw(st.sets(st.sampled_from("xyz").map(ClientOrderId)))),
                flows=draw(st.just(Decimal(0)) | odd | figures),
                splits=draw(by_symbol(figures)),
            )
        )
    return looks


limits = st.builds(
    BreakerLimits,
    jump_confirmations=st.integers(1, 4),
    equity_jump_limit=st.sampled_from([0.01, 0.2, 5.0]),
    price_jump_limit=st.sampled_from([0.01, 0.5, 5.0]),
    daily_loss_limit=st.sampled_from([0.001, 0.05, 1.0]),
    failure_cascade_count=st.integers(0, 3),
    stale_after_days=st.sampled_from([0, 5]),
)


def watched(looks: Iterable[Sighting], rules: BreakerLimits, guard: Guard | None = None) -> list[Watched]:
    """Watch without latching, so that everything that can trip does."""
    guard, seen = guard or Guard(), []
    for sighting in looks:
        seen.append(watch(guard, sighting, rules, NOTHING))
        guard = seen[-1].guard
    return seen


@thorough
@given(sightings(near | any_figure | extreme), limits)
def test_watch_is_total_and_its_guard_can_be_stored(looks: list[Sighting], rules: BreakerLimits) -> None:
    for seen in watched(looks, rules):
        assert read_canonical_json(canonical_json(seen.guard)) == seen.guard
        assert len({trip.breaker for trip in seen.trips}) == len(seen.trips)
        assert all(len(trip.reason) < 2000 for trip in seen.trips)


def test_watch_survives_the_largest_figures_there_are() -> None:
    largest, least = Decimal("9E+999999999999999999"), Decimal("-9E+999999999999999999")
    shown: dict[str, Any] = {"held": frozenset({AAPL}), "prices": {AAPL: largest}, "closes": {AAPL: largest}}
    equities = [largest, least, largest, Decimal(1), Decimal(1), Decimal(1)]
    looks = [replace(look(5 * i, **shown), equity=equity, flows=largest) for i, equity in enumerate(equities)]
    assert len(watched(looks, BreakerLimits(equity_jump_limit=5.0, price_jump_limit=5.0))) == len(looks)


@thorough
@given(sightings(near | odd), limits, st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=3)]))
def test_reset_does_not_trip_again_on_what_was_seen(
    looks: list[Sighting], rules: BreakerLimits, later: timedelta
) -> None:
    # Flows and splits are told once; all else is the same look once more.
    last = looks[-1]
    guard = rebased(watched(looks, rules)[-1].guard, list(Breaker), at=last.at + later)
    assert watch(guard, replace(last, flows=Decimal(0), splits={}), rules, NOTHING).trips == ()


@thorough
@given(sightings(), limits, st.data())
def test_reset_of_one_breaker_does_not_trip_it_again(
    looks: list[Sighting], rules: BreakerLimits, data: st.DataObject
) -> None:
    breaker, last = data.draw(st.sampled_from(list(Breaker))), looks[-1]
    guard = rebased(watched(looks, rules)[-1].guard, [breaker], at=last.at)
    again = watch(guard, replace(last, flows=Decimal(0), splits={}), rules, NOTHING)
    assert breaker not in {trip.breaker for trip in again.trips}


@thorough
@given(any_figure, st.integers(1, 4), st.data())
def test_one_equity_out_of_line_never_trips(bad: Decimal, count: int, data: st.DataObject) -> None:
    # Normal equities stay within 1 % of 100,000, the bad ones are shown at fewer looks than confirm them.
    rules = BreakerLimits(jump_confirmations=count + 1)
    assume(abs(bad / 100_000 - 1) > Decimal("0.22"))
    normal = st.integers(99_000, 101_000).map(Decimal)
    equities = [data.draw(normal), *[bad] * count, *(data.draw(normal) for _ in range(3))]
    seen = watched([look(5 * i, str(equity)) for i, equity in enumerate(equities)], rules)
    assert [each.trips for each in seen] == [()] * len(seen)
    assert [each.warnings for each in seen] == [()] * len(seen)
    assert [each.doubt is not None for each in seen] == [False, *[True] * count, False, False, False]


@thorough
@given(any_figure, st.integers(1, 4), st.integers(60_000, 140_000), st.data())
def test_one_price_out_of_line_never_trips(bad: Decimal, count: int, equity: int, data: st.DataObject) -> None:
    # The equity of the bad looks contains the bad price; it may even be in line with the one before.
    rules = BreakerLimits(jump_confirmations=count + 1)
    assume(abs(bad / 100 - 1) > Decimal("0.53"))
    normal = st.integers(99, 101).map(Decimal)
    prices = [data.draw(normal), *[bad] * count, *(data.draw(normal) for _ in range(3))]
    looks = [
        look(
            5 * i,
            str(equity if 0 < i <= count else 100_000),
            held=frozenset({AAPL}),
            prices={AAPL: price},
            closes=at_prices(AAPL="100"),
        )
        for i, price in enumerate(prices)
    ]
    seen = watched(looks, rules)
    assert [each.trips for each in seen] == [()] * len(seen)
    assert [AAPL in each.doubtful for each in seen] == [False, *[True] * count, False, False, False]
    assert seen[-1].guard.high_water_mark == Decimal(100_000)


@thorough
@given(sightings(near | odd), limits)
def test_high_water_mark_never_falls_without_a_flow(looks: list[Sighting], rules: BreakerLimits) -> None:
    seen = watched([replace(sighting, flows=Decimal(0)) for sighting in looks], rules)
    marks = [each.guard.high_water_mark for each in seen]
    assert marks == sorted(marks)


@thorough
@given(st.lists(st.integers(-99, 400), min_size=1, max_size=6), st.integers(961, 1000))
def test_flow_of_any_size_trips_nothing(percents: list[int], down: int) -> None:
    # The account is up to 3.9 % below its high and its day's start, under the limits of 5 and 10 %.
    equity = Decimal(100_000) * down / 1000
    looks = [look(0), look(5, str(equity))]
    for i, percent in enumerate(percents, start=2):
        flow = (equity * percent / 100).quantize(Decimal("0.01"))
        equity += flow
        looks.append(look(5 * i, str(equity), flows=flow))
    seen = watched(looks, BreakerLimits())
    assert [(each.trips, each.warnings, each.doubt) for each in seen] == [((), (), None)] * len(seen)
    last = seen[-1].guard
    assert float(equity / last.high_water_mark) == pytest.approx(down / 1000, rel=1e-12)


@thorough
@given(sightings(near | odd), limits)
def test_latched_breaker_only_escalates(looks: list[Sighting], rules: BreakerLimits) -> None:
    guard, tripped = Guard(), dict[Breaker, TradingState]()
    for sighting in looks:
        seen = watch(guard, sighting, rules, tripped)
        guard = seen.guard
        for trip in seen.trips:
            assert SEVERITY[trip.state] > SEVERITY[tripped.get(trip.breaker, TradingState.ACTIVE)]
            tripped[trip.breaker] = trip.state
    worst = dict.fromkeys(Breaker, TradingState.REDUCING) | {Breaker.DRAWDOWN: TradingState.HALTED}
    assert watch(guard, looks[-1], rules, worst).trips == ()
