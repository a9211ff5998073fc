"""The samples of standings that were made by hand; expected numbers are worked out beside them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.guard import Guard
from backend.domain.lots import Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.order import OrderStatus
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import OPERATOR, Restriction, Trading, TradingState
from maestro.monitoring.catalogue import METRICS
from maestro.monitoring.samples import samples
from maestro.monitoring.standing import Standing
from tests.contract.sample_ticks import order, request_at
from tests.fakes.performances import strategy_day
from tests.unit.monitoring.standings import NOW, entry, observation

TREND = StrategyId("trend")
RISK: dict[str, Any] = {
    "correlation_max": 0.5,
    "correlation_pair": ["a", "b"],
    "var": 0.02,
    "cvar": 0.03,
    "leverage": 0.9,
    "concentration": 0.4,
    "cuts": [],
}


def found(standing: Standing) -> dict[tuple[str, ...], float]:
    every = list(samples(standing))
    by_key = {(each.metric, *each.labels): each.value for each in every}
    assert len(by_key) == len(every), "Prometheus refuses a series that is exposed twice"
    assert all(len(each.labels) + 2 == len(METRICS[each.metric].labels) for each in every)
    return by_key


def of_guard(guard: Guard) -> dict[tuple[str, ...], float]:
    return found(Standing(observed=observation(trading=Trading(guard=guard)), newest=None))


def test_samples_of_an_empty_store_know_no_money() -> None:
    said = found(Standing(observed=observation(), newest=None))
    assert {key[0] for key in said} == {
        "trading_state",
        "trading_epoch",
        "reserved_buying_power",
        "log_entries_total",
        "open_orders",
    }
    assert said["trading_state", "ACTIVE"] == 1.0
    assert said["trading_state", "HALTED"] == 0.0


def test_samples_measure_equity_against_its_high_and_the_days_start() -> None:
    said = of_guard(
        Guard(
            equity=Decimal(90_000),
            equity_at=NOW,
            high_water_mark=Decimal(120_000),
            day_start_equity=Decimal(100_000),
        )
    )
    assert said["drawdown_ratio",] == pytest.approx(0.25)  # 1 − 90 / 120
    assert said["day_pnl_ratio",] == pytest.approx(-0.10)  # 90 / 100 − 1
    assert said["equity_timestamp_seconds",] == 1_773_432_300.0  # date -u -d '2026-03-13 20:05' +%s


def test_samples_leave_out_ratios_without_a_basis() -> None:
    said = of_guard(Guard(equity=Decimal(90_000)))
    assert said["equity",] == 90_000
    assert {"drawdown_ratio", "day_pnl_ratio", "high_water_mark", "equity_timestamp_seconds"} & {
        k[0] for k in said
    } == set()


def test_samples_name_every_restriction_and_the_strictest_state() -> None:
    held = {
        OPERATOR: Restriction(state=TradingState.REDUCING, reason="r", by="ops", since=NOW),
        "drawdown": Restriction(state=TradingState.HALTED, reason="r", by="breaker", since=NOW),
    }
    said = found(Standing(observed=observation(trading=Trading(epoch=4, restrictions=held)), newest=None))
    assert [said["trading_state", state] for state in ("ACTIVE", "REDUCING", "HALTED")] == [0.0, 0.0, 1.0]
    assert said["trading_restriction", "operator", "REDUCING"] == 1.0
    assert said["trading_restriction", "drawdown", "HALTED"] == 1.0
    assert said["trading_epoch",] == 4


def test_samples_count_orders_by_status() -> None:
    statuses = (OrderStatus.UNRESOLVED, OrderStatus.UNRESOLVED, OrderStatus.SUBMITTED)
    orders = [order(request_at(), number, status=status) for number, status in enumerate(statuses)]
    book = PortfolioBook(open_orders={each.intent.client_order_id: each for each in orders})
    said = found(Standing(observed=observation(book=book), newest=None))
    counts = {key[1]: value for key, value in said.items() if key[0] == "open_orders"}
    assert counts == {"unresolved": 2, "submitted": 1, "partially_filled": 0, "intent": 0}


def a_book(symbol: str = "KO") -> PortfolioBook:
    lots = {Symbol(symbol): (Lot(quantity=Decimal(10), price=Decimal(50)),)}
    mode = ModeState(mode=Mode.REDUCED, since=NOW, reason="r")
    return PortfolioBook(strategies={TREND: StrategyBook(mode=mode, real=Sleeve(lots=lots, realised=Decimal(7)))})


def test_samples_value_sleeves_at_the_last_accepted_prices() -> None:
    guard = Guard(accepted_prices={Symbol("KO"): Decimal(60)})
    said = found(Standing(observed=observation(book=a_book(), trading=Trading(guard=guard)), newest=None))
    assert said["strategy_sleeve_value", "trend"] == 600.0  # 10 × 60
    assert said["strategy_pnl", "trend"] == 107.0  # 7 realised + 10 × (60 − 50)
    assert [said["strategy_mode", "trend", mode] for mode in Mode] == [0.0, 1.0, 0.0, 0.0]


def test_samples_leave_a_sleeve_out_that_cannot_be_valued() -> None:
    guard = Guard(accepted_prices={Symbol("KO"): Decimal(60)})
    book = a_book("XOM")
    said = found(Standing(observed=observation(book=book, trading=Trading(guard=guard)), newest=None))
    assert {"strategy_sleeve_value", "strategy_pnl"} & {key[0] for key in said} == set()
    assert said["strategy_mode", "trend", "REDUCED"] == 1.0


def test_samples_compound_the_record_of_strategies_in_the_book() -> None:
    returns = np.array([[0.10, 0.5], [np.nan, 0.5], [-0.20, 0.5]])
    record = TrackRecord(
        strategies=(TREND, StrategyId("elsewhere")),
        days=(date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11)),
        returns=returns,
        is_virtual=np.zeros((3, 2), dtype=np.bool_),
    )
    said = found(Standing(observed=observation(record=record, book=a_book()), newest=None))
    growth = {key: value for key, value in said.items() if key[0] == "strategy_cumulative_return_ratio"}
    assert growth == {("strategy_cumulative_return_ratio", "trend"): pytest.approx(-0.12)}  # 1.1 × 0.8 − 1


def test_samples_show_the_last_closed_day() -> None:
    day = strategy_day(date(2026, 3, 12), None, real_pnl=Decimal("-2.50"))
    said = found(Standing(observed=observation(), newest=None, last_day=[day]))
    assert said["strategy_day_pnl", "trend"] == -2.5
    assert said["closed_day_timestamp_seconds",] == datetime(2026, 3, 12, 21, tzinfo=UTC).timestamp()
    assert ("strategy_day_return_ratio", "trend") not in said  # a day without capital has no return


def test_samples_show_the_newest_decision() -> None:
    newest = entry(
        orders=[{}, {}],
        systemic_risk_detected=True,
        failures={"carry": "boom"},
        allocation_decisions=[
            {"strategy_name": "trend", "sharpe_ratio": 1.5, "n": 20},
            {"strategy_name": "flat", "sharpe_ratio": None, "n": 20},
        ],
        signals={"trend": {"base_weight": 0.25, "weight_multiplier": 0.5}},
        allocation={"method": "risk_parity", "weights": {"trend": 0.3}, "cash": "0.7", "turnover": 0.1},
        risk=RISK,
    )
    said = found(Standing(observed=observation(), newest=newest))
    assert said["last_decision_timestamp_seconds",] == NOW.timestamp()
    assert said["last_decision_orders",] == 2
    assert said["systemic_override",] == 1.0
    assert said["strategy_failed", "carry"] == 1.0
    assert said["strategy_sharpe_ratio", "trend"] == 1.5
    assert ("strategy_sharpe_ratio", "flat") not in said
    assert said["strategy_observations", "flat"] == 20
    assert (said["strategy_base_weight_ratio", "trend"], said["strategy_multiplier_ratio", "trend"]) == (0.25, 0.5)
    assert said["strategy_weight_ratio", "trend"] == 0.3
    assert (said["allocation_cash_ratio",], said["allocation_turnover_ratio",]) == (0.7, 0.1)
    assert said["allocation_info", "risk_parity"] == 1.0
    assert said["strategy_correlation_max",] == 0.5
    assert (said["value_at_risk_ratio",], said["conditional_value_at_risk_ratio",]) == (0.02, 0.03)
    assert (said["leverage_ratio",], said["concentration_ratio",]) == (0.9, 0.4)


@pytest.mark.parametrize("risk", [None, {}, dict.fromkeys(RISK), {**RISK, **dict.fromkeys(list(RISK)[2:])}])
def test_samples_of_an_unknown_risk_are_absent_never_zero(risk: dict[str, Any] | None) -> None:
    body = {} if risk is None else {"risk": risk}
    said = found(Standing(observed=observation(), newest=entry(**body)))
    unknown = {"value_at_risk_ratio", "conditional_value_at_risk_ratio", "leverage_ratio", "concentration_ratio"}
    assert unknown & {key[0] for key in said} == set()
