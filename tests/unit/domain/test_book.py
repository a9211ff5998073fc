"""Which sleeve of a strategy counts when, and what a portfolio holds altogether."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.book import EMPTY_STRATEGY_BOOK, PortfolioBook, StrategyBook
from backend.domain.identity import client_order_id
from backend.domain.mode import Mode
from backend.domain.order import OrderIntent, OrderState, OrderStatus, Side
from backend.domain.paper import PaperAccount, Step
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import EMPTY_SLEEVE
from tests.unit.domain.decision_inputs import AAPL, GOOG, KO, MSFT, book_of, sleeve

TREND, OTHER = StrategyId("trend"), StrategyId("other")
REAL, VIRTUAL = sleeve(AAPL=("10", "100")), sleeve(AAPL=("5", "100"))


def test_strategy_book_scores_the_virtual_sleeve_in_shadow() -> None:
    assert StrategyBook(real=REAL).scored is REAL
    assert StrategyBook(real=REAL, virtual=VIRTUAL).scored is VIRTUAL
    assert StrategyBook(real=REAL, virtual=EMPTY_SLEEVE).scored is EMPTY_SLEEVE


@pytest.mark.parametrize("mode", [None, Mode.ACTIVE, Mode.REDUCED, Mode.DISABLED])
def test_strategy_book_out_of_shadow_trades_its_real_sleeve(mode: Mode | None) -> None:
    # After promotion the virtual sleeve is still there: the day's return is its, the day's trades are not.
    book = book_of(mode, REAL, VIRTUAL)
    assert (book.is_in_shadow, book.traded, book.scored) == (False, REAL, VIRTUAL)


def test_strategy_book_in_shadow_trades_and_scores_its_virtual_sleeve() -> None:
    book = book_of(Mode.SHADOW_MODE, REAL, VIRTUAL)
    assert (book.is_in_shadow, book.traded, book.scored) == (True, VIRTUAL, VIRTUAL)


def test_strategy_book_in_shadow_without_a_virtual_sleeve_falls_back_to_the_real_one() -> None:
    book = book_of(Mode.SHADOW_MODE, REAL)
    assert (book.is_in_shadow, book.traded, book.scored) == (False, REAL, REAL)


def test_portfolio_book_gives_an_unknown_strategy_an_empty_book() -> None:
    book = StrategyBook(capital=Decimal(5))
    portfolio = PortfolioBook(strategies={TREND: book})
    assert portfolio.of(TREND) is book
    assert portfolio.of(OTHER) is EMPTY_STRATEGY_BOOK


@pytest.mark.parametrize(
    ("strategy", "symbol", "expected"), [("trend", "AAPL", True), ("trend", "MSFT", False), ("revert", "AAPL", False)]
)
def test_portfolio_book_finds_open_orders_of_strategy_and_symbol(strategy: str, symbol: str, expected: bool) -> None:
    named: dict[str, Any] = {"strategy": TREND, "symbol": AAPL, "side": Side.BUY}
    made = client_order_id(tenant_id="t", tick="main-1", sequence=0, **named)
    intent = OrderIntent(client_order_id=made, quantity=Decimal(1), **named)
    decided_at = datetime(2025, 3, 14, tzinfo=UTC)
    order = OrderState(intent=intent, tick_id="main-1", decided_at=decided_at, status=OrderStatus.SUBMITTED)
    portfolio = PortfolioBook(open_orders={made: order})
    assert portfolio.has_open_order(StrategyId(strategy), Symbol(symbol)) is expected


def test_portfolio_book_held_names_what_is_in_any_sleeve_or_paper_account() -> None:
    portfolio = PortfolioBook(
        strategies={TREND: book_of(Mode.SHADOW_MODE, REAL, sleeve(MSFT=("1", "50"))), OTHER: EMPTY_STRATEGY_BOOK},
        paper={OTHER: {Step.NEUTRAL: PaperAccount(quantities={KO: Decimal(2)}), Step.SCALED: PaperAccount()}},
    )
    assert portfolio.held() == {AAPL, MSFT, KO}
    assert PortfolioBook().held() == frozenset()


def test_portfolio_book_holdings_add_up_real_sleeves_only() -> None:
    portfolio = PortfolioBook(
        strategies={
            TREND: book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "90"), MSFT=("3", "45")), sleeve(GOOG=("9", "1"))),
            OTHER: book_of(Mode.ACTIVE, sleeve(AAPL=("0.5", "95"), MSFT=("-3", "50"), KO=("-2", "60"))),
        },
        paper={TREND: {Step.NEUTRAL: PaperAccount(quantities={GOOG: Decimal(2)})}},
    )
    # MSFT: 3 long of one and 3 short of the other are nothing
    assert portfolio.holdings() == {AAPL: Decimal("10.5"), KO: Decimal(-2)}
