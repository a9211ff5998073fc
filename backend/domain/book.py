"""Where every strategy of a portfolio stands: modes, sleeves, and the orders that are not final yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from backend.domain.lease import Lease
from backend.domain.lots import ZERO
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId, OrderState
from backend.domain.paper import PaperAccount, Step
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import EMPTY_SLEEVE, Sleeve
from backend.domain.told import NOTHING_TOLD, LastTold
from backend.domain.weights import Rebalance

WHOLE = Decimal(1)  # base weight of a strategy whose allocations are fractions of the whole account


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyBook:
    """One strategy's standing: mode, real sleeve, virtual sleeve while in shadow, base weight, day's capital, and when
    stop-losses of that day sold what.

    The virtual sleeve starts as a copy of the real one at demotion. After promotion it is kept, untraded, until the
    day is closed (in the running book: until the next demotion), so that each day has exactly one return.
    """

    mode: ModeState | None = None
    real: Sleeve = EMPTY_SLEEVE
    virtual: Sleeve | None = None
    weight: Decimal = WHOLE
    capital: Decimal = ZERO
    stopped: Mapping[Symbol, datetime] = field(default_factory=dict)

    @property
    def is_in_shadow(self) -> bool:
        return self.mode is not None and self.mode.mode is Mode.SHADOW_MODE and self.virtual is not None

    @property
    def traded(self) -> Sleeve:
        """The sleeve that the strategy's signals act on, and that it is shown as its own."""
        return self.virtual if self.is_in_shadow and self.virtual is not None else self.real

    @property
    def scored(self) -> Sleeve:
        """The sleeve whose return goes on the record."""
        return self.real if self.virtual is None else self.virtual


EMPTY_STRATEGY_BOOK = StrategyBook()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioBook:
    """All strategies of one portfolio, and the orders of it that are not final yet.

    ``paper`` holds every strategy's paper accounts. ``entries`` counts the journal: the book is what its entries
    add up to. ``actions_through`` is the last ex-day whose corporate actions are booked, ``charged`` the broker's fees
    that are, by its id of them, with their day. ``account_id`` is the account whose shares the sleeves are.
    ``rebalance`` is the last one of the base weights. ``lease`` is the portfolio's own, as last committed, and
    ``told`` what its readers were told with the last decision: neither is an event of the journal.
    """

    strategies: Mapping[StrategyId, StrategyBook] = field(default_factory=dict)
    open_orders: Mapping[ClientOrderId, OrderState] = field(default_factory=dict)
    paper: Mapping[StrategyId, Mapping[Step, PaperAccount]] = field(default_factory=dict)
    entries: int = 0
    actions_through: date | None = None
    charged: Mapping[str, date] = field(default_factory=dict)
    account_id: str = ""
    rebalance: Rebalance | None = None
    lease: Lease | None = None
    told: LastTold = NOTHING_TOLD

    def of(self, strategy: StrategyId) -> StrategyBook:
        return self.strategies.get(strategy, EMPTY_STRATEGY_BOOK)

    def has_open_order(self, strategy: StrategyId, symbol: Symbol) -> bool:
        return any(
            order.intent.strategy == strategy and order.intent.symbol == symbol for order in self.open_orders.values()
        )

    def is_open(self, strategy: StrategyId) -> bool:
        """Say whether an order of the strategy is not final yet."""
        return any(order.intent.strategy == strategy for order in self.open_orders.values())

    def held(self) -> frozenset[Symbol]:
        """Return every symbol in any sleeve or paper account."""
        sleeves = [sleeve for each in self.strategies.values() for sleeve in (each.real, each.scored)]
        accounts = [account for each in self.paper.values() for account in each.values()]
        return frozenset(
            [symbol for sleeve in sleeves for symbol in sleeve.lots]
            + [symbol for account in accounts for symbol in account.quantities]
        )

    def holdings(self) -> dict[Symbol, Decimal]:
        """Return the signed quantity of every symbol that the real sleeves hold together."""
        held: dict[Symbol, Decimal] = {}
        for each in self.strategies.values():
            for symbol, quantity in each.real.holdings().items():
                held[symbol] = held.get(symbol, ZERO) + quantity
        return {symbol: quantity for symbol, quantity in held.items() if quantity}
