"""What somebody should know of a decision: by its thresholds, and once a day."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from backend.domain.alert import Severity
from backend.domain.alert_rules import AlertRules
from backend.domain.notices import Notice, cumulative_returns, notices
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_figures import RiskFigures
from backend.domain.signal import StrategyId
from backend.domain.track_record import EMPTY_TRACK_RECORD, TrackRecord
from tests.unit.domain.decision_inputs import inputs_of, record_of

TODAY, YESTERDAY = date(2026, 3, 13), date(2026, 3, 12)
CALM = {"trend": [0.05, -0.1425], "young": []}  # −9.96 % together
APART = RiskFigures(correlation=0.7499, pair=("carry", "trend"))


def found(
    figures: RiskFigures = APART, returns: Any = None, told: Any = (), rules: AlertRules | None = None, **changes: Any
) -> list[Notice]:
    policy = DecisionPolicy(alerts=rules or AlertRules())
    inputs = replace(inputs_of({}, record=record_of(**(returns or CALM)), policy=policy), **changes)
    return list(notices(inputs, figures, dict.fromkeys(told, TODAY), TODAY)[0])


def test_notices_of_a_calm_decision_are_none() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"figures": replace(APART, correlation=0.75)},
            ("correlation", "carry, trend", Severity.WARNING, "carry and trend are correlated at 0.75; threshold 0.75"),
        ),
        (
            {"returns": {"trend": [0.0, -0.1001]}},
            (
                "underperformance",
                "trend",
                Severity.WARNING,
                "trend returned -10.0% over its track record; threshold -10.0%",
            ),
        ),
        (
            {"failures": {StrategyId("trend"): "no bars"}},
            ("strategy_failure", "trend", Severity.ERROR, "trend failed: no bars"),
        ),
    ],
)
def test_notices_tell_what_reaches_its_threshold(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    kind, subject, severity, message = expected
    assert found(**changes) == [Notice(kind=kind, subject=subject, severity=severity, message=message)]


def test_notices_that_are_switched_off_or_unknown_are_none() -> None:
    worst = {"figures": replace(APART, correlation=0.99), "returns": {"trend": [-0.99]}}
    assert found(**worst, rules=AlertRules(correlation=1.0, underperformance=-1.0)) == []
    assert found(**worst, rules=AlertRules(performance_tracking=False)) == []
    assert found(figures=RiskFigures()) == []


def test_notices_are_told_once_a_day() -> None:
    worst = {"returns": {"trend": [-0.2], "carry": [-0.3]}}
    assert [each.subject for each in found(**worst)] == ["carry", "trend"]
    assert [each.subject for each in found(**worst, told=["underperformance:trend"])] == ["carry"]
    inputs = inputs_of({}, record=record_of(trend=[-0.2]))
    again, told = notices(inputs, APART, {"underperformance:trend": YESTERDAY, "correlation:a, b": YESTERDAY}, TODAY)
    assert ([each.subject for each in again], told) == (["trend"], {"underperformance:trend": TODAY})


def test_notices_of_many_strategies_are_one() -> None:
    names = [f"s{i}" for i in range(6)]
    inputs = inputs_of({}, record=record_of(**{name: [-0.2] for name in names}))
    (notice,), told = notices(inputs, APART, {}, TODAY)
    assert (notice.kind, notice.subject, notice.severity) == ("underperformance", "6 strategies", Severity.WARNING)
    assert notice.message.startswith("s0 returned -20.0% over its track record; threshold -10.0%; s1 returned")
    assert set(told) == {f"underperformance:{name}" for name in names}
    assert notices(inputs, APART, told, TODAY)[0] == ()


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
