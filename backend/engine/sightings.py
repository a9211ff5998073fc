"""What the breakers are shown: one look at account and market, from what was read anyway.

Deposits and withdrawals are asked for only when the equity has moved by more than a hundredth since the last look: a
smaller one does not move any breaker's basis by more than that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.corporate_action import ActionKind
from backend.domain.guard import Guard
from backend.domain.journal import ActionTaken, Event
from backend.domain.market import MarketData, new_york_day
from backend.domain.order import ClientOrderId
from backend.domain.reconciliation import owned
from backend.domain.sighting import Sighting
from backend.domain.signal import StrategyId, Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.engine.bookkeeping import Standing
from backend.ports.statements import Statements

NOTABLE = Decimal("0.01")  # of the equity


class NoStatements:
    """``Statements`` of a broker whose books nobody reads: every change of equity is a gain or a loss."""

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        return {}

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was read of the market at one look."""

    at: datetime
    market: MarketData
    prices: Mapping[Symbol, Decimal]


def sighting(
    look: Look,
    account: Account,
    standing: Standing,
    *,
    failed: Collection[StrategyId],
    statements: Statements,
) -> Sighting:
    """Show one look to the breakers; ``standing`` is what account and books have come to."""
    trading = standing.trading
    return Sighting(
        at=look.at,
        equity=account.equity,
        prices=look.prices,
        closes=look.market.prices(),
        newest_bar=max((history.days[-1] for history in look.market.values()), default=None),
        held=frozenset(symbol for symbol, quantity in owned(trading).items() if quantity),
        failed=frozenset(failed),
        external=trading.external,
        missing_orders=missing_orders(standing),
        flows=flows(trading.guard, account, statements, look.at),
        splits=_splits(standing.events),
    )


def missing_orders(standing: Standing) -> frozenset[ClientOrderId]:
    """Return what the venue does not know: of the book's orders as it says now, of other portfolios' as last seen."""
    trading = standing.trading
    others = trading.guard.missing_orders & (trading.working.keys() - standing.book.open_orders.keys())
    return standing.missing | others


def flows(guard: Guard, account: Account, statements: Statements, now: datetime) -> Decimal:
    """Return deposits less withdrawals since the last accepted equity, where the equity has moved notably."""
    if guard.equity is None or guard.equity_at is None:
        return Decimal(0)
    if abs(account.equity - guard.equity) <= NOTABLE * abs(guard.equity):
        return Decimal(0)
    listed = statements.activities(new_york_day(guard.equity_at), new_york_day(now))
    moved = [each.cash for each in listed if each.kind is ActivityKind.TRANSFER and guard.equity_at < each.at <= now]
    return sum(moved, Decimal(0))


def _splits(events: Sequence[Event]) -> dict[Symbol, Decimal]:
    return {
        event.action.symbol: Decimal(event.action.new_shares) / Decimal(event.action.old_shares)
        for event in events
        if isinstance(event, ActionTaken) and event.action.kind is ActionKind.SPLIT
    }
