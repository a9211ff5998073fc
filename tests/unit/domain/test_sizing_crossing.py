"""Exits of one strategy against entries of another: an account of 100,000, AAPL at 100, MSFT at 50, KO at 60."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decide import decide
from backend.domain.decision import Decision
from backend.domain.mode import Mode
from backend.domain.order import OrderState, Side
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.signal import StrategyId, StrategySignal, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    HOLD,
    LOSING,
    MSFT,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    open_order,
    record_of,
    sell,
    sleeve,
)


def sized(
    signals: Mapping[str, StrategySignal],
    books: Mapping[str, StrategyBook] | None = None,
    *,
    orders: tuple[OrderState, ...] = (),
    **more: Any,
) -> Decision:
    """Size with an account that holds what the real sleeves hold, unless it is given."""
    book = PortfolioBook(
        strategies={StrategyId(name): each for name, each in (books or {}).items()},
        open_orders={order.intent.client_order_id: order for order in orders},
    )
    held = {symbol: str(quantity) for symbol, quantity in book.holdings().items()}
    return decide(inputs_of(signals, **{"book": book, "account": account_of(held), "prices": PRICES, **more}))


def real(**lots: tuple[str, str]) -> StrategyBook:
    return book_of(Mode.ACTIVE, sleeve(**lots))


def crosses(decision: Decision) -> list[tuple[str, str, str, Decimal, Decimal]]:
    return [(each.seller, each.buyer, each.symbol, each.quantity, each.price) for each in decision.crosses]


def orders(decision: Decision) -> list[tuple[str, str, str, Decimal | None]]:
    return [
        (each.strategy, each.symbol, each.side.value, each.quantity if each.notional is None else each.notional)
        for each in decision.intents
    ]


def reasons(decision: Decision) -> list[tuple[str, str | None, str]]:
    return [(each.strategy, each.symbol, each.reason) for each in decision.denials]


HOLDER = {"a": real(AAPL=("10", "90"))}


def test_sizing_exit_meets_an_entry_and_nothing_goes_to_the_venue() -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER)
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert (decision.intents, decision.denials) == ((), ())


def test_sizing_entry_beyond_what_was_crossed_is_ordered() -> None:
    # 25,000 wanted, 10 × 100 crossed
    decision = sized({"a": sell(), "b": buy(AAPL, 0.25)}, HOLDER)
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert orders(decision) == [("b", "AAPL", "buy", Decimal("24000.00"))]
    assert decision.intents[0].reserved == Decimal("24000.00")


def test_sizing_exit_beyond_what_was_crossed_is_ordered() -> None:
    # 250 wanted: 2.5 of 10 shares
    decision = sized({"a": sell(), "b": buy(AAPL, 0.0025)}, HOLDER)
    assert crosses(decision) == [("a", "b", "AAPL", Decimal("2.5"), Decimal(100))]
    assert orders(decision) == [("a", "AAPL", "sell", Decimal("7.5"))]


def test_sizing_several_exits_meet_several_entries_and_one_side_is_left() -> None:
    books = {"a": real(AAPL=("10", "90")), "b": real(AAPL=("5", "90")), "c": real(MSFT=("4", "40"))}
    signals = {"a": sell(), "b": CLOSE_ALL, "c": CLOSE_ALL, "x": buy(AAPL, 0.012), "y": buy(AAPL, 0.01)}
    decision = sized(signals, books)
    # x wants 1,200: 10 of a, 2 of b; y wants 1,000: the 3 that are left of b, 700 at the venue
    assert crosses(decision) == [
        ("a", "x", "AAPL", Decimal(10), Decimal(100)),
        ("b", "x", "AAPL", Decimal(2), Decimal(100)),
        ("b", "y", "AAPL", Decimal(3), Decimal(100)),
    ]
    assert orders(decision) == [("c", "MSFT", "sell", Decimal(4)), ("y", "AAPL", "buy", Decimal("700.00"))]


@pytest.mark.parametrize(("allocation", "ordered"), [(0.01000999, []), (0.01001, [Decimal("1.00")])])
def test_sizing_entry_of_less_than_the_smallest_order_after_crossing_is_left(
    allocation: float, ordered: list[Decimal]
) -> None:
    # 1,000.999 wanted and 1,000 crossed: 0.999 is less than 1.00
    decision = sized({"a": sell(), "b": buy(AAPL, allocation)}, HOLDER)
    assert [each.quantity for each in decision.crosses] == [Decimal(10)]
    assert ([each.notional for each in decision.intents], decision.denials) == (ordered, ())


def test_sizing_crosses_only_what_the_account_holds() -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER, account=account_of({AAPL: "4"}))
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(4), Decimal(100))]
    assert orders(decision) == [("b", "AAPL", "buy", Decimal("600.00"))]
    assert reasons(decision) == [("a", "AAPL", "sleeve holds 10, the account only 4; selling what is there")]


def test_sizing_crosses_without_buying_power_and_beyond_the_gross_limit() -> None:
    # Shares that stay in the account need no room: buying power is 0, and the account is full of AAPL.
    books = {"a": real(AAPL=("1000", "90"))}
    account = account_of({AAPL: "1000"}, buying_power="0")
    decision = sized({"a": sell(), "b": buy(AAPL, 0.5)}, books, account=account)
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(500), Decimal(100))]
    assert orders(decision) == [("a", "AAPL", "sell", Decimal(500))]


def test_sizing_room_is_shared_by_what_crossing_left() -> None:
    # b wants 10,000 of AAPL, of which 1,000 is crossed, c 9,000 of MSFT; 9,000 are there
    decision = sized(
        {"a": sell(), "b": buy(AAPL, 0.1), "c": buy(MSFT, 0.09)},
        HOLDER,
        account=account_of({AAPL: "10"}, buying_power="9000"),
    )
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert orders(decision) == [("b", "AAPL", "buy", Decimal("4500.00")), ("c", "MSFT", "buy", Decimal("4500.00"))]
    assert {why for _, _, why in reasons(decision)} == {"entries ask for 18000.00, room is 9000.00: scaled by 0.500"}


WHOLE = {AAPL: Asset(symbol=AAPL, is_fractionable=False)}


@pytest.mark.parametrize(
    ("held", "allocation", "crossed", "ordered"),
    [
        ("10", 0.0025, "2", [("a", "AAPL", "sell", Decimal(8))]),  # 250 buy 2 whole shares
        ("10", 0.01, "10", []),
        ("10", 0.02, "10", [("b", "AAPL", "buy", Decimal(9))]),  # 1,000 ÷ (100 × 1.01) = 9.9…
        ("10", 0.0009, None, [("a", "AAPL", "sell", Decimal(10))]),  # 90 buy none
    ],
)
def test_sizing_asset_without_fractions_is_crossed_in_whole_shares(
    held: str, allocation: float, crossed: str | None, ordered: list[Any]
) -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, allocation)}, {"a": real(AAPL=(held, "90"))}, assets=WHOLE)
    assert [each.quantity for each in decision.crosses] == ([] if crossed is None else [Decimal(crossed)])
    assert orders(decision) == ordered


def test_sizing_fraction_of_an_asset_without_fractions_is_not_crossed_and_never_on_both_sides() -> None:
    # 0.5 of a share is left of a split: it is offered to the venue, and b waits.
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, {"a": real(AAPL=("0.5", "90"))}, assets=WHOLE)
    assert decision.crosses == ()
    assert orders(decision) == [("a", "AAPL", "sell", Decimal("0.5"))]
    assert reasons(decision) == [
        ("b", "AAPL", "a sell of AAPL is not settled yet: never both sides of a symbol"),
    ]


def test_sizing_asset_that_is_not_tradable_is_not_crossed() -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER, assets={AAPL: Asset(symbol=AAPL, is_tradable=False)})
    assert decision.crosses == ()
    assert reasons(decision) == [("b", "AAPL", "the broker does not trade this asset")]


def test_sizing_symbol_without_a_price_is_sold_and_not_crossed() -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER, prices={MSFT: Decimal(50)})
    assert (decision.crosses, orders(decision)) == ((), [("a", "AAPL", "sell", Decimal(10))])
    assert [name for name, _, _ in reasons(decision)] == ["b"]


@pytest.mark.parametrize("waiting", ["a", "b"])
def test_sizing_strategy_with_an_open_order_in_the_symbol_is_not_crossed(waiting: str) -> None:
    side = Side.SELL if waiting == "a" else Side.BUY
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER, orders=(open_order(waiting, side=side),))
    assert decision.crosses == ()
    assert (waiting, "AAPL", "an earlier order in this symbol is not settled yet") in reasons(decision)


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_sizing_crosses_nothing_unless_entries_are_allowed(state: TradingState) -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, HOLDER, trading_state=state)
    is_reducing = state is TradingState.REDUCING
    assert decision.crosses == ()
    assert orders(decision) == ([("a", "AAPL", "sell", Decimal(10))] if is_reducing else [])


def test_sizing_crosses_nothing_under_a_systemic_override() -> None:
    books = {f"s{i}": real(AAPL=("10", "90")) for i in range(3)}
    decision = sized({**{f"s{i}": sell() for i in range(3)}, "x": buy(AAPL, 0.01)}, books)
    assert decision.crosses == ()
    assert [side for _, _, side, _ in orders(decision)] == ["sell"] * 3


SHADOWED: dict[str, Any] = {"record": record_of(a=LOSING)}


def in_shadow(real: Sleeve, virtual: Sleeve | None = None) -> dict[str, StrategyBook]:
    return {"a": book_of(Mode.SHADOW_MODE, real, virtual or Sleeve())}


def test_sizing_real_exit_of_a_strategy_in_shadow_meets_an_entry() -> None:
    books = in_shadow(sleeve(AAPL=("10", "90")), sleeve(AAPL=("40", "90")))
    decision = sized({"a": sell(), "b": buy(AAPL, 0.01)}, books, **SHADOWED)
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert decision.intents == ()
    # the virtual book sells its own, with slippage, as if there were nobody to cross with
    assert [(f.strategy, f.fill.quantity, f.fill.price) for f in decision.virtual_fills] == [
        ("a", Decimal(40), Decimal("99.95"))
    ]


def test_sizing_virtual_entry_meets_nobody() -> None:
    books = {**in_shadow(Sleeve()), "b": real(AAPL=("10", "90"))}
    decision = sized({"a": buy(AAPL, 0.01), "b": sell()}, books, **SHADOWED)
    assert (decision.crosses, orders(decision)) == ((), [("b", "AAPL", "sell", Decimal(10))])
    assert [each.fill.quantity for each in decision.virtual_fills] == [Decimal(10)]


@pytest.mark.parametrize(
    ("signals", "side"), [({"b": buy(AAPL, 0.01)}, Side.SELL), ({"a": sell()}, Side.BUY)], ids=["entry", "exit"]
)
def test_sizing_order_against_one_that_is_working_is_denied(signals: dict[str, StrategySignal], side: Side) -> None:
    # Of whichever portfolio of the account it is: the venue would see one owner on both sides.
    decision = sized(signals, HOLDER, working={AAPL: frozenset({side})})
    assert decision.intents == ()
    (name,) = signals
    assert reasons(decision) == [
        (name, "AAPL", f"a {side} of AAPL is not settled yet: never both sides of a symbol"),
    ]


@pytest.mark.parametrize(
    "working",
    [{AAPL: frozenset({Side.BUY})}, {MSFT: frozenset({Side.SELL})}, {AAPL: frozenset()}, {}],
    ids=["same-side", "other-symbol", "none", "nothing"],
)
def test_sizing_order_beside_one_that_is_working_is_made(working: dict[Symbol, frozenset[Side]]) -> None:
    decision = sized({"b": buy(AAPL, 0.01)}, HOLDER, working=working)
    assert orders(decision) == [("b", "AAPL", "buy", Decimal("1000.00"))]
    assert decision.denials == ()


def test_sizing_crosses_though_an_order_is_working_and_denies_what_is_left() -> None:
    decision = sized({"a": sell(), "b": buy(AAPL, 0.25)}, HOLDER, working={AAPL: frozenset({Side.SELL})})
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert decision.intents == ()
    assert [name for name, _, _ in reasons(decision)] == ["b"]


def test_sizing_denied_exit_holds_no_buying_power_and_entries_get_the_room() -> None:
    decision = sized(
        {"a": sell(), "b": buy(MSFT, 0.1)},
        HOLDER,
        account=account_of({AAPL: "10"}, buying_power="10000"),
        working={AAPL: frozenset({Side.BUY})},
    )
    assert orders(decision) == [("b", "MSFT", "buy", Decimal("10000.00"))]


BOTH = {"a": book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "90"), MSFT=("4", "40")), sleeve(AAPL=("10", "90")))}
DEMOTED_TODAY = {"a": book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90"), MSFT=("4", "40")))}


def on_demotion(way: OnDemotion) -> dict[str, Any]:
    return {**SHADOWED, "policy": DecisionPolicy(on_demotion=way)}


@pytest.mark.parametrize("books", [BOTH, DEMOTED_TODAY], ids=["in-shadow", "demoted-today"])
@pytest.mark.parametrize("signal", [HOLD, buy(AAPL, 0.5), sell(), CLOSE_ALL], ids=["hold", "buy", "sell", "close-all"])
def test_sizing_on_demotion_flatten_sells_every_real_position_at_once(
    signal: StrategySignal, books: dict[str, StrategyBook]
) -> None:
    decision = sized({"a": signal}, books, **on_demotion(OnDemotion.FLATTEN))
    assert sorted(orders(decision)) == [("a", "AAPL", "sell", Decimal(10)), ("a", "MSFT", "sell", Decimal(4))]
    assert decision.denials == ()


def test_sizing_on_demotion_flatten_leaves_the_virtual_book_to_its_signals() -> None:
    decision = sized({"a": HOLD}, BOTH, **on_demotion(OnDemotion.FLATTEN))
    assert decision.virtual_fills == ()
    decision = sized({"a": sell()}, BOTH, **on_demotion(OnDemotion.FLATTEN))
    assert [(each.fill.symbol, each.fill.quantity) for each in decision.virtual_fills] == [(AAPL, Decimal(10))]


def test_sizing_on_demotion_flatten_waits_for_an_open_order() -> None:
    decision = sized({"a": HOLD}, BOTH, orders=(open_order("a"),), **on_demotion(OnDemotion.FLATTEN))
    assert orders(decision) == [("a", "MSFT", "sell", Decimal(4))]
    assert reasons(decision) == [("a", "AAPL", "an earlier order in this symbol is not settled yet")]


def test_sizing_on_demotion_flatten_meets_entries() -> None:
    decision = sized({"a": HOLD, "b": buy(AAPL, 0.01)}, BOTH, **on_demotion(OnDemotion.FLATTEN))
    assert crosses(decision) == [("a", "b", "AAPL", Decimal(10), Decimal(100))]
    assert orders(decision) == [("a", "MSFT", "sell", Decimal(4))]


@pytest.mark.parametrize("books", [BOTH, DEMOTED_TODAY], ids=["in-shadow", "demoted-today"])
@pytest.mark.parametrize("signal", [HOLD, buy(AAPL, 0.5), sell(), CLOSE_ALL], ids=["hold", "buy", "sell", "close-all"])
def test_sizing_on_demotion_hold_keeps_every_real_position(
    signal: StrategySignal, books: dict[str, StrategyBook]
) -> None:
    # MSFT, which the virtual book has left, is kept too.
    decision = sized({"a": signal}, books, **on_demotion(OnDemotion.HOLD))
    assert (decision.intents, decision.crosses, decision.denials) == ((), (), ())


def test_sizing_on_demotion_hold_exits_virtually() -> None:
    decision = sized({"a": sell()}, BOTH, **on_demotion(OnDemotion.HOLD))
    assert [(each.fill.symbol, each.fill.quantity) for each in decision.virtual_fills] == [(AAPL, Decimal(10))]


@pytest.mark.parametrize(
    ("signal", "sold"),
    [
        (HOLD, [("a", "MSFT", "sell", Decimal(4))]),
        (sell(), [("a", "AAPL", "sell", Decimal(10)), ("a", "MSFT", "sell", Decimal(4))]),
    ],
    ids=["hold", "sell"],
)
def test_sizing_on_demotion_exit_only_sells_what_the_strategy_itself_has_left(
    signal: StrategySignal, sold: list[Any]
) -> None:
    decision = sized({"a": signal}, BOTH, **on_demotion(OnDemotion.EXIT_ONLY))
    assert orders(decision) == sold


@pytest.mark.parametrize("way", list(OnDemotion))
def test_sizing_on_demotion_concerns_nobody_out_of_shadow(way: OnDemotion) -> None:
    decision = sized({"a": HOLD}, DEMOTED_TODAY, policy=DecisionPolicy(on_demotion=way))
    assert (decision.intents, decision.crosses) == ((), ())
    sold = sized({"a": sell()}, DEMOTED_TODAY, policy=DecisionPolicy(on_demotion=way))
    assert orders(sold) == [("a", "AAPL", "sell", Decimal(10))]
