"""Tell what Maestro holds from what the account holds besides: Σ sleeves + EXTERNAL = broker position."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.book import PortfolioBook
from backend.domain.lots import ZERO
from backend.domain.signal import Symbol
from backend.domain.trading_state import Trading

EXTERNAL = "EXTERNAL"


def owned(trading: Trading) -> dict[Symbol, Decimal]:
    """Return what the sleeves of all portfolios hold together."""
    held: dict[Symbol, Decimal] = {}
    for holdings in trading.sleeves.values():
        for symbol, quantity in holdings.items():
            held[symbol] = held.get(symbol, ZERO) + quantity
    return held


def external(positions: Mapping[Symbol, Decimal], held: Mapping[Symbol, Decimal]) -> dict[Symbol, Decimal]:
    """Return position − sleeves for every symbol where they differ; negative where the account holds less."""
    symbols = {*positions, *held}
    beyond = {symbol: positions.get(symbol, ZERO) - held.get(symbol, ZERO) for symbol in sorted(symbols)}
    return {symbol: quantity for symbol, quantity in beyond.items() if quantity}


def with_holdings(trading: Trading, book: PortfolioBook, portfolio_id: str) -> Trading:
    """Note what the portfolio's sleeves hold now, and which strategies are still to be sold out."""
    unsold = frozenset(
        name for name in trading.liquidation.get(portfolio_id, ()) if book.of(name).real.lots or book.is_open(name)
    )
    others = {name: each for name, each in trading.liquidation.items() if name != portfolio_id}
    return replace(
        trading,
        sleeves={**trading.sleeves, portfolio_id: book.holdings()},
        liquidation={**others, portfolio_id: unsold} if unsold else others,
    )


def reconciled(trading: Trading, book: PortfolioBook, portfolio_id: str, account: Account) -> Trading:
    """Note what the portfolio's sleeves hold now, and what the account holds beyond all sleeves.

    A symbol with an order under way is left as it was: a fill of it may be at the broker but not in a sleeve yet.
    """
    trading = with_holdings(trading, book, portfolio_id)
    positions = {symbol: position.quantity for symbol, position in account.positions.items()}
    beyond = external(positions, owned(trading))
    for symbol in {order.symbol for order in trading.working.values()}:
        beyond.pop(symbol, None)
        if symbol in trading.external:
            beyond[symbol] = trading.external[symbol]
    return replace(trading, external=dict(sorted(beyond.items())))
