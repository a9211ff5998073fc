"""Monthly P&L from the ledger, on SQLite and on Firestore; every expected number is worked out by hand."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.adapters.documents import Documents
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.signal import StrategyId
from tests.contract.sample_ledgers import booked, month_of, pnl_of, trade


def test_month_of_two_symbols_interleaved(documents: Documents) -> None:
    # Known fault: the sale of MSFT was matched against the older lot of AAPL.
    # MSFT 10 × (310 − 300) = 100, AAPL 4 × (110 − 100) = 40, fees 1 + 2 + 3 + 4 = 10: 130 realised.
    # Left: 6 AAPL at 100, marked at 120: 120.
    booked(
        documents,
        [
            trade("01-02", "AAPL", "10", "100", "1"),
            trade("01-03", "MSFT", "10", "300", "2"),
            trade("01-06", "MSFT", "-10", "310", "3"),
            trade("01-07", "AAPL", "-4", "110", "4"),
        ],
    )
    assert pnl_of(documents, mark_prices={"AAPL": Decimal(120)}) == {
        "ann__trend__2025-01": (Decimal(130), Decimal(120))
    }


def test_month_of_a_short_position(documents: Documents) -> None:
    # Sold 5 at 60, bought 2 back at 55: 2 × (60 − 55) − 0.50 − 0.25 = 9.25. Left: −3 at 60, marked at 62: −6.
    booked(documents, [trade("01-02", "KO", "-5", "60", "0.50"), trade("01-09", "KO", "2", "55", "0.25")])
    assert pnl_of(documents, mark_prices={"KO": "62"}) == {"ann__trend__2025-01": (Decimal("9.25"), Decimal(-6))}


def test_month_of_a_position_turned_through_zero(documents: Documents) -> None:
    # 10 bought at 100, 15 sold at 90: 10 × (90 − 100) = −100, and 5 short at 90; all bought back at 80: 5 × 10 = 50.
    booked(
        documents,
        [trade("01-02", "AAPL", "10", "100"), trade("01-03", "AAPL", "-15", "90"), trade("01-06", "AAPL", "5", "80")],
    )
    assert pnl_of(documents) == {"ann__trend__2025-01": (Decimal(-50), Decimal(0))}


def test_month_of_orders_filled_in_parts(documents: Documents) -> None:
    # Bought 3 at 100 and 7 at 101, sold 5 at 110 and 5 at 111, first in first out:
    # 3 × 10 + 2 × 9 = 48, then 5 × 10 = 50; fees 4 × 0.10: 97.60.
    booked(
        documents,
        [
            trade("01-02", "AAPL", "3", "100", "0.10"),
            trade("01-02", "AAPL", "7", "101", "0.10"),
            trade("01-08", "AAPL", "-5", "110", "0.10"),
            trade("01-08", "AAPL", "-5", "111", "0.10"),
        ],
    )
    assert pnl_of(documents) == {"ann__trend__2025-01": (Decimal("97.60"), Decimal(0))}


def test_month_of_fractions_is_exact(documents: Documents) -> None:
    # 0.3 × (0.7 − 0.1) = 0.18 and 0.1 less fees of 0.01 = 0.17; left 0.000000001 × (0.3 − 0.1) = 2E-10.
    # In binary floats 0.3 × (0.7 − 0.1) is 0.17999999999999997.
    booked(documents, [trade("01-02", "BTCUSD", "0.300000001", "0.1"), trade("01-03", "BTCUSD", "-0.3", "0.7", "0.01")])
    assert pnl_of(documents, mark_prices={"BTCUSD": 0.3}) == {
        "ann__trend__2025-01": (Decimal("0.17"), Decimal("2E-10"))
    }


def test_month_of_equal_instants_follows_the_trade_id(documents: Documents) -> None:
    # Both bought in one microsecond; "a" came first by id, so the sale settles the lot at 10: 12 − 10 = 2.
    at = datetime(2025, 1, 2, 15, tzinfo=UTC)
    booked(
        documents,
        [
            trade(at, "KO", "1", "20", trade_id="b"),
            trade(at, "KO", "1", "10", trade_id="a"),
            trade("01-03", "KO", "-1", "12", trade_id="0"),
        ],
    )
    assert pnl_of(documents, mark_prices={"KO": 20}) == {"ann__trend__2025-01": (Decimal(2), Decimal(0))}


def test_month_after_the_turn_of_the_year(documents: Documents) -> None:
    # December: fees of 1, and 10 × (105 − 100) = 50 open. January: sold at 110 against December's cost,
    # 10 × (110 − 100) − 2 = 98; December's fees are not counted again.
    booked(
        documents,
        [
            trade(datetime(2024, 12, 30, 15, tzinfo=UTC), "AAPL", "10", "100", "1"),
            trade("01-15", "AAPL", "-10", "110", "2"),
            trade("02-03", "AAPL", "7", "115", "3"),
        ],
    )
    assert pnl_of(documents, 12, year=2024, mark_prices={"AAPL": 105}) == {
        "ann__trend__2024-12": (Decimal(-1), Decimal(50))
    }
    assert pnl_of(documents, 1) == {"ann__trend__2025-01": (Decimal(98), Decimal(0))}


def test_month_begins_and_ends_at_midnight_utc(documents: Documents) -> None:
    # Fees say which trades were counted: 2 and 4 lie in January (the 4 is 20:00 on 31 December in New York).
    first = datetime(2025, 1, 1, tzinfo=UTC)
    new_york = timezone(timedelta(hours=-5))
    booked(
        documents,
        [
            trade(first - timedelta(microseconds=1), "KO", "1", "60", "1"),
            trade(first, "KO", "-1", "60", "2"),
            trade(datetime(2024, 12, 31, 20, tzinfo=new_york), "KO", "1", "60", "4"),
            trade(datetime(2025, 2, 1, tzinfo=UTC), "KO", "-1", "60", "8"),
        ],
    )
    assert pnl_of(documents, mark_prices={"KO": 60}) == {"ann__trend__2025-01": (Decimal(-6), Decimal(0))}


def test_first_month_of_a_strategy_is_its_first_snapshot(documents: Documents) -> None:
    booked(documents, [trade("01-31", "KO", "2", "60", "1")])
    assert month_of(documents, 12, year=2024) == {}
    assert pnl_of(documents, 1, mark_prices={"KO": 61}) == {"ann__trend__2025-01": (Decimal(-1), Decimal(2))}


def test_month_without_a_trade_reports_what_is_held(documents: Documents) -> None:
    # Bought in January, nothing in February: 2 × (59 − 60).
    booked(documents, [trade("01-31", "KO", "2", "60", "1")])
    assert pnl_of(documents, 2, mark_prices={"KO": 59}) == {"ann__trend__2025-02": (Decimal(0), Decimal(-2))}


def test_month_leaves_out_a_strategy_that_had_ended(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "2", "60"), trade("01-03", "KO", "-2", "61")])
    assert month_of(documents, 2) == {}


def test_month_of_an_empty_ledger_is_empty(documents: Documents) -> None:
    assert month_of(documents) == {}


def test_month_keeps_users_strategies_and_accounts_apart(documents: Documents) -> None:
    # Each sale settles its own lot only: ann/trend 5 − 1, ann/revert 5 − 2, bob/trend 5 − 3. On the second account
    # ann/trend is short 1 at 7 (−1 × (6 − 7) = 1) although the first one held a share then.
    booked(
        documents,
        [
            trade("01-02", "KO", "1", "1"),
            trade("01-03", "KO", "1", "2", strategy_id=StrategyId("revert")),
            trade("01-04", "KO", "1", "3", uid="bob"),
            trade("01-05", "KO", "-1", "7", account_id="paper-2"),
            trade("01-06", "KO", "-1", "5", uid="bob"),
            trade("01-07", "KO", "-1", "5", strategy_id=StrategyId("revert")),
            trade("01-08", "KO", "-1", "5"),
        ],
    )
    whole = {
        "ann__revert__2025-01": (Decimal(3), Decimal(0)),
        "ann__trend__2025-01": (Decimal(4), Decimal(1)),
        "bob__trend__2025-01": (Decimal(2), Decimal(0)),
    }
    marks = {"KO": 6}
    assert pnl_of(documents, mark_prices=marks) == whole
    assert list(pnl_of(documents, mark_prices=marks, uid="ann")) == ["ann__revert__2025-01", "ann__trend__2025-01"]
    assert list(pnl_of(documents, mark_prices=marks, strategy_id="trend")) == [
        "ann__trend__2025-01",
        "bob__trend__2025-01",
    ]
    assert pnl_of(documents, uid="bob", strategy_id="trend") == {"bob__trend__2025-01": whole["bob__trend__2025-01"]}
    assert pnl_of(documents, uid="nobody") == {}


def test_month_does_not_see_another_tenant(documents: Documents) -> None:
    booked(
        documents,
        [
            trade("01-02", "KO", "1", "60"),
            trade("01-03", "KO", "-1", "61"),
            trade("01-03", "KO", "-9", "70", tenant_id="rival"),
        ],
    )
    assert pnl_of(documents) == {"ann__trend__2025-01": (Decimal(1), Decimal(0))}
    assert pnl_of(documents, tenant_id="rival", mark_prices={"KO": 70})["ann__trend__2025-01"] == (
        Decimal(0),
        Decimal(0),
    )


def test_month_of_more_trades_than_a_page(documents: Documents) -> None:
    # 400 buys a second apart, then 700 in one instant (more than a page), then 1,100 sold one by one:
    # Σ (101 + i mod 3) over 1,100 sales with i mod 3 = 0, 1, 2 for 367, 367, 366 of them = 1,100 × 101 + 1,099,
    # less the cost of 1,100 × 100 and fees of 0.01 on 2,200 fills: 1,100 + 1,099 − 22 = 2,177.
    start = datetime(2025, 1, 2, 15, tzinfo=UTC)
    later = start + timedelta(hours=1)
    buys = [trade(start + timedelta(seconds=min(i, 400)), "KO", "1", "100", "0.01") for i in range(1100)]
    sales = [trade(later + timedelta(seconds=i), "KO", "-1", str(101 + i % 3), "0.01") for i in range(1100)]
    booked(documents, [*buys, *sales])
    assert pnl_of(documents) == {"ann__trend__2025-01": (Decimal(2177), Decimal(0))}


whole_trades = st.tuples(
    st.datetimes(datetime(2024, 12, 1), datetime(2025, 2, 28), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["AAPL", "MSFT"]),
    st.integers(-50, 50).filter(bool),
    st.integers(1, 500),
    st.integers(0, 9),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(whole_trades, max_size=20), st.integers(1, 500), st.integers(1, 500))
def test_months_together_conserve_money(rows: list[Any], aapl: int, msft: int) -> None:
    # What three months realised, and what is open at their end, is the cash that came in, less fees, and the shares.
    marks = {"AAPL": aapl, "MSFT": msft}
    db = SqliteDocuments(":memory:")
    booked(db, [trade(at, symbol, str(signed), str(price), str(fees)) for at, symbol, signed, price, fees in rows])
    months = [pnl_of(db, m, year=y, mark_prices=marks) for y, m in ((2024, 12), (2025, 1), (2025, 2))]
    realised = sum((pnl[0] for month in months for pnl in month.values()), Decimal(0))
    unrealised = sum((pnl[1] for pnl in months[-1].values()), Decimal(0))
    db.close()
    cash = sum(-signed * price - fees for _, _, signed, price, fees in rows)
    value = sum(signed * marks[symbol] for _, symbol, signed, _, _ in rows)
    assert realised + unrealised == cash + value
