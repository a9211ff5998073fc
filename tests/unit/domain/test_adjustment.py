"""Corporate actions that happened and fees by hand: what enters the journal and what enters the ledger."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.adjustment import Adjustment, Origin, action_adjustment, fee_adjustment
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.corporate_action import CorporateAction
from backend.domain.journal import ActionTaken, FeeCharged, Filled, folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.mode import Mode
from backend.domain.order import ClientOrderId, Side
from backend.domain.paper import PaperAccount, Step
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.statement import Activity, ActivityKind
from backend.domain.tick import PortfolioKey
from tests.unit.domain.decision_inputs import book_of, sleeve
from tests.unit.domain.ledger_inputs import (
    AAPL,
    APPLE_DIVIDEND,
    APPLE_SPLIT,
    GE,
    GE_REVERSE_SPLIT,
    MSFT,
    dividend,
    fill,
    lot,
)

A, B, S = StrategyId("a"), StrategyId("b"), StrategyId("s")
ORIGIN = Origin(key=PortfolioKey(tenant_id="acme", uid="anna"), account_id="A1", run_id="main-1")
NEW_YORKS_MIDNIGHT = datetime(2020, 8, 31, 4, tzinfo=UTC)  # daylight saving: four hours behind


def held_by(**strategies: StrategyBook) -> PortfolioBook:
    return PortfolioBook(strategies={StrategyId(name): each for name, each in strategies.items()})


def real(**lots: tuple[str, str]) -> StrategyBook:
    return book_of(Mode.ACTIVE, sleeve(**lots))


def entry(kind: TradeKind, strategy: StrategyId, **terms: Any) -> LedgerTrade:
    shared: dict[str, Any] = {
        "tenant_id": "acme",
        "uid": "anna",
        "run_id": "main-1",
        "side": Side.BUY,
        "price": Decimal(0),
        "order_id": ClientOrderId(""),
        "account_id": "A1",
    }
    return LedgerTrade(strategy_id=strategy, kind=kind, **{**shared, **terms})


def test_adjustment_by_apples_split_adds_three_shares_for_each() -> None:
    book = held_by(a=real(AAPL=("10.5", "480")), b=real(AAPL=("-2", "500")), c=real(MSFT=("1", "228")))
    adjustment = action_adjustment(book, APPLE_SPLIT, ORIGIN)
    assert adjustment.events == (ActionTaken(at=NEW_YORKS_MIDNIGHT, action=APPLE_SPLIT),)
    shared: dict[str, Any] = {"symbol": AAPL, "ts": NEW_YORKS_MIDNIGHT}
    assert adjustment.trades == (
        entry(TradeKind.SPLIT, A, trade_id="split-AAPL-2020-08-31-4for1-main-a", qty=Decimal("31.5"), **shared),
        entry(
            TradeKind.SPLIT, B, trade_id="split-AAPL-2020-08-31-4for1-main-b", qty=Decimal(6), side=Side.SELL, **shared
        ),
    )
    assert adjustment.events[0].at.tzinfo is UTC


def test_adjustment_by_a_reverse_split_of_odd_lots_takes_shares_away() -> None:
    # 12 + 5 = 17 become 1.5 + 0.625 = 2.125
    odd = Sleeve(lots={GE: (lot("12", "12.95"), lot("5", "13"))})
    book = held_by(a=book_of(Mode.ACTIVE, odd))
    adjustment = action_adjustment(book, GE_REVERSE_SPLIT, ORIGIN)
    (trade,) = adjustment.trades
    assert (trade.side, trade.qty, trade.signed_quantity) == (Side.SELL, Decimal("14.875"), Decimal("-14.875"))
    assert folded(book, adjustment.events).of(A).real.quantity(GE) == 17 + trade.signed_quantity


def test_adjustment_by_a_reverse_split_that_leaves_dust_takes_all_away() -> None:
    book = held_by(a=real(GE=("0.000000003", "13")))
    adjustment = action_adjustment(book, GE_REVERSE_SPLIT, ORIGIN)
    assert [trade.signed_quantity for trade in adjustment.trades] == [Decimal("-0.000000003")]
    assert folded(book, adjustment.events).held() == frozenset()


def test_adjustment_by_apples_dividend_pays_long_and_costs_short() -> None:
    book = held_by(a=real(AAPL=("10", "440")), b=real(AAPL=("-2.5", "440")))
    adjustment = action_adjustment(book, APPLE_DIVIDEND, ORIGIN)
    at = datetime(2020, 8, 7, 4, tzinfo=UTC)
    shared: dict[str, Any] = {"symbol": AAPL, "ts": at, "price": Decimal("0.82")}
    assert adjustment == Adjustment(
        events=(ActionTaken(at=at, action=APPLE_DIVIDEND),),
        trades=(
            entry(TradeKind.DIVIDEND, A, trade_id="dividend-AAPL-2020-08-07-main-a", qty=Decimal(10), **shared),
            entry(
                TradeKind.DIVIDEND,
                B,
                trade_id="dividend-AAPL-2020-08-07-main-b",
                qty=Decimal("2.5"),
                side=Side.SELL,
                **shared,
            ),
        ),
    )
    after = folded(book, adjustment.events)
    # 10 × 0.82 and −2.5 × 0.82
    assert (after.of(A).real.realised, after.of(B).real.realised) == (Decimal("8.20"), Decimal("-2.050"))


@pytest.mark.parametrize("action", [APPLE_SPLIT, APPLE_DIVIDEND])
def test_adjustment_of_virtual_holdings_is_in_the_journal_and_not_in_the_ledger(action: CorporateAction) -> None:
    book = PortfolioBook(
        strategies={S: book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("10", "440")))},
        paper={S: {Step.NEUTRAL: PaperAccount(quantities={AAPL: Decimal(1)})}},
    )
    adjustment = action_adjustment(book, action, ORIGIN)
    assert ([event.action for event in adjustment.events], adjustment.trades) == ([action], ())  # type: ignore[union-attr]
    assert folded(book, adjustment.events) != book


def test_adjustment_of_two_portfolios_and_two_actions_has_different_entries() -> None:
    book = held_by(a=real(AAPL=("10", "440")))
    second = replace(ORIGIN, key=replace(ORIGIN.key, portfolio_id="second"))
    later = dividend(AAPL, "0.205", date(2020, 11, 6))
    names = [
        action_adjustment(book, action, origin).trades[0].trade_id
        for action in (APPLE_SPLIT, APPLE_DIVIDEND, later)
        for origin in (ORIGIN, second)
    ]
    assert len(set(names)) == 6


# Fees. Our fills of one day: a bought AAPL for 3,000 and sold MSFT for 1,000, b bought AAPL for 1,000.
AT = datetime(2025, 3, 14, 15, tzinfo=UTC)
CLOSED = datetime(2025, 3, 14, 21, tzinfo=UTC)


def our_fill(strategy: StrategyId, order: str, symbol: Symbol, signed: str, price: str, **more: Any) -> Filled:
    return Filled(
        at=AT, strategy=strategy, fill=fill(symbol, signed, price), trade_id=f"t-{order}", order_id=order, **more
    )


OURS = [
    our_fill(A, "v-1", AAPL, "30", "100"),
    our_fill(A, "v-2", MSFT, "-20", "50"),
    our_fill(B, "v-3", AAPL, "10", "100"),
]


def bought(order: str, symbol: Symbol, cash: str, at: datetime = AT) -> Activity:
    return Activity(
        activity_id=f"act-{order}", kind=ActivityKind.FILL, at=at, symbol=symbol, cash=Decimal(cash), order_id=order
    )


STATEMENT = [bought("v-1", AAPL, "-3000"), bought("v-2", MSFT, "1000"), bought("v-3", AAPL, "-1000")]
OTHERS = bought("theirs", AAPL, "-4000")


def fee(amount: str, **more: Any) -> Activity:
    return Activity(activity_id="fee-9", kind=ActivityKind.FEE, at=CLOSED, cash=-Decimal(amount), **more)


def charged(
    found: Activity, statement: list[Activity] | None = None, fills: list[Filled] | None = None
) -> dict[StrategyId, Decimal]:
    told, ours = STATEMENT if statement is None else statement, OURS if fills is None else fills
    adjustment = fee_adjustment(found, told, ours, ORIGIN)
    amounts = {each.strategy: each.amount for each in adjustment.events if isinstance(each, FeeCharged)}
    assert [(each.strategy_id, each.fees) for each in adjustment.trades] == list(amounts.items())
    return amounts


def test_fee_of_an_order_goes_to_its_strategy_whole() -> None:
    assert charged(fee("0.02", order_id="v-3", symbol=AAPL)) == {B: Decimal("0.02")}


def test_fee_of_somebody_elses_order_is_not_ours() -> None:
    assert charged(fee("0.02", order_id="theirs"), [*STATEMENT, OTHERS]) == {}


def test_fee_of_a_symbol_is_shared_by_value_traded_in_it() -> None:
    # AAPL: a 3,000 and b 1,000 of 4,000
    assert charged(fee("0.04", symbol=AAPL)) == {A: Decimal("0.03"), B: Decimal("0.01")}


def test_fee_of_nothing_in_particular_is_shared_by_value_traded_that_day() -> None:
    # a 3,000 + 1,000, b 1,000 of 5,000; whichever way the cash went
    assert charged(fee("0.05")) == {A: Decimal("0.04"), B: Decimal("0.01")}


def test_fee_falls_in_part_to_other_peoples_fills() -> None:
    # AAPL: a 3,000, b 1,000, others 4,000: half of it stays outside
    assert charged(fee("0.08", symbol=AAPL), [*STATEMENT, OTHERS]) == {A: Decimal("0.03"), B: Decimal("0.01")}


def test_fee_is_not_shared_by_fills_of_other_days_in_new_york() -> None:
    late = bought("v-1", AAPL, "-3000", datetime(2025, 3, 15, 3, 59, tzinfo=UTC))  # still the 14th in New York
    next_day = bought("v-3", AAPL, "-1000", datetime(2025, 3, 15, 4, tzinfo=UTC))
    assert charged(fee("0.04", symbol=AAPL), [late, next_day]) == {A: Decimal("0.04")}


def test_fee_that_is_booked_the_night_after_is_shared_by_the_day_that_it_is_for() -> None:
    night = datetime(2025, 3, 15, 6, tzinfo=UTC)
    found = replace(fee("0.04", symbol=AAPL), at=night, day=AT.date())
    next_day = bought("theirs", AAPL, "-9000", night)
    assert charged(found, [*STATEMENT, next_day]) == {A: Decimal("0.03"), B: Decimal("0.01")}
    assert {event.at for event in fee_adjustment(found, STATEMENT, OURS, ORIGIN).events} == {night}


def test_fee_counts_fills_only() -> None:
    paid = Activity(activity_id="div", kind=ActivityKind.DIVIDEND, at=AT, symbol=AAPL, cash=Decimal(999))
    assert charged(fee("0.04", symbol=AAPL), [*STATEMENT, paid]) == {A: Decimal("0.03"), B: Decimal("0.01")}


def test_fee_has_nothing_to_do_with_crosses() -> None:
    crossed = our_fill(B, "", AAPL, "500", "100", is_cross=True)
    assert charged(fee("0.04", symbol=AAPL), fills=[*OURS, crossed]) == {A: Decimal("0.03"), B: Decimal("0.01")}


def test_fee_is_cut_to_a_millionth() -> None:
    # thirds of 0.01: what three millionths leave stays outside
    statement = [bought(order, AAPL, "-100") for order in ("v-1", "v-3", "theirs")]
    assert charged(fee("0.01"), statement) == {A: Decimal("0.003333"), B: Decimal("0.003333")}
    assert charged(fee("0.000001"), statement) == {}  # a third of a millionth is nothing


@pytest.mark.parametrize("statement", [[], [OTHERS]], ids=["no-fill", "others-only"])
def test_fee_without_a_fill_of_ours_is_not_ours(statement: list[Activity]) -> None:
    assert charged(fee("0.04"), statement) == {}


def test_fee_entry_says_all_that_it_must() -> None:
    adjustment = fee_adjustment(fee("0.02", order_id="v-3", symbol=AAPL), STATEMENT, OURS, ORIGIN)
    named = {"trade_id": "fee-fee-9-main-b"}
    assert adjustment == Adjustment(
        events=(FeeCharged(at=CLOSED, strategy=B, amount=Decimal("0.02"), **named),),
        trades=(entry(TradeKind.FEE, B, symbol=AAPL, qty=Decimal(0), fees=Decimal("0.02"), ts=CLOSED, **named),),
    )


def test_fee_of_an_account_has_an_entry_for_each_of_its_portfolios() -> None:
    # Both portfolios have a strategy a, which bought AAPL: 3,000 in one, 4,000 in the other.
    second = replace(ORIGIN, key=replace(ORIGIN.key, portfolio_id="second"))
    theirs = [our_fill(A, "theirs", AAPL, "40", "100")]
    (first,), (other,) = (
        fee_adjustment(fee("0.07", symbol=AAPL), [STATEMENT[0], OTHERS], fills, origin).trades
        for fills, origin in ((OURS, ORIGIN), (theirs, second))
    )
    assert (first.fees, other.fees) == (Decimal("0.03"), Decimal("0.04"))
    assert first.trade_id != other.trade_id


def test_fee_entry_of_no_symbol_names_none() -> None:
    assert {each.symbol for each in fee_adjustment(fee("0.05"), STATEMENT, OURS, ORIGIN).trades} == {""}


def test_fees_of_one_day_charged_to_sleeves_are_what_the_broker_took_for_them() -> None:
    book = held_by(a=real(), b=real())
    for each in (fee("0.05"), replace(fee("0.08", symbol=AAPL), activity_id="fee-10")):
        book = folded(book, fee_adjustment(each, [*STATEMENT, OTHERS], OURS, ORIGIN).events)
    # 0.05 × 5,000 ÷ 9,000 and 0.08 × 4,000 ÷ 8,000, each cut to a millionth
    assert book.of(A).real.fees + book.of(B).real.fees == Decimal("0.022222") + Decimal("0.005556") + Decimal("0.04")
