"""Money is conserved through fills, splits, dividends, crossings and restarts, whatever their order.

``make fuzz`` plays many more, and longer, scripts.
"""

from hypothesis import HealthCheck, given, settings

from tests.fuzz.drawing import scripts
from tests.fuzz.play import play, play_on_time_and_late, played
from tests.fuzz.script import Script

quick = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@settings(quick, max_examples=50)
@given(scripts(36))
def test_money_is_conserved_after_every_step(script: Script) -> None:
    assert played(script, play)["step Close"] >= 2


@settings(quick, max_examples=15)
@given(scripts(30))
def test_days_closed_on_time_and_late_are_the_same(script: Script) -> None:
    assert played(script, play_on_time_and_late) is not None
