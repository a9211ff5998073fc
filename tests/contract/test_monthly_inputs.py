"""What a month is computed from besides sound trades: capital, marks, arguments, and ledgers that are not sound."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, open_documents
from backend.adapters.documents.ledger_documents import to_document
from backend.adapters.documents.seam import create
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import ConfigurationError, MarketDataError, StoreCorrupt
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Period, StrategyPerformanceSnapshot
from backend.marketplace.strategy_performance_snapshots import previous_month
from tests.contract.sample_ledgers import NOW, booked, daily, month_of, pnl_of, trade, write_daily


@pytest.mark.parametrize(
    ("capital", "expected"), [("25000.50", Decimal("25000.50")), (25000.5, Decimal("25000.5")), (None, None)]
)
def test_month_takes_its_capital_from_its_first_daily_snapshot(
    documents: Documents, capital: object, expected: Decimal | None
) -> None:
    booked(
        documents,
        [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61"), trade("01-02", "KO", "1", "60", uid="bob")],
    )
    write_daily(
        documents,
        daily("2025-01-03", "777"),
        daily("2025-01-02", capital),
        daily("2024-12-31", "111"),
        daily("2025-02-01", "222"),
        daily("2025-01-06", "333", uid="bob"),
        daily("2025-01-01", "444", strategy_id="revert"),
        daily("2025-01-01", "555", period="month", period_end="2025-01-31"),
    )
    found = month_of(documents, mark_prices={"KO": 60})
    assert found["ann__trend__2025-01"].capital == expected
    assert found["bob__trend__2025-01"].capital == 333


def test_month_without_daily_snapshots_has_no_capital(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    write_daily(documents, daily("2024-12-31", "111"), daily("2025-02-01", "222"))
    assert month_of(documents)["ann__trend__2025-01"].capital is None


def test_month_finds_capital_behind_a_page_of_others(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    others = [daily("2025-01-02", "1", strategy_id=f"other-{i:03d}") for i in range(520)]
    write_daily(documents, *others, daily("2025-01-30", "900"))
    assert month_of(documents)["ann__trend__2025-01"].capital == 900


def test_month_with_capital_that_is_no_number_is_an_error(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    write_daily(documents, daily("2025-01-02", "plenty"))
    with pytest.raises(StoreCorrupt, match=r"ann__trend__2025-01-02: expected capital .* found 'plenty'"):
        month_of(documents)


def test_month_with_unmarked_positions_names_all_of_them(documents: Documents) -> None:
    booked(
        documents,
        [
            trade("01-02", "MSFT", "1", "300"),
            trade("01-02", "AAPL", "1", "100", uid="bob"),
            trade("01-02", "KO", "1", "60"),
            trade("01-02", "PEP", "1", "150"),
            trade("01-03", "PEP", "-1", "150"),
        ],
    )
    message = r"expected a price at the end of 2025-01 .* found none for AAPL, MSFT; pass them in mark_prices"
    with pytest.raises(MarketDataError, match=message):
        month_of(documents, mark_prices={"KO": 60})
    with pytest.raises(MarketDataError, match="AAPL, KO, MSFT"):
        month_of(documents)


@pytest.mark.parametrize("mark", [float("nan"), float("inf"), -1, "-0.01", "sixty", None, True])
def test_month_with_a_mark_that_is_no_price_is_an_error(documents: Documents, mark: object) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60")])
    with pytest.raises(MarketDataError, match="KO: expected a price of 0 or more in mark_prices, found"):
        month_of(documents, mark_prices={"KO": mark})


@pytest.mark.parametrize("mark", [Decimal("60.10"), 60.10, "60.10"], ids=repr)
def test_month_takes_marks_as_they_are_written(documents: Documents, mark: object) -> None:
    booked(documents, [trade("01-02", "KO", "3", "60")])
    assert month_of(documents, mark_prices={"KO": mark})["ann__trend__2025-01"].unrealized_pnl == Decimal("0.30")


def bad_trade(documents: Documents, **fields: object) -> None:
    good = to_document(trade("01-02", "KO", "1", "60"))
    documents.commit([create("tenants/acme/ledger_trades/bad", {**good, **fields})])


@pytest.mark.parametrize(("field", "value"), [("qty", "ten"), ("qty", 10), ("side", "hold"), ("ts", 1735830000.0)])
def test_month_with_an_unreadable_trade_is_an_error(documents: Documents, field: str, value: object) -> None:
    bad_trade(documents, **{field: value})
    with pytest.raises(StoreCorrupt, match=f"tenants/acme/ledger_trades/bad: expected {field} to be"):
        month_of(documents, mark_prices={"KO": 60})


def test_month_with_an_instant_that_is_no_instant_is_an_error(sqlite_documents: SqliteDocuments) -> None:
    bad_trade(sqlite_documents, ts="2025-01-02 in the morning")
    with pytest.raises(StoreCorrupt, match="tenants/acme/ledger_trades/bad: expected ts to be"):
        month_of(sqlite_documents, mark_prices={"KO": 60})


@pytest.mark.firestore
def test_month_does_not_pass_over_instants_kept_as_text(firestore_client_factory: Callable[[], Any]) -> None:
    # Firestore sorts text behind every timestamp, so this trade would be left out of its month without a word.
    db = open_documents(firestore_client_factory())
    booked(db, [trade("01-02", "KO", "1", "60")])
    bad_trade(db, ts="2025-01-03T15:00:00+00:00")
    with pytest.raises(StoreCorrupt, match="ledger_trades/bad: expected ts of the same type as in"):
        month_of(db, mark_prices={"KO": 60})


def test_month_reads_the_ledger_as_the_contract_has_it(documents: Documents) -> None:
    # Written by hand, field by field, rather than by our own mapping.
    fields = {
        "trade_id": "hand",
        "tenant_id": "acme",
        "uid": "ann",
        "strategy_id": "trend",
        "run_id": "main-1",
        "symbol": "KO",
        "side": "buy",
        "qty": "2.5",
        "price": "60.00",
        "ts": datetime(2025, 1, 2, 15, tzinfo=UTC),
        "fees": "0.35",
        "slippage": "0",
        "order_id": "mae-1",
        "broker_fill_id": "f-1",
        "account_id": "paper-1",
    }
    documents.commit([create("tenants/acme/ledger_trades/hand", fields)])
    assert pnl_of(documents, mark_prices={"KO": "60.40"}) == {
        "ann__trend__2025-01": (Decimal("-0.35"), Decimal("1.00"))
    }


def test_month_says_what_it_covers(documents: Documents) -> None:
    booked(documents, [trade("02-03", "KO", "1", "60"), trade("02-04", "KO", "-1", "61")])
    (snapshot,) = month_of(documents, 2).values()
    assert snapshot == StrategyPerformanceSnapshot(
        tenant_id="acme",
        uid="ann",
        strategy_id=StrategyId("trend"),
        period=Period.MONTH,
        period_start=date(2025, 2, 1),
        period_end=date(2025, 2, 28),
        realized_pnl=Decimal(1),
        unrealized_pnl=Decimal(0),
        capital=None,
        daily_return=None,
        computed_at=NOW,
        source="ledger_trades",
    )


@pytest.mark.parametrize("month", [0, 13, -1, True, 1.0, "1", None])
def test_month_that_does_not_exist_points_to_previous_month(sqlite_documents: SqliteDocuments, month: Any) -> None:
    # Known fault: "month − 1" of January is 0.
    with pytest.raises(ConfigurationError, match=r"expected a month from 1 to 12, found .* previous_month\(today\)"):
        month_of(sqlite_documents, month)


@pytest.mark.parametrize("year", [0, 1969, 9999, True, "2025"])
def test_year_that_does_not_exist_is_refused(sqlite_documents: SqliteDocuments, year: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected a year from 1970 to 9998, found"):
        month_of(sqlite_documents, 1, year=year)


def test_naive_now_is_refused(sqlite_documents: SqliteDocuments) -> None:
    with pytest.raises(ConfigurationError, match="expected now to be an aware instant"):
        month_of(sqlite_documents, now=NOW.replace(tzinfo=None))


def test_database_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a Firestore client or SqliteDocuments, found str"):
        month_of("firestore")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 1, 1), (2024, 12)),
        (date(2025, 1, 31), (2024, 12)),
        (date(2025, 3, 31), (2025, 2)),
        (date(2024, 3, 1), (2024, 2)),
        (date(2025, 12, 31), (2025, 11)),
        (datetime(2025, 1, 1, tzinfo=UTC), (2024, 12)),
    ],
)
def test_previous_month_is_right_in_january(today: date, expected: tuple[int, int]) -> None:
    assert previous_month(today) == expected
