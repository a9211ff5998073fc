"""The report over SQLite files whose days were closed through the store; numbers are worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import DocumentStore, paths, trading_documents
from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.documents.alert_history import DocumentAlertHistory
from backend.adapters.documents.performance_history import DocumentPerformanceHistory
from backend.adapters.documents.seam import replace as replace_document
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError
from backend.domain.guard import Guard
from backend.domain.order import OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.tick import PlacedOrder, PortfolioKey
from backend.domain.trading_state import Trading
from maestro.monitoring.levels import levels_of
from maestro.monitoring.report import report
from maestro.monitoring.strategies import StrategyTotal, Totals
from maestro.monitoring.window import Seen, Sources, Window, read_window
from tests.contract.sample_ticks import order, request_at
from tests.fakes.closed_store import KEY, close_days, weekdays
from tests.fakes.performances import portfolio_day, strategy_day
from tests.unit.monitoring.standings import entry

DAYS = weekdays(6)  # Monday 2 March 2026 to the Monday after
END = datetime(2026, 3, 9, 22, tzinfo=UTC)
TREND = StrategyId("trend")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "maestro.db"
    equities = [Decimal(100 + number) for number in range(7)]
    portfolio = [
        portfolio_day(day, previous_equity=before, equity=after, strategies=Decimal(1), external=Decimal(0))
        for day, before, after in zip(DAYS, equities, equities[1:], strict=False)
    ]
    close_days(path, [strategy_day(day, real_pnl=Decimal("0.60")) for day in DAYS], portfolio)
    return path


def sources(path: Path, key: PortfolioKey = KEY) -> Sources:
    documents = SqliteDocuments(path)
    books = DocumentStore(documents)
    performances, alerts = DocumentPerformanceHistory(documents), DocumentAlertHistory(documents)
    return Sources(log=books, control=books, performances=performances, alerts=alerts, key=key)


def read(path: Path, hours: float, **options: Any) -> Seen:
    return read_window(sources(path), Window(start=END - timedelta(hours=hours), end=END), **options)


def said(seen: Seen, totals: Totals | None = None) -> dict[str, Any]:
    return report(seen, totals or Totals(), levels_of(DecisionPolicy()), next_tick=None)


@pytest.mark.parametrize(
    ("hours", "closed"),
    [
        (1, []),  # it was closed an hour before: at the start, not after it
        (1.5, [date(2026, 3, 9)]),
        (24, [date(2026, 3, 9)]),
        (73, [date(2026, 3, 9)]),  # so was Friday, 72 hours before that
        (74, [date(2026, 3, 6), date(2026, 3, 9)]),
        (168, DAYS[1:]),
        (169.5, DAYS),
    ],
)
def test_window_holds_the_days_that_were_closed_in_it(store: Path, hours: float, closed: list[date]) -> None:
    seen = read(store, hours)
    assert [day.day for day in seen.days] == closed
    assert [day.period_start for day in seen.strategy_days] == closed
    assert (seen.earlier, seen.earlier_strategy_days) == ((), [])


def test_window_keeps_what_lies_before_it_apart(store: Path) -> None:
    seen = read(store, 24, look_back_days=30)
    assert [day.day for day in seen.days] == DAYS[-1:]
    assert [day.day for day in seen.earlier] == DAYS[:-1]
    assert [day.period_start for day in seen.earlier_strategy_days] == DAYS[:-1]


def test_window_must_end_after_it_starts() -> None:
    with pytest.raises(ConfigurationError, match="ends after"):
        Window(start=END, end=END)


def test_report_of_an_empty_store_knows_nothing_and_says_so(tmp_path: Path) -> None:
    found = said(read(tmp_path / "empty.db", 24))
    assert found["strategies"] == found["alerts"] == found["period"]["closed_days"] == []
    assert set(found["equity"].values()) == {None}
    assert set(found["allocation_metrics"].values()) == {None}
    assert found["risk_metrics"]["drawdown"] is None
    assert found["decisions"]["count"] == found["orders"]["decided"] == 0


def test_report_measures_equity_between_the_closes_around_its_days(store: Path) -> None:
    totals = Totals(total_return=0.5, max_drawdown=-0.25)
    found = said(read(store, 74), totals)["equity"]
    assert (found["start"], found["end"]) == ("104", "106")  # Thursday's close and Monday's
    assert (found["return"], found["max_drawdown"]) == (0.5, -0.25)


def test_report_shows_the_last_look_against_high_and_day(store: Path) -> None:
    guard = Guard(equity=Decimal(90), equity_at=END, high_water_mark=Decimal(120), day_start_equity=Decimal(100))
    documents = SqliteDocuments(store)
    trading = trading_documents.to_document(Trading(guard=guard))
    documents.commit([replace_document(paths.trading(KEY.tenant_id), trading)])
    found = said(read(store, 24))
    assert (found["equity"]["now"], found["equity"]["at"]) == ("90", "2026-03-09T22:00:00+00:00")
    assert found["equity"]["day_return"] == pytest.approx(-0.10)
    assert found["risk_metrics"]["drawdown"] == pytest.approx(0.25)
    assert found["risk_metrics"]["limits"]["max_portfolio_drawdown"] == 0.2


def test_report_gives_each_strategy_its_part_of_the_change(store: Path) -> None:
    parts = {"signal": "1.30", "fees": "-0.10", "total": "1.20"}
    totals = Totals(
        strategies={TREND: StrategyTotal(total_return=0.02, pnl=Decimal("1.20"))}, contributions={"trend": parts}
    )
    (found,) = said(read(store, 74), totals)["strategies"]
    assert (found["strategy"], found["mode"]) == ("trend", "ACTIVE")
    assert (found["return"], found["pnl"], found["contribution"]) == (0.02, "1.20", parts)
    assert found["contribution_ratio"] == pytest.approx(1.2 / 104)


def decided(seen: Seen) -> Seen:
    first = entry(
        mode_changes=[{"strategy_name": "trend", "before": "ACTIVE", "after": "REDUCED", "reason": "Sharpe fell"}],
        failures={"carry": "boom"},
        signals_modified=2,
        trips=[{"breaker": "drawdown", "state": "REDUCING", "reason": "fell"}],
        denials=[{}],
        risk={"correlation_max": 0.75},
    )
    second = entry(
        failures={"carry": "boom", "trend": "boom"},
        signals_modified=1,
        systemic_risk_detected=True,
        allocation_decisions=[{"strategy_name": "trend", "sharpe_ratio": 0.75, "n": 20}],
        signals={"trend": {"base_weight": 0.5, "weight_multiplier": 0.25}},
        risk={"correlation_max": 0.5, "correlation_pair": ["carry", "trend"], "var": None},
    )
    return replace(seen, entries=[first, second], standing=replace(seen.standing, newest=second))


def test_report_adds_decisions_up(store: Path) -> None:
    found = said(decided(read(store, 74)))
    decisions = found["decisions"]
    assert (decisions["count"], decisions["signals_modified"], decisions["systemic_overrides"]) == (2, 3, 1)
    assert (decisions["mode_changes"], decisions["denials"]) == (1, 1)
    assert decisions["failures"] == {"carry": 2, "trend": 1}
    assert [each["breaker"] for each in decisions["trips"]] == ["drawdown"]
    (trend,) = found["strategies"]
    assert [each["after"] for each in trend["mode_changes"]] == ["REDUCED"]
    assert (trend["sharpe_ratio"], trend["observations"], trend["failures"]) == (0.75, 20, 1)
    assert (trend["base_weight"], trend["weight_multiplier"]) == (0.5, 0.25)
    risk = found["risk_metrics"]
    assert (risk["correlation_max"], risk["correlation_highest"]) == (0.5, 0.75)
    assert (risk["correlation_pair"], risk["var"], risk["cvar"]) == (["carry", "trend"], None, None)


def test_report_counts_orders_by_what_became_of_them(store: Path) -> None:
    statuses = [OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.DENIED, OrderStatus.INTENT, OrderStatus.UNRESOLVED]
    placed = [
        PlacedOrder(portfolio_id="main", order=order(request_at(), number, status=status))
        for number, status in enumerate(statuses)
    ]
    found = said(replace(read(store, 74), orders=placed))["orders"]
    assert (found["decided"], found["sent"], found["filled"]) == (5, 3, 2)
    assert (found["denied"], found["unresolved"], found["intent"], found["rejected"]) == (1, 1, 1, 0)
    assert (found["open_now"], found["unresolved_now"]) == (0, 0)


def test_report_lists_the_alerts_of_its_hours_and_portfolio(store: Path) -> None:
    def alert(kind: str, hours: float, portfolio: str = "main") -> Alert:
        return Alert(
            tenant_id="acme",
            portfolio_id=portfolio,
            kind=kind,
            severity=Severity.WARNING,
            message=f"{kind} happened",
            at=END - timedelta(hours=hours),
        )

    every = [alert("early", 25), alert("first", 23), alert("tenants", 2, ""), alert("other", 1, "other")]
    SqliteDocuments(store).commit([alert_write(each) for each in every])
    found = said(read(store, 24))["alerts"]
    assert [each["kind"] for each in found] == ["first", "tenants"]
    assert found[0]["message"] == "first happened"
