from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from backend.domain.alert import Alert, Severity
from backend.domain.alert_rules import AlertRules
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.alerts import Outlook, alerts_of, cumulative_returns, thresholds_of
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.track_record import EMPTY_TRACK_RECORD, TrackRecord
from backend.domain.trading_state import TradingState

NOW = datetime(2026, 3, 13, 20, 5, tzinfo=UTC)
THRESHOLDS = AlertThresholds(drawdown=0.05, correlation=0.75, underperformance=-0.10)
CALM = Outlook(
    tenant_id="acme",
    portfolio_id="main",
    tick_id="main-1",
    at=NOW,
    drawdown=0.0499,
    correlation=0.7499,
    correlation_pair=("carry", "trend"),
    returns={StrategyId("trend"): -0.0999, StrategyId("young"): float("nan")},
)


def kinds(**changes: Any) -> list[str]:
    return [each.kind for each in alerts_of(replace(CALM, **changes), THRESHOLDS)]


def test_alerts_of_a_calm_decision_are_none() -> None:
    assert alerts_of(CALM, THRESHOLDS) == ()


@pytest.mark.parametrize(
    ("changes", "kind", "subject", "severity", "message"),
    [
        (
            {"drawdown": 0.05},
            "drawdown",
            "",
            Severity.WARNING,
            "equity is 5.0% below its high-water mark; threshold 5.0%",
        ),
        (
            {"correlation": 0.75},
            "correlation",
            "carry, trend",
            Severity.WARNING,
            "carry and trend are correlated at 0.75; threshold 0.75",
        ),
        (
            {"returns": {StrategyId("trend"): -0.1}},
            "underperformance",
            "trend",
            Severity.WARNING,
            "trend returned -10.0% over its track record; threshold -10.0%",
        ),
        (
            {"failures": {StrategyId("trend"): "no bars"}},
            "strategy_failure",
            "trend",
            Severity.ERROR,
            "trend failed: no bars",
        ),
        (
            {"trading": TradingState.HALTED, "reason": "operator: bad feed"},
            "trading_state",
            "halted",
            Severity.ERROR,
            "trading went from ACTIVE to HALTED: operator: bad feed",
        ),
        (
            {"before": TradingState.REDUCING},
            "trading_state",
            "active",
            Severity.INFO,
            "trading went from REDUCING to ACTIVE",
        ),
    ],
)
def test_alerts_tell_what_reaches_its_threshold(
    changes: dict[str, Any], kind: str, subject: str, severity: Severity, message: str
) -> None:
    (alert,) = alerts_of(replace(CALM, **changes), THRESHOLDS)
    assert alert == Alert(
        tenant_id="acme",
        portfolio_id="main",
        tick_id="main-1",
        at=NOW,
        kind=kind,
        subject=subject,
        severity=severity,
        message=message,
    )


def test_alerts_come_worst_first() -> None:
    found = kinds(
        drawdown=0.5,
        correlation=1.0,
        failures={StrategyId("trend"): "no bars"},
        before=TradingState.REDUCING,
    )
    assert found == ["strategy_failure", "drawdown", "correlation", "trading_state"]


def test_alerts_of_what_is_unknown_are_none() -> None:
    assert kinds(drawdown=None, correlation=None, correlation_pair=(), returns={}) == []


def test_alerts_that_are_switched_off_are_none() -> None:
    off = AlertThresholds(drawdown=1.0, correlation=1.0, underperformance=-1.0)
    worst = replace(CALM, drawdown=1.0, correlation=1.0, returns={StrategyId("trend"): -1.0})
    assert alerts_of(worst, off) == ()


def test_cumulative_returns_compound_each_record() -> None:
    returns = np.array([[0.10, np.nan, -1.0], [-0.20, np.nan, 0.5], [np.nan, np.nan, 0.5]])
    names = (StrategyId("trend"), StrategyId("young"), StrategyId("ruined"))
    days = (date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11))
    is_virtual = np.zeros(returns.shape, dtype=np.bool_)
    found = cumulative_returns(TrackRecord(strategies=names, days=days, returns=returns, is_virtual=is_virtual))
    assert found["trend"] == pytest.approx(-0.12)  # 1.1 × 0.8 − 1
    assert np.isnan(found["young"])
    assert found["ruined"] == -1.0
    assert cumulative_returns(EMPTY_TRACK_RECORD) == {}


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
