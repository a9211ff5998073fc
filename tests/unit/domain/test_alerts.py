"""A decision's alerts, and from where on somebody is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.alert import Alert, Severity
from backend.domain.alert_rules import AlertRules
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.alerts import alerts_of, thresholds_of, unresolved_alerts
from backend.domain.book import PortfolioBook
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.decide import decide
from backend.domain.decision import ModeChange
from backend.domain.errors import ConfigurationError
from backend.domain.guard import Breaker, Guard
from backend.domain.mode import Mode, ModeState
from backend.domain.news import told_after
from backend.domain.notices import Notice
from backend.domain.order import OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.sighting import Trip, Watched
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.told import NOTHING_TOLD
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import HOLD, NOW, buy, inputs_of, open_order, sell


def test_alerts_of_a_decision_come_worst_first_and_say_where() -> None:
    decision = replace(
        decide(inputs_of({})),
        watched=Watched(
            guard=Guard(),
            trips=(Trip(breaker=Breaker.DAILY_LOSS, state=TradingState.REDUCING, reason="fell"),),
            warnings=("near",),
            recovered=(Breaker.BROKER,),
        ),
        notices=(Notice(kind="strategy_failure", subject="trend", severity=Severity.ERROR, message="trend failed: x"),),
    )
    found = alerts_of(decision, "main")
    assert [(each.kind, each.subject, each.severity) for each in found] == [
        ("breaker_daily_loss", "", Severity.ERROR),
        ("strategy_failure", "trend", Severity.ERROR),
        ("drawdown_warning", "", Severity.WARNING),
        ("breaker_recovered", "broker_disagreement", Severity.INFO),
    ]
    assert {(each.tenant_id, each.portfolio_id, each.tick_id, each.at) for each in found} == {
        (decision.tenant_id, "main", decision.tick_id, NOW)
    }


def moved(name: str, before: Mode | None, after: Mode) -> ModeChange:
    return ModeChange(
        strategy=StrategyId(name), before=before, after=ModeState(mode=after, since=NOW, reason=f"{name} why")
    )


def test_alerts_tell_of_demotions_and_promotions_and_not_of_first_judgements() -> None:
    changes = (
        moved("a", Mode.ACTIVE, Mode.REDUCED),
        moved("b", None, Mode.SHADOW_MODE),
        moved("c", Mode.SHADOW_MODE, Mode.ACTIVE),
        moved("d", Mode.REDUCED, Mode.DISABLED),
    )
    found = alerts_of(replace(decide(inputs_of({})), mode_changes=changes), "main")
    assert [(each.kind, each.subject, each.severity, each.message) for each in found] == [
        ("demotion", "a", Severity.WARNING, "a ACTIVE → REDUCED: a why"),
        ("demotion", "d", Severity.WARNING, "d REDUCED → DISABLED: d why"),
        ("promotion", "c", Severity.INFO, "c SHADOW_MODE → ACTIVE: c why"),
    ]


def test_alerts_tell_of_many_demotions_as_one() -> None:
    changes = tuple(moved(f"s{i}", Mode.ACTIVE, Mode.SHADOW_MODE) for i in range(40))
    (found,) = alerts_of(replace(decide(inputs_of({})), mode_changes=changes), "main")
    assert (found.kind, found.subject) == ("demotion", "40 strategies")
    assert found.message.endswith("and 35 more")


SELLERS = {name: sell() for name in ("a", "b", "c")}


def test_override_is_told_when_it_begins_with_who_sold_and_what_was_held() -> None:
    decision = decide(inputs_of({**SELLERS, "d": buy(), "e": HOLD}))
    (found,) = alerts_of(decision, "main")
    assert (found.kind, found.severity) == ("systemic_override", Severity.ERROR)
    assert found.message == ("systemic risk: 3 strategies sell at once (a, b, c); entries held back: 1 (d)")


def test_override_is_not_told_again_while_it_lasts() -> None:
    lasting = PortfolioBook(told=told_after(decide(inputs_of(SELLERS)), NOTHING_TOLD))
    again = decide(inputs_of(SELLERS, book=lasting))
    assert again.systemic_risk_detected
    assert alerts_of(again, "main") == ()
    over = replace(lasting, told=told_after(decide(inputs_of({"a": HOLD}, book=lasting)), lasting.told))
    (anew,) = alerts_of(decide(inputs_of(SELLERS, book=over)), "main")
    assert anew.message == "systemic risk: 3 strategies sell at once (a, b, c); no entry was asked for"


def test_orders_in_doubt_are_told_one_by_one_and_many_as_one() -> None:
    key = PortfolioKey(tenant_id="acme")
    doubtful = [
        replace(open_order(f"s{i}"), status=OrderStatus.UNRESOLVED, reason="timed out", decided_at=NOW)
        for i in range(6)
    ]
    waiting = replace(open_order("w"), status=OrderStatus.INTENT, decided_at=NOW)
    found = unresolved_alerts([*doubtful[:2], open_order("x"), waiting], key, at=NOW, tick_id="main-1")
    assert [(each.subject, each.severity, each.tick_id) for each in found] == [
        ("mae-s0-AAPL", Severity.ERROR, "main-1"),
        ("mae-s1-AAPL", Severity.ERROR, "main-1"),
    ]
    assert found[0].message.startswith("order mae-s0-AAPL (buy AAPL for s0) has no clear answer: timed out")
    (joined,) = unresolved_alerts(doubtful, key, at=NOW)
    assert joined.subject == "6 orders"
    (late,) = unresolved_alerts([waiting], key, at=NOW + timedelta(minutes=5))
    assert late.subject == "mae-w-AAPL"  # it may have been sent by a process that died


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("drawdown", 0.0),
        ("drawdown", 1.1),
        ("correlation", -0.1),
        ("underperformance", 0.0),
        ("underperformance", -2.0),
    ],
)
def test_alert_thresholds_out_of_range_are_named(key: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"alert_thresholds\.{key}: expected"):
        AlertThresholds(**{key: value})


def test_alert_needs_words_and_an_aware_instant() -> None:
    fields: dict[str, Any] = {"tenant_id": "acme", "kind": "drawdown", "severity": Severity.WARNING, "message": "m"}
    assert Alert(**fields, at=NOW).title == "Maestro warning: drawdown, acme"
    with pytest.raises(ConfigurationError, match="expected tenant, kind and message"):
        Alert(**{**fields, "message": ""}, at=NOW)
    with pytest.raises(ConfigurationError, match="aware instant"):
        Alert(**fields, at=NOW.replace(tzinfo=None))


def test_thresholds_follow_the_policy() -> None:
    breakers = BreakerLimits(max_drawdown=0.10)
    policy = DecisionPolicy(breakers=breakers, alerts=AlertRules(correlation=0.7, underperformance=-0.05))
    # a drawdown is told from half of what halts
    assert thresholds_of(policy) == AlertThresholds(drawdown=0.05, correlation=0.7, underperformance=-0.05)
    untracked = replace(policy, alerts=AlertRules(performance_tracking=False))
    assert thresholds_of(untracked) == AlertThresholds(drawdown=0.05, correlation=1.0, underperformance=-1.0)
