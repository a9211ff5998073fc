"""The shortest sequences by which a fault was once found, played again."""

from decimal import Decimal

import pytest

from backend.domain.signal import Action
from tests.fuzz.fees import FeeStyle
from tests.fuzz.play import play, play_on_time_and_late
from tests.fuzz.script import (
    Crash,
    Dividend,
    Hop,
    Mood,
    OwnTrade,
    Redeliver,
    Say,
    Script,
    Setup,
    Split,
    Step,
    Tick,
    Wait,
)
from tests.fuzz.venue import Answering, Reception

HOLD = Say(action=Action.HOLD)
BUY = Say(action=Action.BUY, allocation=0.2)
BUY_MORE = Say(action=Action.BUY, allocation=0.5)
LEAVE = Say(action=Action.CLOSE_ALL)
SPLIT = Split(symbol="AAPL", in_days=1, new=2, old=1)
DIVIDEND = Dividend(symbol="AAPL", in_days=1, per_share=Decimal("0.24"))
KILLED = [Crash(calls=calls, after=True) for calls in range(10)]


def tick(say: Say, crash: Crash | None = None) -> Tick:
    return Tick(portfolio="main", says={"a": say, "b": HOLD, "c": HOLD}, crash=crash)


@pytest.mark.parametrize("action", [SPLIT, DIVIDEND])
@pytest.mark.parametrize("then", [BUY_MORE, LEAVE])
def test_order_that_waits_overnight_for_an_ex_day(action: Step, then: Say) -> None:
    steps = (tick(BUY), Wait(hop=Hop.AFTER_CLOSE), action, tick(then), Wait(hop=Hop.OPENING), tick(HOLD))
    assert play(Script(setup=Setup(), steps=steps))["event ActionTaken"] == 1


@pytest.mark.parametrize("crash", KILLED)
def test_tick_killed_before_an_ex_day_and_delivered_again_on_it(crash: Crash) -> None:
    night = (Wait(hop=Hop.AFTER_CLOSE), SPLIT, tick(BUY_MORE, crash), Wait(hop=Hop.OPENING))
    steps = (tick(BUY), *night, Redeliver(portfolio="main"), tick(HOLD))
    assert play(Script(setup=Setup(), steps=steps))["event ActionTaken"] == 1


@pytest.mark.parametrize("crash", KILLED)
def test_tick_killed_and_delivered_again_while_the_venue_is_down(crash: Crash) -> None:
    steps = (
        Mood(reception=Reception.FILL, answering=Answering.DOWN),
        tick(BUY, crash),
        Wait(hop=Hop.HOUR),
        Redeliver(portfolio="main"),
        Mood(reception=Reception.FILL),
        tick(HOLD),
    )
    assert play(Script(setup=Setup(), steps=steps))["step Redeliver"] == 1


@pytest.mark.parametrize("style", [FeeStyle.NIGHT, FeeStyle.POOLED_NIGHT])
def test_fee_that_is_booked_the_night_after(style: FeeStyle) -> None:
    script = Script(setup=Setup(fee_style=style), steps=(tick(BUY), *[Wait(hop=Hop.AFTER_CLOSE)] * 3))
    assert play_on_time_and_late(script)["days closed"] == 3


def test_sale_that_arrives_late_after_the_owner_sold_the_shares() -> None:
    # Found after 3,250 sequences: the venue rejects what arrives, and nobody hears of it.
    leave = Tick(portfolio="main", says={"a": LEAVE, "b": HOLD, "c": HOLD}, crash=None)
    own = OwnTrade(symbol="AAPL", shares=Decimal(-20))
    steps = (tick(BUY), Mood(reception=Reception.TIMEOUT_IN_TRANSIT), leave, own, Wait(hop=Hop.OPENING))
    script = Script(setup=Setup(), steps=steps)
    assert play(script)["step OwnTrade"] == play_on_time_and_late(script)["step OwnTrade"] == 1
