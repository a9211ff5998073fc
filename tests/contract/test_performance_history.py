"""Performance that was written day by day comes back exactly, and only that which was asked for."""

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.ordered_pages import PAGE_DOCUMENTS
from backend.adapters.documents.performance_history import DocumentPerformanceHistory
from backend.adapters.documents.seam import create, merge
from backend.domain.errors import StoreCorrupt
from backend.domain.mode import Mode
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, Period
from backend.domain.tick import PortfolioKey
from backend.ports.performances import PerformanceHistory
from tests.fakes.performances import portfolio_day, strategy_day, write_days

KEY = PortfolioKey(tenant_id="acme")
DAY = date(2025, 3, 13)
NEXT = DAY + timedelta(days=1)
EVER: dict[str, Any] = {"first": date.min, "last": date.max}
PATH = "tenants/acme/strategy_performance/default__trend__2025-03-13"


@pytest.fixture
def history(documents: Documents) -> PerformanceHistory:
    return DocumentPerformanceHistory(documents)


def test_strategy_day_comes_back_exactly(history: PerformanceHistory, documents: Documents) -> None:
    parts = {each.name: Decimal(f"-{n}.10") for n, each in enumerate(fields(Attribution))}
    day = strategy_day(DAY, -0.0123456789012345, attribution=Attribution(**parts), is_virtual=True)
    write_days(documents, [day])
    (found,) = history.strategy_days(KEY, **EVER)
    assert found == day
    assert str(found.real_pnl) == "3.30"  # the digits of money as they were


def test_strategy_day_without_capital_mode_and_parts_comes_back(
    history: PerformanceHistory, documents: Documents
) -> None:
    bare = strategy_day(DAY, None, capital=None, mode=None, attribution=None, closes_at=None)
    whole = strategy_day(NEXT, -1.0, mode=Mode.DISABLED)  # a store may give the number back as an integer
    write_days(documents, [bare, whole])
    assert list(history.strategy_days(KEY, **EVER)) == [bare, whole]


def test_strategy_day_is_stored_as_the_contract_says(documents: Documents) -> None:
    write_days(documents, [strategy_day(DAY)])
    stored = documents.read([PATH])[PATH].fields
    assert (stored["pnl"], stored["real_pnl"], stored["mode"]) == ("7.80", "3.30", "ACTIVE")
    assert stored["attribution"] == {
        "signal": "4.30",
        "allocation": "0",
        "mode": "0",
        "override": "0",
        "crossing": "0",
        "slippage": "0",
        "fees": "-1.00",
    }


def test_strategy_days_are_oldest_first_then_by_name(history: PerformanceHistory, documents: Documents) -> None:
    names = [StrategyId(name) for name in ("b/reversion", "Alpha", "a")]
    write_days(documents, [strategy_day(day, strategy_id=name) for day in (NEXT, DAY) for name in names])
    found = [(each.period_start, each.strategy_id) for each in history.strategy_days(KEY, **EVER)]
    assert found == [(day, name) for day in (DAY, NEXT) for name in ("Alpha", "a", "b/reversion")]


def test_strategy_days_of_one_strategy_between_two_days_both_included(
    history: PerformanceHistory, documents: Documents
) -> None:
    days = [DAY + timedelta(days=n) for n in range(5)]
    write_days(documents, [strategy_day(day, strategy_id=StrategyId(name)) for day in days for name in ("trend", "x")])
    found = history.strategy_days(KEY, first=days[1], last=days[3], strategy=StrategyId("trend"))
    assert [(each.period_start, each.strategy_id) for each in found] == [(day, "trend") for day in days[1:4]]
    assert list(history.strategy_days(KEY, first=days[3], last=days[1])) == []


def test_strategy_days_are_only_those_that_maestro_wrote_for_this_user(
    history: PerformanceHistory, documents: Documents
) -> None:
    mine = strategy_day(DAY)
    month = {"period": Period.MONTH, "period_start": date(2025, 3, 1), "period_end": date(2025, 3, 31)}
    others = [
        strategy_day(DAY, uid="ann"),
        strategy_day(DAY, tenant_id="globex"),
        strategy_day(DAY, strategy_id=StrategyId("own"), source="backfill"),
        replace(strategy_day(DAY, None), **month),
    ]
    write_days(documents, [mine, *others])
    documents.commit([create("tenants/acme/strategy_performance/u1", {"uid": "default", "period_start": "2025-03-13"})])
    assert list(history.strategy_days(KEY, **EVER)) == [mine]
    assert list(history.strategy_days(PortfolioKey(tenant_id="acme", uid="ann"), **EVER)) == [others[0]]


def test_strategy_days_beyond_one_page_are_all_read_once(history: PerformanceHistory, documents: Documents) -> None:
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(PAGE_DOCUMENTS // 3 + 20)]
    written = [strategy_day(day, strategy_id=StrategyId(name)) for day in days for name in ("a", "b", "c", "d")]
    write_days(documents, written)
    assert list(history.strategy_days(KEY, **EVER)) == written


@pytest.mark.parametrize(
    "damage",
    [
        {"real_pnl": 3.3},
        {"mode": "SLEEPING"},
        {"attribution": {"signal": "1"}},
        {"attribution": "all"},
        {"daily_return": "0.01"},
        {"period_end": None},
        {"closes_at": "yesterday"},
    ],
)
def test_strategy_day_that_cannot_be_read_is_named(
    history: PerformanceHistory, documents: Documents, damage: dict[str, Any]
) -> None:
    write_days(documents, [strategy_day(DAY)])
    documents.commit([merge(PATH, damage)])
    with pytest.raises(StoreCorrupt, match=r"default__trend__2025-03-13.*: expected .* restore it from a backup"):
        history.strategy_days(KEY, **EVER)


def test_portfolio_days_come_back_exactly_and_oldest_first(history: PerformanceHistory, documents: Documents) -> None:
    first = portfolio_day(DAY, previous_equity=None)
    second = portfolio_day(NEXT, external=Decimal("-1000.00"))
    foreign = [portfolio_day(DAY, portfolio_id="other"), portfolio_day(DAY, tenant_id="globex")]
    write_days(documents, [], [second, *foreign, first])
    assert list(history.portfolio_days(KEY, **EVER)) == [first, second]
    assert list(history.portfolio_days(KEY, first=NEXT, last=NEXT)) == [second]
    path = "tenants/acme/portfolio_performance/main__2025-03-13"
    stored = documents.read([path])[path].fields
    assert (stored["day"], stored["equity"], stored["previous_equity"]) == ("2025-03-13", "101500.25", None)


def test_history_of_an_empty_store_is_empty(history: PerformanceHistory) -> None:
    assert (list(history.strategy_days(KEY, **EVER)), list(history.portfolio_days(KEY, **EVER))) == ([], [])
