"""Close a day: from the book as of the last close and what happened since, to every strategy's performance.

1. the events up to the session's close, in the order in which they took effect, are added to the last closed book;
2. sleeves and paper accounts are marked at the session's closes; what they gained since their mark is the day's;
3. EXTERNAL is what the account's positions at the close exceed the sleeves by. Its P&L is the change of its value
   plus the cash that moved on the account, less the cash that moved in the sleeves;
4. the residual is what the change of the broker's equity leaves unexplained.

Nothing here depends on when it is run, so that late and on time end in the same figures.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from backend.domain.attribution import attribution
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.journal import Event, folded
from backend.domain.lots import ZERO
from backend.domain.paper import PaperAccount, Step
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import Period, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import DailyReturn

SOURCE = "maestro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A portfolio as of its last close: the marked book, and what was read of the journal beyond it.

    ``entries`` of the journal are in ``book`` or, where they took effect later, in ``pending``. ``equity`` and
    ``cash`` are the account's, ``external_value`` what it held beyond the sleeves, at that day's closes.
    """

    day: date | None = None
    closes_at: datetime | None = None
    entries: int = 0
    book: PortfolioBook = field(default_factory=PortfolioBook)
    pending: tuple[Event, ...] = ()
    equity: Decimal | None = None
    cash: Decimal = ZERO
    external_value: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAtClose:
    """The account at a session's close, as the broker's books tell it."""

    equity: Decimal
    cash: Decimal
    positions: Mapping[Symbol, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """What closing a day writes."""

    strategies: tuple[StrategyPerformanceSnapshot, ...]
    portfolio: PortfolioPerformanceSnapshot
    returns: tuple[DailyReturn, ...]
    closing: Closing


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A day with all its events in the book, not marked yet."""

    session: Session
    last: Closing
    book: PortfolioBook
    entries: int
    pending: tuple[Event, ...] = field(default=())


def open_day(last: Closing, session: Session, events: Iterable[Event], entries: int) -> OpenDay:
    """Add the events that took effect by the session's close; ``events`` is what was read since ``last``."""
    known = (*last.pending, *events)
    due = sorted((event for event in known if event.at <= session.closes_at), key=lambda event: event.at)
    return OpenDay(
        session=session,
        last=last,
        book=folded(last.book, due),
        entries=entries,
        pending=tuple(event for event in known if event.at > session.closes_at),
    )


def closed_day(
    day: OpenDay,
    account: AccountAtClose,
    prices: Mapping[Symbol, Decimal],
    *,
    key: PortfolioKey,
    recorded: Collection[StrategyId],
    now: datetime,
) -> ClosedDay:
    """Mark the day at ``prices``; of strategies that are ``recorded`` on that day already, nothing is written.

    Raises
    ------
    MarketDataError
        A symbol in a sleeve or paper account has no price.
    """
    everyone = tuple(_strategy(day, name, prices, key, now) for name in sorted(day.book.strategies))
    portfolio, external_value = _portfolio(day, everyone, account, prices, key, now)
    strategies = tuple(each for each in everyone if each.strategy_id not in recorded)
    return ClosedDay(
        strategies=strategies,
        portfolio=portfolio,
        returns=tuple(
            DailyReturn(
                strategy=each.strategy_id, day=day.session.day, value=each.daily_return, is_virtual=each.is_virtual
            )
            for each in strategies
            if each.daily_return is not None
        ),
        closing=Closing(
            day=day.session.day,
            closes_at=day.session.closes_at,
            entries=day.entries,
            book=_next_day(day.book, prices, account.equity),
            pending=day.pending,
            equity=account.equity,
            cash=account.cash,
            external_value=external_value,
        ),
    )


def _strategy(
    day: OpenDay, name: StrategyId, prices: Mapping[Symbol, Decimal], key: PortfolioKey, now: datetime
) -> StrategyPerformanceSnapshot:
    book = day.book.strategies[name]
    scored, real = book.scored, book.real
    gained = scored.pnl(prices) - scored.mark.pnl
    return StrategyPerformanceSnapshot(
        tenant_id=key.tenant_id,
        uid=key.uid,
        strategy_id=name,
        period=Period.DAY,
        period_start=day.session.day,
        period_end=day.session.day,
        realized_pnl=scored.realised - scored.mark.realised,
        unrealized_pnl=scored.unrealised(prices),
        capital=book.capital,
        daily_return=float(gained / book.capital) if book.capital > 0 else None,
        computed_at=now,
        source=SOURCE,
        is_virtual=book.virtual is not None,
        pnl=gained,
        real_realized_pnl=real.realised - real.mark.realised,
        real_unrealized_pnl=real.unrealised(prices),
        real_pnl=real.pnl(prices) - real.mark.pnl,
        mode=book.mode.mode if book.mode else None,
        attribution=attribution(real, day.book.paper.get(name, {}), prices),
        closes_at=day.session.closes_at,
    )


def _portfolio(
    day: OpenDay,
    strategies: Sequence[StrategyPerformanceSnapshot],
    account: AccountAtClose,
    prices: Mapping[Symbol, Decimal],
    key: PortfolioKey,
    now: datetime,
) -> tuple[PortfolioPerformanceSnapshot, Decimal]:
    held = day.book.holdings()
    external_value = sum(
        (
            (account.positions.get(symbol, ZERO) - held.get(symbol, ZERO)) * prices[symbol]
            for symbol in {*account.positions, *held} & prices.keys()
        ),
        ZERO,
    )
    gained = sum((each.real_pnl for each in strategies), ZERO)
    before = day.last.equity
    external = residual = ZERO
    if before is not None:
        cash = (account.cash - day.last.cash) - (sleeve_cash(day.book) - sleeve_cash(day.last.book))
        external = external_value - day.last.external_value + cash
        residual = account.equity - before - gained - external
    snapshot = PortfolioPerformanceSnapshot(
        tenant_id=key.tenant_id,
        uid=key.uid,
        portfolio_id=key.portfolio_id,
        day=day.session.day,
        closes_at=day.session.closes_at,
        equity=account.equity,
        previous_equity=before,
        strategies=gained,
        external=external,
        residual=residual,
        computed_at=now,
    )
    return snapshot, external_value


def sleeve_cash(book: PortfolioBook) -> Decimal:
    """Return the cash that the real sleeves have taken in less what they paid out: realised − cost of open lots."""
    return sum((each.real.realised - each.real.cost() for each in book.strategies.values()), ZERO)


def _next_day(book: PortfolioBook, prices: Mapping[Symbol, Decimal], equity: Decimal) -> PortfolioBook:
    return replace(
        book,
        strategies={name: _marked(each, prices, equity * each.weight) for name, each in book.strategies.items()},
        paper={name: _marked_accounts(accounts, prices) for name, accounts in book.paper.items()},
    )


def _marked(book: StrategyBook, prices: Mapping[Symbol, Decimal], capital: Decimal) -> StrategyBook:
    virtual = book.virtual.marked_at(prices) if book.is_in_shadow and book.virtual is not None else None
    return replace(book, real=book.real.marked_at(prices), virtual=virtual, capital=capital)


def _marked_accounts(
    accounts: Mapping[Step, PaperAccount], prices: Mapping[Symbol, Decimal]
) -> dict[Step, PaperAccount]:
    return {step: account.marked_at(prices) for step, account in accounts.items()}
