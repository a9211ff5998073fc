"""Automatic recovery by hand: off by default; a cause that has been gone for an hour; what trips again; doubt waits."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.breaker_limits import EmergencyStop
from backend.domain.commitment import tripped
from backend.domain.guard import Breaker
from backend.domain.sighting import Watched
from backend.domain.trading_state import OPERATOR, Restriction, Trading, TradingState
from backend.domain.watch import Trip, watch
from tests.unit.domain.sightings import AAPL, START, Account, account, after, at_prices, failing, look, states

HALTED, REDUCING = TradingState.HALTED, TradingState.REDUCING


def recovering(**limits: Any) -> Account:
    return account(**{"automatic_recovery": True, "recovery_minutes": 60, "equity_jump_limit": 10, **limits})


def lifted(seen: Watched, fund: Account) -> list[str]:
    """Lift what has recovered, as committing a tick does."""
    for breaker in seen.recovered:
        del fund.tripped[breaker]
    return [breaker.value for breaker in seen.recovered]


def shown(fund: Account, *looks: tuple[float, str]) -> list[list[str]]:
    return [lifted(fund.shows(look(minute, equity)), fund) for minute, equity in looks]


def test_recovery_is_off_by_default() -> None:
    fund = account(equity_jump_limit=10)
    assert shown(fund, (0, "100000"), (5, "84000"), (10, "99000"), (600, "99000")) == [[], [], [], []]
    assert fund.tripped == {Breaker.DRAWDOWN: REDUCING, Breaker.DAILY_LOSS: REDUCING}
    assert fund.guard.calm_since == {}


@pytest.mark.parametrize(("minute", "expected"), [(69.9, []), (70, ["daily_loss", "drawdown"])])
def test_recovery_waits_for_as_long_as_it_is_told(minute: float, expected: list[str]) -> None:
    fund = recovering()
    shown(fund, (0, "100000"), (5, "84000"))  # 16 % down: both
    assert shown(fund, (10, "99000"), (minute, "99000")) == [[], expected]


def test_recovery_starts_anew_when_the_cause_comes_back() -> None:
    fund = recovering(daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "84000"), (10, "90000"), (50, "84000"))
    assert shown(fund, (55, "90000"), (114.9, "90000"), (115, "90000")) == [[], [], ["drawdown"]]


def test_recovery_of_a_halt_waits_until_the_drawdown_is_above_both_levels() -> None:
    fund = recovering(daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "79000"))
    assert fund.tripped == {Breaker.DRAWDOWN: HALTED}
    assert shown(fund, (10, "84000"), (200, "84000")) == [[], []]  # 16 %: no halt any more, yet REDUCING
    assert shown(fund, (205, "86000"), (265, "86000")) == [[], ["drawdown"]]


def test_recovery_leaves_the_high_water_mark_so_that_the_same_fall_trips_again() -> None:
    fund = recovering(daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "84000"), (10, "90000"), (70, "90000"))
    assert (fund.tripped, fund.guard.high_water_mark) == ({}, Decimal(100_000))
    assert states(fund.shows(look(75, "85000"))) == {"drawdown": "REDUCING"}


def test_recovery_of_a_daily_loss_comes_with_the_next_day() -> None:
    fund = recovering()
    shown(fund, (0, "100000"), (5, "94000"))
    assert shown(fund, (120, "94000"), (14 * 60, "94000"), (15 * 60, "94000")) == [[], [], ["daily_loss"]]


def test_recovery_of_a_failure_cascade_keeps_the_failures_in_the_window() -> None:
    fund = recovering()
    fund.shows(look(0, failed=failing("a")))
    fund.shows(look(50, failed=failing("b", "c")))
    assert fund.tripped == {Breaker.FAILURE_CASCADE: REDUCING}
    assert lifted(fund.shows(look(61)), fund) == []  # a is out of the window, b and c are not
    assert lifted(fund.shows(look(105, failed=failing("b"))), fund) == []
    assert lifted(fund.shows(look(121, failed=failing("c"))), fund) == ["failure_cascade"]
    assert set(fund.guard.failed_at) == set(failing("b", "c"))
    assert states(fund.shows(look(125, failed=failing("d")))) == {"failure_cascade": "REDUCING"}


def stale(minutes: float) -> Any:
    return look(minutes, newest_bar=None)


def test_recovery_waits_while_stale_data_wait_to_be_confirmed() -> None:
    fund = recovering()
    for minute in (0, 1, 2):
        fund.shows(stale(minute))
    assert fund.tripped == {Breaker.MARKET_DATA: REDUCING}
    fund.shows(look(5))
    assert lifted(fund.shows(stale(64)), fund) == []  # one look of three: no trip, and no calm either
    assert lifted(fund.shows(look(66)), fund) == []
    assert lifted(fund.shows(look(126)), fund) == ["market_data"]


def test_recovery_acknowledges_no_shortage() -> None:
    def short(minute: float, quantity: str) -> Any:
        return look(minute, external={AAPL: Decimal(quantity)}, prices=at_prices(AAPL="100"))

    fund = recovering()
    for minute in (0, 1, 2):
        fund.shows(short(minute, "-5"))
    assert fund.tripped == {Breaker.BROKER: REDUCING}
    fund.shows(look(5))
    assert lifted(fund.shows(short(65, "-3")), fund) == []  # short again: not calm while it is being confirmed
    fund.shows(look(66))
    assert lifted(fund.shows(look(126)), fund) == ["broker_disagreement"]
    assert fund.guard.acknowledged == {}


def test_recovery_waits_while_the_equity_is_in_doubt() -> None:
    fund = recovering(equity_jump_limit=0.2, daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "84000"), (10, "90000"))
    assert fund.shows(look(65, "9000")).doubt is not None
    assert fund.guard.calm_since == {}
    assert shown(fund, (70, "90000"), (129, "90000"), (130, "90000")) == [[], [], ["drawdown"]]


def test_recovery_waits_while_a_price_is_in_doubt() -> None:
    fund = recovering(daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "84000"), (10, "90000"))
    closes = at_prices(AAPL="100")
    assert fund.shows(look(65, "90000", prices=at_prices(AAPL="300"), closes=closes)).doubtful
    assert shown(fund, (70, "90000")) == [[]]
    assert lifted(fund.shows(look(130, "90000", prices=closes, closes=closes)), fund) == []  # the doubt ended here
    assert lifted(fund.shows(look(190, "90000", prices=closes, closes=closes)), fund) == ["drawdown"]


def test_recovery_of_a_correlation_comes_when_it_is_within_the_limit() -> None:
    fund = recovering()
    trip = Trip(breaker=Breaker.CORRELATION, state=REDUCING, reason="correlation: 0.90 of a and b; limit 0.80")
    latched = {Breaker.CORRELATION: REDUCING}
    seen = watch(fund.guard, look(0), fund.limits, {}, (trip,))
    assert states(seen) == {"correlation": "REDUCING"}
    seen = watch(seen.guard, look(60), fund.limits, latched, (trip,))
    assert (seen.trips, seen.recovered) == ((), ())
    seen = watch(seen.guard, look(61), fund.limits, latched)
    seen = watch(seen.guard, look(121), fund.limits, latched)
    assert seen.recovered == (Breaker.CORRELATION,)


def test_recovery_that_is_switched_off_forgets_since_when_it_was_calm() -> None:
    fund = recovering(daily_loss_limit=1)
    shown(fund, (0, "100000"), (5, "84000"), (10, "90000"))
    assert fund.guard.calm_since == {Breaker.DRAWDOWN: after(10)}
    fund.limits = replace(fund.limits, automatic_recovery=False)
    assert shown(fund, (100, "90000")) == [[]]
    assert fund.guard.calm_since == {}


def test_recovery_lifts_the_breaker_and_not_the_operator() -> None:
    held = Restriction(state=REDUCING, reason="test", by="ann", since=START)
    trading = Trading(restrictions={OPERATOR: held, "drawdown": held, "daily_loss": held})
    trip = Trip(breaker=Breaker.BROKER, state=REDUCING, reason="short")
    calmer = tripped(trading, [trip], after(60), [Breaker.DRAWDOWN])
    assert calmer.restrictions.keys() == {OPERATOR, "daily_loss", "broker_disagreement"}
    assert calmer.epoch == 1


def test_drawdown_that_is_no_emergency_stop_only_reduces() -> None:
    looks = [look(0), look(5, "79000")]
    assert states(account(equity_jump_limit=10, daily_loss_limit=1).shows_all(looks)[-1]) == {"drawdown": "HALTED"}
    mild = account(equity_jump_limit=10, daily_loss_limit=1, emergency_stops=frozenset())
    assert states(mild.shows_all(looks)[-1]) == {"drawdown": "REDUCING"}


def test_failure_cascade_that_is_no_emergency_stop_holds_entries_while_it_lasts() -> None:
    fund = account(emergency_stops=frozenset({EmergencyStop.MAX_DRAWDOWN}))
    seen = fund.shows(look(0, failed=failing("a", "b", "c")))
    assert (seen.trips, fund.tripped) == ((), {})
    assert seen.doubt == "failure cascade: 3 strategies failed within 60 minutes (a, b, c); limit 3"
    assert fund.shows(look(60)).doubt is not None
    assert fund.shows(look(61)).doubt is None
    off = account(emergency_stops=frozenset(), failure_cascade_count=0)
    assert off.shows(look(0, failed=failing("a", "b", "c"))).doubt is None
