"""The failure cascade by hand: distinct strategies within the window."""

from typing import Any

import pytest

from backend.domain.guard import Breaker
from backend.domain.trading_state import TradingState
from backend.domain.watch import rebased
from tests.unit.domain.sightings import account, after, failing, look, states

CASCADE = {"failure_cascade": "REDUCING"}


@pytest.mark.parametrize(
    ("failures", "limits", "expected"),
    [
        # (minute, who fails); three of them within 60 minutes
        ([(0, "ab")], {}, [{}]),
        ([(0, "abc")], {}, [CASCADE]),
        ([(0, "a"), (30, "b"), (60, "c")], {}, [{}, {}, CASCADE]),
        ([(0, "a"), (30, "b"), (60.1, "c")], {}, [{}, {}, {}]),
        # one that fails again and again is one
        ([(0, "a"), (5, "a"), (10, "a"), (15, "ab")], {}, [{}, {}, {}, {}]),
        # its newest failure counts
        ([(0, "a"), (50, "a"), (55, "b"), (100, "c")], {}, [{}, {}, {}, CASCADE]),
        ([(0, "a"), (1, ""), (2, "b"), (3, "c")], {}, [{}, {}, {}, CASCADE]),
        ([(0, "a"), (5, "b")], {"failure_cascade_count": 2, "failure_cascade_minutes": 5}, [{}, CASCADE]),
        ([(0, "a"), (5.1, "b")], {"failure_cascade_count": 2, "failure_cascade_minutes": 5}, [{}, {}]),
        ([(0, "abcdefgh")], {"failure_cascade_count": 0}, [{}]),
    ],
    ids=str,
)
def test_failure_cascade(
    failures: list[tuple[float, str]], limits: dict[str, Any], expected: list[dict[str, str]]
) -> None:
    fund = account(**limits)
    seen = fund.shows_all(look(minute, failed=failing(*names)) for minute, names in failures)
    assert [states(each) for each in seen] == expected


def test_failure_cascade_reason_names_the_strategies() -> None:
    seen = account().shows(look(failed=failing("c", "a", "b", "f", "e", "d")))
    assert seen.trips[0].reason == (
        "failure cascade: 6 strategies failed within 60 minutes (a, b, c, d, e and 1 more); limit 3"
    )


def test_failures_outside_the_window_are_forgotten() -> None:
    fund = account(failure_cascade_count=2)
    fund.shows(look(0, failed=failing("a")))
    assert fund.shows(look(60)).guard.failed_at == {"a": after(0)}
    assert fund.shows(look(61)).guard.failed_at == {}


def test_failures_are_not_kept_while_the_breaker_is_switched_off() -> None:
    assert account(failure_cascade_count=0).shows(look(failed=failing("a"))).guard.failed_at == {}


def test_failure_cascade_while_latched_is_silent() -> None:
    fund = account({Breaker.FAILURE_CASCADE: TradingState.REDUCING})
    assert fund.shows(look(failed=failing("a", "b", "c"))).trips == ()


def test_reset_of_the_failure_cascade_forgets_what_failed_before_it() -> None:
    fund = account()
    fund.shows(look(0, failed=failing("a", "b", "c")))
    fund.guard = rebased(fund.guard, [Breaker.FAILURE_CASCADE], at=after(2))
    fund.tripped.clear()
    late = fund.shows(look(1, failed=failing("a", "b", "c")))  # a tick that began before the reset
    assert (late.trips, late.guard.failed_at) == ((), {})
    seen = fund.shows_all([look(5, failed=failing("a", "b")), look(10, failed=failing("c"))])
    assert [states(each) for each in seen] == [{}, CASCADE]  # three new failures are new evidence
