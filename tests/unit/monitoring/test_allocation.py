from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.tick import PortfolioKey
from maestro.monitoring.allocation import allocation_metrics, concentration
from maestro.monitoring.standing import Standing
from maestro.monitoring.window import Seen, Window
from tests.unit.monitoring.standings import entry, observation

NOON = datetime(2026, 3, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weights", "index"),
    [
        ([0.25] * 4, 0.25),  # four equal strategies
        ([0.5, 0.25, 0.25], 0.375),  # 0.25 + 0.0625 + 0.0625
        ([0.3, 0.1], 0.625),  # shares 0.75 and 0.25, the rest is cash
        ([1.0], 1.0),
        ([0.0, 0.0], None),
        ([], None),
    ],
)
def test_concentration_is_the_sum_of_squared_shares(weights: list[float], index: float | None) -> None:
    assert concentration(weights) == (None if index is None else pytest.approx(index))


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=50))
def test_concentration_lies_between_equal_weights_and_one_strategy(weights: list[float]) -> None:
    index = concentration(weights)
    assert index is not None
    assert 1.0 / len(weights) - 1e-9 <= index <= 1.0 + 1e-9


def seen(*allocations: dict[str, Any] | None, before: dict[str, Any] | None = None) -> Seen:
    entries = [
        replace(entry(**({} if each is None else {"allocation": each})), timestamp=NOON + timedelta(minutes=number))
        for number, each in enumerate(allocations, start=1)
    ]
    return Seen(
        window=Window(start=NOON, end=NOON + timedelta(hours=1)),
        key=PortfolioKey(tenant_id="acme"),
        standing=Standing(observed=observation(), newest=entries[-1] if entries else None),
        before=None if before is None else entry(allocation=before),
        entries=entries,
        orders=(),
        alerts=(),
        days=(),
        strategy_days=(),
    )


def allocation(weights: dict[str, float], **changes: Any) -> dict[str, Any]:
    base = {"method": "risk_parity", "is_rebalanced": True, "turnover": 0.25, "cost": 0.5, "cash": 0.25}
    return {**base, "weights": weights, **changes}


def test_allocation_metrics_compare_with_the_weights_before_the_window() -> None:
    found = allocation_metrics(
        seen(
            allocation({"a": 0.5, "b": 0.25}),
            allocation({"a": 0.25, "c": 0.5}, is_rebalanced=False, turnover=0.0, cost=0.0),
            before=allocation({"a": 0.75, "b": 0.25}),
        )
    )
    assert found["weights"] == {"a": 0.25, "c": 0.5}
    assert found["weights_before"] == {"a": 0.75, "b": 0.25}
    assert found["changes"] == {"a": -0.5, "b": -0.25, "c": 0.5}
    assert (found["turnover"], found["cost"], found["rebalances"]) == (0.25, 0.5, 1)  # those of the window alone
    assert (found["method"], found["cash"]) == ("risk_parity", 0.25)
    assert found["concentration"] == pytest.approx(5 / 9)  # shares 1/3 and 2/3
    assert found["effective_strategies"] == pytest.approx(9 / 5)


def test_allocation_metrics_without_a_decision_before_start_from_the_windows_first() -> None:
    found = allocation_metrics(seen(allocation({"a": 0.5}), allocation({"a": 0.75})))
    assert found["changes"] == {"a": 0.25}


def test_allocation_metrics_add_decimal_text_up_exactly() -> None:
    found = allocation_metrics(seen(allocation({"a": 0.5}, cost="0.10"), allocation({"a": 0.5}, cost="0.20")))
    assert found["cost"] == "0.30"


@pytest.mark.parametrize("entries", [[], [None], [None, None]])
def test_allocation_metrics_that_no_decision_knows_are_null(entries: list[None]) -> None:
    assert set(allocation_metrics(seen(*entries)).values()) == {None}
