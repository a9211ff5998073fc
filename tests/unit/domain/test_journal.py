"""The book is the fold of its journal: every kind of event, and the life of a virtual sleeve."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.domain.book import EMPTY_STRATEGY_BOOK, PortfolioBook, StrategyBook
from backend.domain.journal import (
    ActionTaken,
    Event,
    FeeCharged,
    Filled,
    JournalEntry,
    ModeEntered,
    PaperTraded,
    StrategyOpened,
    VirtuallyFilled,
    WeightSet,
    folded,
    noted,
)
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ModeState
from backend.domain.paper import PaperAccount, PaperTrade, Step
from backend.domain.signal import StrategyId
from backend.domain.sleeve import EMPTY_SLEEVE, Mark, Sleeve
from tests.unit.domain.decision_inputs import NOW, book_of, open_order, sleeve
from tests.unit.domain.ledger_inputs import AAPL, APPLE_DIVIDEND, APPLE_SPLIT, MSFT, fill, lot, split

A, B = StrategyId("a"), StrategyId("b")


def mode(mode: Mode, name: StrategyId = A) -> ModeEntered:
    return ModeEntered(at=NOW, strategy=name, state=ModeState(mode=mode, since=NOW, reason="judged"))


def filled(traded: Fill, name: StrategyId = A) -> Filled:
    return Filled(at=NOW, strategy=name, fill=traded, trade_id="t-1", order_id="v-1")


def virtually(traded: Fill, name: StrategyId = A) -> VirtuallyFilled:
    return VirtuallyFilled(at=NOW, strategy=name, fill=traded)


def after(*events: Event, book: StrategyBook = EMPTY_STRATEGY_BOOK) -> StrategyBook:
    return folded(PortfolioBook(strategies={A: book}), events).of(A)


def test_journal_opens_a_strategy_with_its_capital() -> None:
    book = folded(PortfolioBook(), [StrategyOpened(at=NOW, strategy=A, capital=Decimal(30_000))])
    assert book.strategies == {A: StrategyBook(capital=Decimal(30_000))}


def test_journal_sets_a_base_weight_and_leaves_the_days_capital() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "100")))
    book = after(WeightSet(at=NOW, strategy=A, weight=Decimal("0.3")), book=held)
    assert book == replace(held, weight=Decimal("0.3"))


def test_journal_fills_the_real_sleeve() -> None:
    book = after(filled(fill(AAPL, "10", "100", "1")), filled(fill(AAPL, "-4", "110")))
    # 4 × 10 − 1
    assert book == StrategyBook(real=Sleeve(lots={AAPL: (lot("6", "100"),)}, realised=Decimal(39), fees=Decimal(1)))


def test_journal_fills_the_real_sleeve_of_a_strategy_in_shadow() -> None:
    book = after(filled(fill(AAPL, "-10", "110")), book=book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "100")), Sleeve()))
    assert (book.real, book.virtual) == (Sleeve(realised=Decimal(100)), EMPTY_SLEEVE)


def test_journal_of_a_strategy_that_it_did_not_know_opens_it() -> None:
    book = folded(PortfolioBook(), [filled(fill(AAPL, "10", "100"), B)])
    assert book.strategies == {B: StrategyBook(real=sleeve(AAPL=("10", "100")))}


def test_journal_charges_fees_to_the_real_sleeve() -> None:
    fee = FeeCharged(at=NOW, strategy=A, amount=Decimal("0.02"), trade_id="fee-1-a")
    book = after(fee, book=book_of(Mode.SHADOW_MODE, Sleeve(), Sleeve()))
    assert (book.real.realised, book.real.fees, book.virtual) == (Decimal("-0.02"), Decimal("0.02"), EMPTY_SLEEVE)


@pytest.mark.parametrize("entered", [Mode.ACTIVE, Mode.REDUCED, Mode.DISABLED])
def test_journal_mode_other_than_shadow_starts_no_virtual_sleeve(entered: Mode) -> None:
    book = after(mode(entered), book=book_of(None, sleeve(AAPL=("10", "100"))))
    assert (book.mode, book.virtual) == (ModeState(mode=entered, since=NOW, reason="judged"), None)


def test_journal_virtual_sleeve_lives_from_demotion_to_promotion() -> None:
    real = replace(sleeve(AAPL=("10", "100")), realised=Decimal(7), mark=Mark(pnl=Decimal(5)))
    demoted = after(mode(Mode.SHADOW_MODE), book=book_of(Mode.ACTIVE, real))
    # a copy with its mark, so that the day of demotion has one return
    assert (demoted.virtual, demoted.real) == (real, real)
    traded = after(virtually(fill(AAPL, "-10", "110")), virtually(fill(MSFT, "3", "50")), book=demoted)
    assert traded.real == real
    # 7 + 10 × 10
    assert traded.virtual == Sleeve(lots={MSFT: (lot("3", "50"),)}, realised=Decimal(107), mark=real.mark)
    promoted = after(mode(Mode.REDUCED), book=traded)
    # kept until the day is closed, for the day's return; real trades touch it no more
    assert (promoted.virtual, promoted.scored, promoted.traded) == (traded.virtual, traded.virtual, real)
    bought = after(filled(fill(MSFT, "1", "50")), book=promoted)
    assert (bought.virtual, bought.real.quantity(MSFT)) == (traded.virtual, 1)


def test_journal_demotion_on_the_day_of_promotion_starts_anew_from_the_real_sleeve() -> None:
    real, earlier = sleeve(AAPL=("10", "100")), sleeve(MSFT=("99", "1"))
    book = after(mode(Mode.ACTIVE), mode(Mode.SHADOW_MODE), book=book_of(Mode.SHADOW_MODE, real, earlier))
    assert book.virtual == real


def test_journal_strategy_that_starts_in_shadow_trades_virtually_from_its_first_tick() -> None:
    opened = StrategyOpened(at=NOW, strategy=A, capital=Decimal(1000))
    book = folded(PortfolioBook(), [opened, mode(Mode.SHADOW_MODE), virtually(fill(AAPL, "5", "100"))]).of(A)
    assert (book.real, book.virtual, book.capital) == (EMPTY_SLEEVE, sleeve(AAPL=("5", "100")), 1000)


def late(signed: str, minutes: int) -> Filled:
    """A fill so many minutes after the demotion, found after it in any case."""
    return replace(filled(fill(AAPL, signed, "100")), at=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(("minutes", "virtual"), [(-5, "14"), (-1, "14"), (0, "10"), (5, "10")])
def test_journal_fill_before_a_demotion_that_is_found_after_it_enters_the_copy_too(minutes: int, virtual: str) -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    book = after(mode(Mode.SHADOW_MODE), late("4", minutes), book=held)
    assert book.virtual is not None
    assert (book.real.quantity(AAPL), book.virtual.quantity(AAPL)) == (Decimal(14), Decimal(virtual))
    in_time = sorted([mode(Mode.SHADOW_MODE), late("4", minutes)], key=lambda event: event.at)
    assert after(*in_time, book=held) == book


def test_journal_fill_before_a_demotion_that_is_over_leaves_the_old_copy_alone() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    book = after(mode(Mode.SHADOW_MODE), mode(Mode.ACTIVE), late("4", -5), book=held)
    assert (book.real.quantity(AAPL), book.virtual) == (Decimal(14), held.real)


def test_journal_split_of_fractions_in_several_sleeves_is_rounded_once() -> None:
    # 1 for 7 of four shares: 0.571428571 altogether, which 4 × 0.142857143 would exceed by a billionth
    names = [StrategyId(name) for name in "abcd"]
    before = PortfolioBook(strategies={name: book_of(Mode.ACTIVE, sleeve(AAPL=("1", "70"))) for name in names})
    book = folded(before, [ActionTaken(at=NOW, action=split(AAPL, 1, 7, date(2025, 1, 2)))])
    assert book.holdings() == {AAPL: Decimal("0.571428571")}
    held = [book.of(name).real.quantity(AAPL) for name in names]
    assert sorted(held) == [Decimal("0.142857142"), *[Decimal("0.142857143")] * 3]


def test_journal_split_changes_every_holding_and_touches_no_order() -> None:
    waiting = open_order("a")
    paper = {A: {Step.NEUTRAL: PaperAccount(cash=Decimal(-1000), quantities={AAPL: Decimal(2)})}, B: {}}
    before = PortfolioBook(
        strategies={
            A: book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "480")), sleeve(AAPL=("1", "400"), MSFT=("3", "50"))),
            B: book_of(Mode.ACTIVE, sleeve(MSFT=("4", "50"))),
        },
        open_orders={waiting.intent.client_order_id: waiting},
        paper=paper,
        entries=4,
        actions_through=date(2020, 8, 30),
        charged={"f": date(2020, 8, 1)},
    )
    book = folded(before, [ActionTaken(at=NOW, action=APPLE_SPLIT)])
    expected = PortfolioBook(
        strategies={
            A: book_of(Mode.SHADOW_MODE, sleeve(AAPL=("40", "120")), sleeve(AAPL=("4", "100"), MSFT=("3", "50"))),
            B: before.of(B),
        },
        paper={A: {Step.NEUTRAL: PaperAccount(cash=Decimal(-1000), quantities={AAPL: Decimal(8)})}, B: {}},
    )
    assert book == replace(before, strategies=expected.strategies, paper=expected.paper)


def test_journal_dividend_is_paid_on_every_holding_virtual_and_on_paper_too() -> None:
    held = book_of(Mode.SHADOW_MODE, sleeve(AAPL=("10", "440")), sleeve(AAPL=("-5", "440")))
    paper = {A: {Step.SCALED: PaperAccount(quantities={AAPL: Decimal(1)})}}
    book = folded(PortfolioBook(strategies={A: held}, paper=paper), [ActionTaken(at=NOW, action=APPLE_DIVIDEND)])
    (virtual,) = [each.virtual for each in book.strategies.values() if each.virtual]
    assert (book.of(A).real.realised, virtual.realised) == (Decimal("8.20"), Decimal("-4.10"))
    assert book.paper[A][Step.SCALED].cash == Decimal("0.82")


def test_journal_paper_trades_move_their_own_account_only() -> None:
    trades = (
        PaperTrade(step=Step.NEUTRAL, symbol=AAPL, quantity=Decimal(4), price=Decimal(100)),
        PaperTrade(step=Step.NEUTRAL, symbol=MSFT, quantity=Decimal(1), price=Decimal(50)),
        PaperTrade(step=Step.ALLOWED, symbol=AAPL, quantity=Decimal(-2), price=Decimal(100)),
    )
    allowed = PaperAccount(cash=Decimal(-200), quantities={AAPL: Decimal(2)})
    before = PortfolioBook(paper={A: {Step.ALLOWED: allowed}, B: {Step.ALLOWED: allowed}})
    book = folded(before, [PaperTraded(at=NOW, strategy=A, trades=trades)])
    assert book.paper == {
        A: {
            Step.NEUTRAL: PaperAccount(cash=Decimal(-450), quantities={AAPL: Decimal(4), MSFT: Decimal(1)}),
            Step.ALLOWED: PaperAccount(),
        },
        B: {Step.ALLOWED: allowed},
    }
    assert book.strategies == {}


def test_journal_folds_in_parts_as_in_one() -> None:
    events: list[Event] = [
        StrategyOpened(at=NOW, strategy=A, capital=Decimal(1000)),
        filled(fill(AAPL, "10", "480")),
        mode(Mode.SHADOW_MODE),
        virtually(fill(AAPL, "-10", "490")),
        ActionTaken(at=NOW + timedelta(days=1), action=APPLE_SPLIT),
        filled(fill(AAPL, "-40", "130")),
    ]
    whole = folded(PortfolioBook(), events)
    for cut in range(len(events) + 1):
        assert folded(folded(PortfolioBook(), events[:cut]), events[cut:]) == whole
    # 10 at 480 became 40 at 120: 40 × 10; virtually 10 × 10, and nothing was left to be split
    assert (whole.of(A).real, whole.of(A).virtual) == (Sleeve(realised=Decimal(400)), Sleeve(realised=Decimal(100)))


def test_journal_fold_leaves_its_predecessor_alone() -> None:
    before = PortfolioBook(strategies={A: book_of(Mode.ACTIVE, sleeve(AAPL=("10", "100")))}, paper={A: {}})
    kept = replace(before)
    folded(before, [filled(fill(AAPL, "-10", "90")), ActionTaken(at=NOW, action=APPLE_SPLIT)])
    assert before == kept


def test_journal_entries_are_numbered_from_one_without_a_gap() -> None:
    event = StrategyOpened(at=NOW, strategy=A, capital=Decimal(1))
    book, first = noted(PortfolioBook(), (event,), at=NOW, run_id="main-1")
    assert first == JournalEntry(number=1, committed_at=NOW, run_id="main-1", events=(event,))
    book, none = noted(book, (), at=NOW, run_id="main-2")
    assert (none, book.entries) == (None, 1)
    book, second = noted(book, (event, event), at=NOW + timedelta(hours=1), run_id="main-3")
    assert second is not None
    assert (second.number, book.entries, len(second.events)) == (2, 2, 2)
