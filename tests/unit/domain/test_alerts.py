"""A decision's alerts, and from where on somebody is told."""

from dataclasses import replace
from typing import Any

import pytest

from backend.domain.alert import Alert, Severity
from backend.domain.alert_rules import AlertRules
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.alerts import alerts_of, thresholds_of
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.decide import decide
from backend.domain.errors import ConfigurationError
from backend.domain.guard import Breaker, Guard
from backend.domain.notices import Notice
from backend.domain.policy import DecisionPolicy
from backend.domain.sighting import Trip, Watched
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import NOW, inputs_of


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
