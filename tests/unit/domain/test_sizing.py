"""From targets to orders: an account of 100,000, AAPL at 100, MSFT at 50, numbers by hand."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.allocation_policy import AllocationPolicy
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decide import decide
from backend.domain.decision import Decision
from backend.domain.identity import client_order_id
from backend.domain.mode import Mode
from backend.domain.order import OrderIntent, OrderKind, OrderState, Side
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Action, StrategyId, StrategySignal, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    GOOG,
    HOLD,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    decided,
    inputs_of,
    open_order,
    record_of,
    sell,
    sleeve,
)
from tests.unit.domain.decision_inputs import signal as signal_of


def sized(
    signals: Mapping[str, StrategySignal],
    books: Mapping[str, StrategyBook] | None = None,
    *,
    orders: tuple[OrderState, ...] = (),
    **more: Any,
) -> Decision:
    book = PortfolioBook(
        strategies={StrategyId(name): each for name, each in (books or {}).items()},
        open_orders={order.intent.client_order_id: order for order in orders},
    )
    return decide(inputs_of(signals, **{"book": book, "account": account_of(), "prices": PRICES, **more}))


def real(**lots: tuple[str, str]) -> StrategyBook:
    return book_of(Mode.ACTIVE, sleeve(**lots))


def brief(intent: OrderIntent) -> tuple[str, str, str, Decimal | None]:
    size = intent.notional if intent.notional is not None else intent.quantity
    return (intent.strategy, intent.symbol, intent.side.value, size)


def reasons(decision: Decision) -> list[tuple[str, str | None, str]]:
    return [(each.strategy, each.symbol, each.reason) for each in decision.denials]


def test_sizing_entry_buys_its_fraction_of_the_equity() -> None:
    decision = sized({"trend": buy(AAPL, 0.25)})
    (intent,) = decision.intents
    assert intent == OrderIntent(
        client_order_id=client_order_id(
            tenant_id="acme", tick="main-1", strategy=StrategyId("trend"), symbol=AAPL, side=Side.BUY, sequence=0
        ),
        strategy=StrategyId("trend"),
        symbol=AAPL,
        side=Side.BUY,
        notional=Decimal("25000.00"),
        kind=OrderKind.MARKET,
        reserved=Decimal("25000.00"),
        observed_price=Decimal(100),
        agent_id="acme_trend",
        nonce=decided(decision, "trend").nonce,
    )
    assert decision.denials == ()


def test_sizing_without_an_account_orders_nothing() -> None:
    decision = sized({"a": buy(), "b": sell()}, {"b": real(AAPL=("10", "90"))}, account=None)
    assert (decision.intents, decision.virtual_fills, decision.denials) == ((), (), ())


def test_sizing_halted_orders_nothing_not_even_exits() -> None:
    books = {"b": real(AAPL=("10", "90")), "s": book_of(Mode.SHADOW_MODE, virtual=sleeve(AAPL=("5", "90")))}
    signals = {"a": buy(), "b": sell(), "s": sell()}
    more: dict[str, Any] = {"account": account_of({AAPL: "10"}), "record": record_of(s=LOSING)}
    decision = sized(signals, books, trading_state=TradingState.HALTED, **more)
    assert (decision.intents, decision.virtual_fills, decision.denials) == ((), (), ())


def test_sizing_reducing_carries_out_exits_only() -> None:
    decision = sized(
        {"a": buy(), "b": sell()},
        {"b": real(AAPL=("10", "90"))},
        account=account_of({AAPL: "10"}),
        trading_state=TradingState.REDUCING,
    )
    assert [brief(intent) for intent in decision.intents] == [("b", "AAPL", "sell", Decimal(10))]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("500", None),  # 50,000 of 50,000
        ("600", None),  # above the target: an entry never trims
        ("450.01", None),  # 4,999 short: within a tenth of the target
        ("450", Decimal("5000.00")),  # exactly a tenth
        ("449.99", Decimal("5001.00")),
        ("100", Decimal("40000.00")),
    ],
)
def test_sizing_entry_tops_up_beyond_the_drift_band(held: str, expected: Decimal | None) -> None:
    decision = sized({"a": buy(AAPL, 0.5)}, {"a": real(AAPL=(held, "90"))})
    assert [intent.notional for intent in decision.intents] == ([] if expected is None else [expected])
    assert decision.denials == ()


def test_sizing_entry_counts_its_own_position_and_not_anothers() -> None:
    decision = sized({"a": buy(AAPL, 0.3)}, {"b": real(AAPL=("500", "90"))})
    assert [brief(intent) for intent in decision.intents] == [("a", "AAPL", "buy", Decimal("30000.00"))]


@pytest.mark.parametrize(
    ("equity", "allocation", "expected"),
    [
        ("100", 0.01, [Decimal("1.00")]),
        ("99.99", 0.01, []),  # 0.9999
        ("100.99", 0.01, [Decimal("1.00")]),  # 1.0099, cut to the cent
        ("100", 0.0, []),
    ],
)
def test_sizing_entry_is_no_smaller_than_the_smallest_order(
    equity: str, allocation: float, expected: list[Decimal]
) -> None:
    decision = sized({"a": buy(AAPL, allocation)}, account=account_of(equity=equity))
    assert [intent.notional for intent in decision.intents] == expected


@pytest.mark.parametrize(
    ("room", "expected", "reason"),
    [
        # asked 30,000 + 10,000 = 40,000; half of it is there
        ({"account": account_of(buying_power="20000")}, ["15000.00", "5000.00"], "room is 20000.00: scaled by 0.500"),
        # what committed orders hold is not there: 25,000 − 15,000
        (
            {"account": account_of(buying_power="25000"), "reserved": Decimal(15000)},
            ["7500.00", "2500.00"],
            "room is 10000.00: scaled by 0.250",
        ),
        # positions count against the gross limit, short ones too: 100,000 − 500 × 100 − |−600| × 50 = 20,000
        ({"account": account_of({AAPL: "500", MSFT: "-600"})}, ["15000.00", "5000.00"], "room is 20000.00: scaled by"),
        # a third has no end: both are cut to the cent, down
        ({"account": account_of(buying_power="13333.33")}, ["9999.99", "3333.33"], "room is 13333.33: scaled by 0.333"),
    ],
    ids=["buying-power", "reserved", "gross-limit", "thirds"],
)
def test_sizing_entries_share_the_room(room: dict[str, Any], expected: list[str], reason: str) -> None:
    decision = sized({"a": buy(AAPL, 0.3), "b": buy(MSFT, 0.1)}, **room)
    assert [intent.notional for intent in decision.intents] == [Decimal(each) for each in expected]
    assert [(name, symbol) for name, symbol, _ in reasons(decision)] == [("a", "AAPL"), ("b", "MSFT")]
    assert all(f"entries ask for 40000.00, {reason}" in why for _, _, why in reasons(decision))


@pytest.mark.parametrize("reserved", ["100000", "150000"])
def test_sizing_without_room_enters_nothing_and_says_so(reserved: str) -> None:
    decision = sized({"a": buy()}, reserved=Decimal(reserved))
    assert decision.intents == ()
    assert [why for _, _, why in reasons(decision)] == [
        "entries ask for 50000.00, room is 0.00: scaled by 0.000",
        "0.00 is below the smallest order of 1.00",
    ]


def test_sizing_room_is_enough_to_the_cent() -> None:
    decision = sized({"a": buy(AAPL, 0.3), "b": buy(MSFT, 0.1)}, account=account_of(buying_power="40000"))
    assert [intent.notional for intent in decision.intents] == [Decimal(30000), Decimal(10000)]
    assert decision.denials == ()


WHOLE = {AAPL: Asset(symbol=AAPL, is_fractionable=False)}


def test_sizing_asset_without_fractions_is_bought_in_whole_shares() -> None:
    # 50,000 ÷ (100 × 1.01) = 495.05: 495 shares, which hold 495 × 101 = 49,995
    (intent,) = sized({"a": buy(AAPL, 0.5)}, assets=WHOLE).intents
    assert (intent.quantity, intent.notional, intent.reserved) == (Decimal(495), None, Decimal("49995.00"))


@pytest.mark.parametrize(("equity", "quantity"), [("201.99", None), ("202", 1), ("403.99", 1), ("404", 2)])
def test_sizing_asset_without_fractions_counts_the_margin(equity: str, quantity: int | None) -> None:
    decision = sized({"a": buy(AAPL, 0.5)}, account=account_of(equity=equity), assets=WHOLE)
    assert [intent.quantity for intent in decision.intents] == ([] if quantity is None else [Decimal(quantity)])
    if quantity is None:
        ((_, _, why),) = reasons(decision)
        assert "does not buy one whole share at 100, and fractions are not traded" in why


def test_sizing_whole_shares_never_reserve_more_than_the_room() -> None:
    # one share and its margin are 100.005 × 1.01 = 101.00505; the room is as large, and not a cent larger
    room = Decimal("101.00505")
    account = replace(account_of(), buying_power=room)
    (intent,) = sized({"a": buy(AAPL, 0.5)}, account=account, prices={AAPL: Decimal("100.005")}, assets=WHOLE).intents
    assert intent.quantity == 1
    assert intent.reserved <= room


def test_sizing_asset_that_is_not_tradable_is_denied() -> None:
    decision = sized({"a": buy()}, assets={AAPL: Asset(symbol=AAPL, is_tradable=False)})
    assert decision.intents == ()
    assert reasons(decision) == [("a", "AAPL", "the broker does not trade this asset")]


def test_sizing_entry_without_a_price_is_denied() -> None:
    decision = sized({"a": buy(GOOG), "b": buy(MSFT, 0.1)})
    assert [intent.strategy for intent in decision.intents] == ["b"]
    assert reasons(decision) == [("a", "GOOG", "no price for GOOG: expected one of the symbols that were loaded")]


@pytest.mark.parametrize(
    ("in_account", "quantity"), [("25", "10"), ("10", "10"), ("4.5", "4.5"), ("0", None), ("-3", None)]
)
def test_sizing_exit_sells_no_more_than_the_account_holds(in_account: str, quantity: str | None) -> None:
    decision = sized({"a": sell()}, {"a": real(AAPL=("10", "90"))}, account=account_of({AAPL: in_account}))
    assert [brief(i) for i in decision.intents] == (
        [] if quantity is None else [("a", "AAPL", "sell", Decimal(quantity))]
    )
    assert all(intent.reserved == 0 for intent in decision.intents)
    is_short = Decimal(in_account) < 10
    found = f"sleeve holds 10, the account only {in_account}; selling what is there"
    assert reasons(decision) == ([("a", "AAPL", found)] if is_short else [])


def test_sizing_exits_of_one_symbol_share_what_the_account_holds() -> None:
    books = {"a": real(AAPL=("10", "90")), "b": real(AAPL=("10", "95"))}
    decision = sized({"a": sell(), "b": sell()}, books, account=account_of({AAPL: "15"}))
    assert [intent.quantity for intent in decision.intents] == [Decimal(10), Decimal(5)]


def test_sizing_exit_of_what_is_not_held_orders_nothing() -> None:
    decision = sized({"a": sell(), "b": CLOSE_ALL}, account=account_of({AAPL: "10"}))
    assert (decision.intents, decision.denials) == ((), ())


def test_sizing_close_all_sells_every_symbol_of_its_own() -> None:
    books = {"a": real(MSFT=("20", "40"), AAPL=("10", "90")), "b": real(AAPL=("7", "90"))}
    decision = sized({"a": CLOSE_ALL}, books, account=account_of({AAPL: "17", MSFT: "20"}))
    assert [brief(intent) for intent in decision.intents] == [
        ("a", "AAPL", "sell", Decimal(10)),
        ("a", "MSFT", "sell", Decimal(20)),
    ]


def test_sizing_exit_without_a_price_is_still_sold() -> None:
    (intent,) = sized(
        {"a": sell()}, {"a": real(AAPL=("10", "90"))}, account=account_of({AAPL: "10"}), prices={}
    ).intents
    assert (intent.quantity, intent.observed_price) == (Decimal(10), Decimal(0))


def test_sizing_exits_come_before_entries() -> None:
    decision = sized(
        {"a": buy(MSFT, 0.1), "b": sell()}, {"b": real(AAPL=("10", "90"))}, account=account_of({AAPL: "10"})
    )
    assert [intent.side for intent in decision.intents] == [Side.SELL, Side.BUY]


def test_sizing_disabled_strategy_places_no_order() -> None:
    policy = DecisionPolicy(disabled=frozenset({"a", "b"}))
    books = {"b": real(AAPL=("10", "90"))}
    decision = sized({"a": buy(), "b": sell()}, books, account=account_of({AAPL: "10"}), policy=policy)
    assert (decision.intents, decision.virtual_fills) == ((), ())


@pytest.mark.parametrize("signal", [buy(AAPL, 0.5), sell(), CLOSE_ALL], ids=["buy", "sell", "close-all"])
def test_sizing_open_order_blocks_a_further_one(signal: StrategySignal) -> None:
    decision = sized(
        {"a": signal}, {"a": real(AAPL=("10", "90"))}, orders=(open_order("a"),), account=account_of({AAPL: "10"})
    )
    assert decision.intents == ()
    assert reasons(decision) == [("a", "AAPL", "an earlier order in this symbol is not settled yet")]


@pytest.mark.parametrize("order", [open_order("a", MSFT), open_order("b", AAPL)], ids=["symbol", "strategy"])
def test_sizing_open_order_elsewhere_blocks_nothing(order: OrderState) -> None:
    decision = sized({"a": buy(AAPL, 0.1)}, orders=(order,))
    assert [brief(intent) for intent in decision.intents] == [("a", "AAPL", "buy", Decimal(10_000))]


def in_shadow(virtual: Sleeve | None = None, real: Sleeve | None = None) -> dict[str, StrategyBook]:
    return {"a": book_of(Mode.SHADOW_MODE, real or Sleeve(), virtual or Sleeve())}


SHADOWED: dict[str, Any] = {"record": record_of(a=LOSING)}


def virtual_fills(decision: Decision) -> list[tuple[Symbol, Side, Decimal, Decimal, Decimal]]:
    fills = [each.fill for each in decision.virtual_fills]
    return [(f.symbol, f.side, f.quantity, f.price, f.fees) for f in fills]


def test_sizing_shadow_entry_is_filled_on_paper_above_the_price() -> None:
    # 50,000 at 100, filled 5 basis points dearer: 500 shares at 100.05
    decision = sized({"a": buy(AAPL, 0.5)}, in_shadow(), **SHADOWED)
    assert virtual_fills(decision) == [(AAPL, Side.BUY, Decimal(500), Decimal("100.05"), Decimal(0))]
    assert decision.intents == ()


def test_sizing_shadow_entry_trades_the_base_weight() -> None:
    allocation = AllocationPolicy(base_weights={"a": 0.2})
    policy = DecisionPolicy(allocation=allocation, shadow_fee_bps=Decimal(10), shadow_slippage_bps=Decimal(0))
    # 0.5 × 0.2 of 100,000 at 50 is 200 shares; the fee is a thousandth of 10,000
    decision = sized({"a": buy(MSFT, 0.5)}, in_shadow(), policy=policy, **SHADOWED)
    assert virtual_fills(decision) == [(MSFT, Side.BUY, Decimal(200), Decimal(50), Decimal(10))]


def test_sizing_shadow_entry_is_cut_to_a_millionth_of_a_share() -> None:
    # 10,000 ÷ 3 = 3333.333333…
    decision = sized({"a": buy(AAPL, 0.1)}, in_shadow(), prices={AAPL: Decimal(3)}, **SHADOWED)
    assert [each.fill.quantity for each in decision.virtual_fills] == [Decimal("3333.333333")]


def test_sizing_shadow_entry_needs_no_room() -> None:
    decision = sized({"a": buy()}, in_shadow(), account=account_of(buying_power="0"), **SHADOWED)
    assert (len(decision.virtual_fills), decision.denials) == (1, ())


def test_sizing_shadow_entry_looks_at_the_virtual_position() -> None:
    books = in_shadow(virtual=sleeve(AAPL=("400", "90")), real=sleeve(AAPL=("500", "90")))
    decision = sized({"a": buy(AAPL, 0.5)}, books, account=account_of({AAPL: "500"}), **SHADOWED)
    assert [each.fill.quantity for each in decision.virtual_fills] == [Decimal(100)]


def test_sizing_shadow_exit_sells_the_real_and_the_virtual_position() -> None:
    books = in_shadow(virtual=sleeve(AAPL=("40", "90")), real=sleeve(AAPL=("10", "90")))
    decision = sized({"a": sell()}, books, account=account_of({AAPL: "10"}), **SHADOWED)
    assert [brief(intent) for intent in decision.intents] == [("a", "AAPL", "sell", Decimal(10))]
    assert virtual_fills(decision) == [(AAPL, Side.SELL, Decimal(40), Decimal("99.95"), Decimal(0))]


def test_sizing_exit_on_the_day_of_demotion_leaves_both_books() -> None:
    books = {"a": book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))}
    decision = sized({"a": sell()}, books, account=account_of({AAPL: "10"}), **SHADOWED)
    assert [brief(intent) for intent in decision.intents] == [("a", "AAPL", "sell", Decimal(10))]
    assert [each.fill.quantity for each in decision.virtual_fills] == [Decimal(10)]


def test_sizing_shadow_exit_without_a_price_keeps_the_virtual_position() -> None:
    decision = sized({"a": sell()}, in_shadow(virtual=sleeve(AAPL=("40", "90"))), prices={}, **SHADOWED)
    assert decision.virtual_fills == ()
    assert reasons(decision) == [("a", "AAPL", "no price for AAPL: the virtual book keeps it")]


def test_sizing_shadow_close_all_leaves_what_either_book_holds() -> None:
    books = in_shadow(virtual=sleeve(MSFT=("40", "45")), real=sleeve(AAPL=("10", "90")))
    decision = sized({"a": CLOSE_ALL}, books, account=account_of({AAPL: "10"}), **SHADOWED)
    assert [brief(intent) for intent in decision.intents] == [("a", "AAPL", "sell", Decimal(10))]
    assert [(each.fill.symbol, each.fill.quantity) for each in decision.virtual_fills] == [(MSFT, Decimal(40))]


LEFT_BEHIND = in_shadow(virtual=sleeve(MSFT=("20", "45")), real=sleeve(AAPL=("10", "90"), MSFT=("20", "45")))


@pytest.mark.parametrize(
    "signal",
    [
        HOLD,
        signal_of(Action.HOLD, AAPL, 0.0),
        buy(AAPL, expires_at=NOW),
        sell(),
        CLOSE_ALL,
        buy(MSFT, 0.001),
        buy(GOOG),
        sell(GOOG),
    ],
    ids=["hold", "hold-it", "overridden", "sell-it", "close-all", "buy-other", "no-price", "sell-other"],
)
def test_sizing_shadow_carries_out_a_real_exit_that_was_left_behind(signal: StrategySignal) -> None:
    # The virtual book has left AAPL; an order that was open then kept the real position.
    decision = sized({"a": signal}, LEFT_BEHIND, account=account_of({AAPL: "10", MSFT: "20"}), **SHADOWED)
    sold = [brief(intent) for intent in decision.intents if intent.symbol == AAPL]
    assert sold == [("a", "AAPL", "sell", Decimal(10))]


def test_sizing_shadow_that_enters_again_keeps_what_was_left_behind() -> None:
    decision = sized({"a": buy(AAPL, 0.1)}, LEFT_BEHIND, account=account_of({AAPL: "10", MSFT: "20"}), **SHADOWED)
    assert decision.intents == ()
    assert [(each.fill.symbol, each.fill.quantity) for each in decision.virtual_fills] == [(AAPL, Decimal(100))]


def test_sizing_shadow_waits_with_what_was_left_behind_for_the_open_order() -> None:
    decision = sized({"a": HOLD}, LEFT_BEHIND, orders=(open_order("a"),), account=account_of({AAPL: "10"}), **SHADOWED)
    assert decision.intents == ()
    assert [why for _, _, why in reasons(decision)] == ["an earlier order in this symbol is not settled yet"]


def test_sizing_demoted_today_has_left_nothing_behind() -> None:
    books = {"a": book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))}
    decision = sized({"a": HOLD}, books, account=account_of({AAPL: "10"}), **SHADOWED)
    assert decision.intents == ()


def test_sizing_overridden_entry_buys_nothing_while_the_sellers_sell() -> None:
    books = {f"s{i}": real(AAPL=("10", "90")) for i in range(3)}
    signals = {**{f"s{i}": sell() for i in range(3)}, "b": buy(MSFT)}
    decision = sized(signals, books, account=account_of({AAPL: "30"}))
    assert [brief(i) for i in decision.intents] == [(f"s{i}", "AAPL", "sell", Decimal(10)) for i in range(3)]


def test_sizing_names_orders_by_tenant_and_tick() -> None:
    first = decide(inputs_of({"a": buy()}, account=account_of(), prices=PRICES))
    again = inputs_of({"a": buy()}, account=account_of(), prices=PRICES, entropy=b"other")
    others = [decide(replace(again, tenant_id="b")), decide(replace(again, tick_id="main-2")), decide(again)]
    assert others[2].intents[0].client_order_id == first.intents[0].client_order_id
    assert len({each.intents[0].client_order_id for each in (first, *others)}) == 3
    assert first.decided_at == NOW
