"""What happened to a portfolio's book, event by event: the book is what they add up to.

Every commit that changes the book appends one entry, whose events carry the instant at which they took effect.
So the book as of any close can be added up again, however late that is asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from backend.domain.book import EMPTY_STRATEGY_BOOK, PortfolioBook, StrategyBook
from backend.domain.corporate_action import CorporateAction
from backend.domain.lots import ZERO, Fill
from backend.domain.market import new_york_day
from backend.domain.mode import Mode, ModeState
from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperAccount, PaperTrade, Step
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.weights import Rebalance


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyOpened:
    """A strategy joined the portfolio with the capital of its first day."""

    at: datetime
    strategy: StrategyId
    capital: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSet:
    """A strategy's base weight changed: what its capital of the next day follows."""

    at: datetime
    strategy: StrategyId
    weight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalanced:
    """The method of the allocation was asked for new weights."""

    at: datetime
    rebalance: Rebalance


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedOut:
    """A stop-loss sold a position: it is not bought again that day."""

    at: datetime
    strategy: StrategyId
    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeEntered:
    at: datetime
    strategy: StrategyId
    state: ModeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Shares of the account changed hands: at the venue, under its ``order_id``, or inside (``is_cross``)."""

    at: datetime
    strategy: StrategyId
    fill: Fill
    trade_id: str
    order_id: str = ""
    is_cross: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtuallyFilled:
    at: datetime
    strategy: StrategyId
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTraded:
    """What the paper accounts of one strategy traded at a tick."""

    at: datetime
    strategy: StrategyId
    trades: tuple[PaperTrade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTaken:
    """A split or dividend changed whatever is held of its symbol, really and virtually."""

    at: datetime
    action: CorporateAction


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCharged:
    """A fee that the broker booked apart from the fill."""

    at: datetime
    strategy: StrategyId
    amount: Decimal
    trade_id: str


_OfOne = StrategyOpened | WeightSet | StoppedOut | ModeEntered | Filled | VirtuallyFilled | FeeCharged
Event = _OfOne | Rebalanced | PaperTraded | ActionTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """The events of one commit; ``number`` counts from 1 without a gap, ``run_id`` names the tick or job."""

    number: int
    committed_at: datetime
    run_id: str
    events: tuple[Event, ...]


def noted(
    book: PortfolioBook, events: tuple[Event, ...], *, at: datetime, run_id: str
) -> tuple[PortfolioBook, JournalEntry | None]:
    """Number what led to ``book``; None where nothing did."""
    if not events:
        return book, None
    entry = JournalEntry(number=book.entries + 1, committed_at=at, run_id=run_id, events=events)
    return replace(book, entries=entry.number), entry


def folded(book: PortfolioBook, events: Iterable[Event]) -> PortfolioBook:
    """Return the book after ``events``, in the order given; open orders stay as they are."""
    strategies = dict(book.strategies)
    paper = dict(book.paper)
    for event in events:
        match event:
            case ActionTaken():
                strategies = _after_action(strategies, event.action)
                paper = {
                    name: {step: account.after(event.action) for step, account in accounts.items()}
                    for name, accounts in paper.items()
                }
            case Rebalanced():
                book = replace(book, rebalance=event.rebalance)
            case PaperTraded():
                paper[event.strategy] = _traded(paper.get(event.strategy, {}), event.trades)
            case _:
                strategies[event.strategy] = _after(strategies.get(event.strategy, EMPTY_STRATEGY_BOOK), event)
    return replace(book, strategies=strategies, paper=paper)


def _after(book: StrategyBook, event: _OfOne) -> StrategyBook:
    match event:
        case StrategyOpened():
            return replace(book, capital=event.capital)
        case WeightSet():
            return replace(book, weight=event.weight)
        case StoppedOut():
            today = new_york_day(event.at)
            earlier = {symbol: at for symbol, at in book.stopped.items() if new_york_day(at) == today}
            return replace(book, stopped={**earlier, event.symbol: event.at})
        case ModeEntered():
            starts_shadow = event.state.mode is Mode.SHADOW_MODE
            return replace(book, mode=event.state, virtual=book.real if starts_shadow else book.virtual)
        case Filled():
            return replace(book, real=book.real.filled(event.fill), virtual=_copied_late(book, event))
        case VirtuallyFilled():
            return replace(book, virtual=book.scored.filled(event.fill))
        case FeeCharged():
            return replace(book, real=book.real.charged(event.amount))


def _copied_late(book: StrategyBook, event: Filled) -> Sleeve | None:
    """Add a fill that happened before the demotion, and was found after it, to the copy that the demotion made."""
    if book.virtual is None or book.mode is None or not (book.is_in_shadow and event.at < book.mode.since):
        return book.virtual
    return book.virtual.filled(event.fill)


def _after_action(
    strategies: Mapping[StrategyId, StrategyBook], action: CorporateAction
) -> dict[StrategyId, StrategyBook]:
    """Return every strategy after an action; real sleeves share the rounding of a split, as they share the position."""
    after = dict(strategies)
    before = ZERO
    for name in sorted(strategies):
        held = strategies[name]
        virtual = None if held.virtual is None else held.virtual.after(action)
        after[name] = replace(held, real=held.real.after(action, before=before), virtual=virtual)
        before += held.real.quantity(action.symbol)
    return after


def _traded(accounts: Mapping[Step, PaperAccount], trades: Iterable[PaperTrade]) -> dict[Step, PaperAccount]:
    after = dict(accounts)
    for trade in trades:
        account = after.get(trade.step, EMPTY_PAPER_ACCOUNT)
        after[trade.step] = account.traded(trade.symbol, trade.quantity, trade.price)
    return after
