"""Sell what an operator has ordered to be sold, until the sleeves are empty.

The order stands in the trading document, so that every tick carries it out: whoever runs this only hurries it on. A
crash at any point loses nothing; run again, it goes on with what is left.

1. cancel the entries of these strategies that are under way (``withdrawal``);
2. run a tick in which nobody is asked, and the strategies' positions are sold;
3. reconcile until every exit has an end, and whatever of other portfolios may be in its way; again, while something
   is left that can be sold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.book import PortfolioBook
from backend.domain.command import Flatten, Obeyed
from backend.domain.errors import BrokerRefused, BrokerUnavailable, ConfigurationError
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.order import ClientOrderId, OrderState, Side
from backend.domain.signal import NOT_ASKED, StrategyId
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.tick import PlacedOrder, PortfolioKey, TickRequest
from backend.domain.trading_state import Trading
from backend.engine.control import command
from backend.engine.cycle import run_cycle
from backend.engine.leasing import NoLeases
from backend.engine.reconciling import Desk, reconcile
from backend.engine.withdrawal import Patience, Withdrawn, withdraw
from backend.ports.control import TradingControl
from backend.ports.strategies import IntradayBars

MOST_TICKS = 3  # a portfolio; what cannot be sold by then waits for its next scheduled tick


class Silence:
    """``Strategies`` of which none is asked: everyone in the book holds."""

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
        intraday: IntradayBars | None = None,
    ) -> Evaluation:
        return Evaluation(signals={StrategyId(name): NOT_ASKED for name in sorted(account_snapshot["sleeves"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """What flattening came to: ``left`` are the strategies, by portfolio, that still hold something."""

    withdrawn: Withdrawn
    exits: tuple[PlacedOrder, ...]
    left: Mapping[str, frozenset[StrategyId]]
    took: timedelta
    faults: tuple[str, ...]

    @property
    def is_flat(self) -> bool:
        return not self.left


def busy(book: PortfolioBook) -> frozenset[StrategyId]:
    """Return the strategies that hold something, or have an order under way."""
    return frozenset(name for name, each in book.strategies.items() if each.real.lots or book.is_open(name))


def wanted(
    books: Mapping[PortfolioKey, PortfolioBook], names: frozenset[StrategyId] | None
) -> dict[str, frozenset[StrategyId]]:
    """Return, by portfolio, the strategies to sell out that hold something or have an order under way.

    Raises
    ------
    ConfigurationError
        One of ``names`` (all when None) stands in no book.
    """
    known = {name for book in books.values() for name in book.strategies}
    unknown = sorted((names or frozenset()) - known)
    if unknown:
        raise ConfigurationError(
            f"strategy: expected one of {', '.join(sorted(known)) or 'none yet'}, found {', '.join(unknown)}; "
            "see maestro status"
        )
    found = {key.portfolio_id: busy(book) if names is None else busy(book) & names for key, book in books.items()}
    return {portfolio: each for portfolio, each in found.items() if each}


def ordered(
    order: Flatten,
    *,
    tenant_id: str,
    control: TradingControl,
    book_of: Callable[[PortfolioKey], PortfolioBook],
    now: Callable[[], datetime],
) -> Obeyed:
    """Give the order. Where it is for all, whoever entered before it was in force is added to it.

    No entry is committed after it, so the books that are read then show everybody.
    """
    done = command(order, tenant_id=tenant_id, control=control, now=now)
    pending = done.after.liquidation
    return completed(order, pending, tenant_id=tenant_id, control=control, book_of=book_of, now=now) or done


def completed(
    order: Flatten,
    pending: Mapping[str, frozenset[StrategyId]],
    *,
    tenant_id: str,
    control: TradingControl,
    book_of: Callable[[PortfolioKey], PortfolioBook],
    now: Callable[[], datetime],
) -> Obeyed | None:
    """Add to an order for all that is in force whoever is not among the ``pending``; None where nobody is left out."""
    if not order.is_all:
        return None
    late = {
        key.portfolio_id: names
        for key in control.portfolios(tenant_id)
        if (names := busy(book_of(key)) - pending.get(key.portfolio_id, frozenset()))
    }
    return command(replace(order, strategies=late), tenant_id=tenant_id, control=control, now=now) if late else None


def flatten(desks: Mapping[PortfolioKey, Desk], control: TradingControl, patience: Patience) -> Flattened:
    """Carry out what stands in the trading document of the desks' tenant.

    Raises
    ------
    StoreError, MarketDataError
        What was found could not be written down, or positions could not be priced; run it again.
    """
    began = patience.now()
    (tenant_id,) = {key.tenant_id for key in desks}
    standing, _ = control.trading(tenant_id)
    withdrawn = withdraw(desks, control, lambda key, order: _is_entry(key, order, standing), patience)
    exits: dict[ClientOrderId, None] = {}
    ticks: dict[PortfolioKey, int] = dict.fromkeys(desks, 0)
    while True:
        faults: list[str] = []
        for key, desk in desks.items():
            faults += _sell(key, desk, exits, ticks)
        left = control.trading(tenant_id)[0].liquidation
        took = patience.now() - began
        if not left or took >= patience.limit:
            orders = tuple(control.placed(tenant_id, list(exits)))
            return Flattened(withdrawn=withdrawn, exits=orders, left=left, took=took, faults=tuple(faults))
        patience.pause()


def _is_entry(key: PortfolioKey, order: OrderState, trading: Trading) -> bool:
    return order.intent.side is Side.BUY and order.intent.strategy in trading.liquidation.get(key.portfolio_id, ())


def _sell(key: PortfolioKey, desk: Desk, exits: dict[ClientOrderId, None], ticks: dict[PortfolioKey, int]) -> list[str]:
    """Bring one portfolio a step further; return what the broker did not do."""
    observed = desk.store.observe_book(key)
    pending = observed.trading.liquidation.get(key.portfolio_id, frozenset())
    is_in_the_way = bool(observed.trading.liquidation and observed.book.open_orders)  # of an exit elsewhere
    if not pending and not is_in_the_way:
        return []
    try:
        if pending and not any(observed.book.is_open(name) for name in pending) and ticks[key] < MOST_TICKS:
            # What is in its own sleeves a portfolio may always sell: a tick that enters nothing needs no lease.
            cycle = replace(desk.cycle, strategies=Silence(), narrator=None, leases=NoLeases(), is_ordered=True)
            result = run_cycle(TickRequest(key=key, scheduled_at=desk.cycle.clock.now()), cycle)
            if not result.was_resumed:  # else a tick of this very instant was there before
                ticks[key] += 1
                exits |= dict.fromkeys(order.intent.client_order_id for order in result.orders)
        reconcile(key, desk)
    except (BrokerUnavailable, BrokerRefused) as e:
        return [f"{key.portfolio_id}: {e}"]
    return []
