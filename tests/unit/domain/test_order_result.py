"""What an order came to, by hand: its shares are followed through a ledger that others of the strategy share."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ledger import LedgerTrade, TradeKind, match_trade
from backend.domain.lots import Lot, total
from backend.domain.order import ClientOrderId, Side
from backend.domain.order_result import OrderResult, order_result
from backend.domain.signal import StrategyId, Symbol

START = datetime(2026, 2, 2, 15, tzinfo=UTC)
OWN = ClientOrderId("mae-own")


def ledger(*entries: dict[str, Any]) -> list[LedgerTrade]:
    return [_trade(number, **entry) for number, entry in enumerate(entries)]


def _trade(number: int, order: str = "other", side: str = "buy", **fields: Any) -> LedgerTrade:
    money = {name: Decimal(fields.pop(name, "0")) for name in ("qty", "price", "fees")}
    return LedgerTrade(
        trade_id=f"t{number}",
        tenant_id="acme",
        uid="default",
        strategy_id=StrategyId("trend"),
        run_id="main-1",
        symbol=Symbol(fields.pop("symbol", "AAPL")),
        side=Side(side),
        ts=START + timedelta(minutes=number),
        order_id=OWN if order == "own" else ClientOrderId(order),
        account_id=fields.pop("account", "PA1"),
        **money,
        **fields,
    )


def parts(result: OrderResult) -> list[tuple[str, Decimal, Decimal]]:
    return [(each.trade_id, each.quantity, each.realised) for each in result.parts]


def test_order_result_of_a_buy_that_others_sell_later() -> None:
    # 10 older shares at 90 go first. The sale of 25 at 110 takes them and 15 of the order's 20 at 100: 15 × 10 = 150.
    # The sale's fees of 5 are for 25 shares, 15 of them the order's: 3. The last 5 cost 500.
    result = order_result(
        OWN,
        ledger(
            {"qty": "10", "price": "90"},
            {"order": "own", "qty": "20", "price": "100", "fees": "2"},
            {"qty": "7", "price": "105"},
            {"side": "sell", "qty": "25", "price": "110", "fees": "5"},
        ),
    )
    assert parts(result) == [("t1", 0, -2), ("t3", 15, 147)]
    assert (result.realised, result.open_quantity, result.open_cost) == (145, 5, 500)
    assert [trade.trade_id for trade in result.trades] == ["t1"]


def test_order_result_of_a_sell_is_what_it_realised_on_older_shares() -> None:
    # Filled in two parts: 8 of 10 bought at 90, then 2 of them and 3 of those at 100.
    result = order_result(
        OWN,
        ledger(
            {"qty": "10", "price": "90"},
            {"qty": "10", "price": "100"},
            {"order": "own", "side": "sell", "qty": "8", "price": "120"},
            {"order": "own", "side": "sell", "qty": "5", "price": "110", "fees": "1"},
            {"side": "sell", "qty": "7", "price": "50"},
        ),
    )
    assert parts(result) == [("t2", 8, 240), ("t3", 5, 69)]  # 8 × 30; 2 × 20 + 3 × 10 − 1
    assert (result.realised, result.open_quantity) == (309, 0)


def test_order_result_follows_its_shares_through_a_split_and_a_dividend() -> None:
    # 3 + 2 shares become 10 by 2 for 1: the order's 2 at 100 are 4 at 50. A dividend of 0.25 pays them 1.
    # All ten are sold at 60: 4 × 10 = 40.
    result = order_result(
        OWN,
        ledger(
            {"qty": "3", "price": "80"},
            {"order": "own", "qty": "2", "price": "100"},
            {"qty": "5", "order": "", "kind": TradeKind.SPLIT},
            {"qty": "10", "price": "0.25", "order": "", "kind": TradeKind.DIVIDEND},
            {"order": "", "fees": "9", "kind": TradeKind.FEE},
            {"side": "sell", "qty": "10", "price": "60"},
        ),
    )
    assert parts(result) == [("t3", 0, 1), ("t5", 4, 40)]
    assert (result.realised, result.open_quantity) == (41, 0)


def test_order_result_counts_a_cross_like_a_fill() -> None:
    result = order_result(
        OWN,
        ledger(
            {"order": "own", "qty": "4", "price": "100"},
            {"order": "crs-1", "side": "sell", "qty": "1", "price": "130", "kind": TradeKind.CROSS},
        ),
    )
    assert (parts(result), result.open_quantity, result.open_cost) == ([("t1", 1, 30)], 3, 300)


def test_order_result_leaves_other_symbols_and_accounts_alone() -> None:
    result = order_result(
        OWN,
        ledger(
            {"order": "own", "qty": "4", "price": "100"},
            {"side": "sell", "qty": "4", "price": "130", "symbol": "MSFT"},
            {"side": "sell", "qty": "4", "price": "130", "account": "PA2"},
        ),
    )
    assert (result.realised, result.open_quantity) == (0, 4)


def test_order_result_of_a_sale_beyond_what_is_held_opens_the_rest_short() -> None:
    # Sells 5 where 2 are held: 2 × 10 realised, 3 short at 110, two of them bought back at 100: 20.
    result = order_result(
        OWN,
        ledger(
            {"qty": "2", "price": "100"},
            {"order": "own", "side": "sell", "qty": "5", "price": "110"},
            {"qty": "2", "price": "100"},
        ),
    )
    assert parts(result) == [("t1", 2, 20), ("t2", 2, 20)]
    assert (result.open_quantity, result.open_cost) == (-1, -110)


def test_order_result_without_a_fill_is_nothing() -> None:
    assert order_result(OWN, ledger({"qty": "2", "price": "100"})) == OrderResult(trades=(), parts=(), open_lots=())


entries = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "order": st.sampled_from(["a", "b", "c"]),
                "side": st.sampled_from(["buy", "sell"]),
                "qty": st.decimals("0.001", "50", places=3).map(str),
                "price": st.decimals("1", "200", places=2).map(str),
            }
        ),
        st.fixed_dictionaries(
            {"order": st.just(""), "qty": st.just("7"), "kind": st.just(TradeKind.SPLIT), "price": st.just("0")}
        ),
    ),
    max_size=12,
)


@given(entries)
def test_order_results_hold_all_lots_of_the_ledger_and_no_more(drawn: list[dict[str, Any]]) -> None:
    trades = ledger(*drawn)
    held: tuple[Lot, ...] = ()
    for trade in trades:
        held, _ = match_trade(held, trade)
    open_quantities = [order_result(ClientOrderId(each), trades).open_quantity for each in ("a", "b", "c")]
    assert sum(open_quantities) == total(held)
