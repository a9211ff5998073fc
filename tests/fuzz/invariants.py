"""What must hold after every step, whatever came before it.

Amounts are compared exactly where only sums and products are involved. Three things divide, and are allowed for:
an average price (cumulative value ÷ quantity, to the 28 digits of the context, or to the places that a venue rounds
it to: then to the cent), a lot after a split (to a billionth of a share each), and the parts of a pooled fee.
"""

from decimal import Decimal

from backend.domain.book import PortfolioBook
from backend.domain.closing import Closing
from backend.domain.journal import folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.reconciliation import owned
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from tests.fuzz.documents import Written
from tests.fuzz.ledger import CENT, OWNER, ROUNDING, ZERO
from tests.fuzz.market import local_day
from tests.fuzz.script import PORTFOLIOS, SYMBOLS, Close, Redeliver, Restart, Step, Tick
from tests.fuzz.world import World, key_of

DIGITS = Decimal("1e-12")  # what 28 significant digits leave of an account's amounts
DUST = Decimal("1e-7")  # shares: a billionth for every lot and split
DUST_VALUE = Decimal("0.001")  # what dust may be worth


class Check:
    """One world's invariants, checked after each of its steps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.written = Written(world)
        self.written.read()

    def __call__(self, step: Step) -> None:
        if isinstance(step, Tick | Redeliver | Close | Restart):  # nothing else writes
            self.written.read()
            self._orders_are_booked_once()
            self._account_is_what_portfolios_say()
            self._external_is_the_owners()
            self._shadow_stays_virtual()
            for portfolio in PORTFOLIOS:
                self._book_is_its_journal(portfolio)
                self._closed_days_add_up(portfolio)
        self._venue_is_respected()
        for portfolio, strategies in PORTFOLIOS.items():
            for strategy in strategies:
                self._ledger_is_sleeve(portfolio, strategy)
                self._sleeve_is_the_venues(portfolio, strategy)

    def _venue_is_respected(self) -> None:
        ledger = self.world.office.ledger
        assert not self.world.venue.breaches, self.world.venue.breaches
        for (owner, symbol), shares in ledger.shares.items():
            is_ours = owner not in (OWNER, ROUNDING)
            assert not is_ours or shares >= -self._dust, f"{owner} sold {-shares} {symbol} that are not its own"

    def _book_is_its_journal(self, portfolio: str) -> None:
        book, replayed = self.written.books[portfolio], self.written.replayed[portfolio]
        assert book.strategies == replayed.strategies
        assert book.paper == replayed.paper
        in_time = folded(PortfolioBook(), sorted(self.written.events[portfolio], key=lambda event: event.at))
        for name, each in book.strategies.items():
            assert in_time.of(name).real.holdings() == each.real.holdings(), (name, "in order of time")
            assert abs(cash_of(in_time.of(name).real) - cash_of(each.real)) <= DIGITS, (name, "in order of time")

    def _ledger_is_sleeve(self, portfolio: str, strategy: str) -> None:
        sleeve = sleeve_of(self.written.books[portfolio], strategy)
        trades = list(self.written.trades_of(strategy))
        for symbol in SYMBOLS:
            moved = sum((shares_of(each) for each in trades if each.symbol == symbol), ZERO)
            assert moved == quantity_of(sleeve, symbol), (strategy, symbol, moved, quantity_of(sleeve, symbol))
        paid = sum((cash_moved(each) for each in trades), ZERO)
        assert abs(paid - cash_of(sleeve)) <= DIGITS, (strategy, paid, cash_of(sleeve))
        assert sum((each.fees for each in trades), ZERO) == sleeve.fees

    def _sleeve_is_the_venues(self, portfolio: str, strategy: str) -> None:
        """Compare with what the venue executed, once all of it is booked."""
        if not self._is_up_to_date(portfolio) or self._has_unbooked(strategy):
            return
        ledger, sleeve = self.world.office.ledger, sleeve_of(self.written.books[portfolio], strategy)
        for symbol in SYMBOLS:
            found, expected = quantity_of(sleeve, symbol), ledger.shares[strategy, symbol]
            assert abs(found - expected) <= self._dust, (strategy, symbol, found, expected)
        expected = ledger.cash[strategy] + ledger.fees[strategy]
        assert abs(cash_of(sleeve) + sleeve.fees - expected) <= self._cents(strategy), (strategy, cash_of(sleeve))

    def _closed_days_add_up(self, portfolio: str) -> None:
        found = [each for each in self.written.portfolio_days.values() if each.portfolio_id == portfolio]
        days = sorted(found, key=lambda each: each.day)
        for before, each in zip([None, *days], days, strict=False):
            assert each.previous_equity == (before.equity if before else None)
            assert each.equity == self.world.office.equities[each.day]
            if each.previous_equity is not None:
                explained = each.strategies + each.external + each.residual
                assert abs(each.equity - each.previous_equity - explained) <= DIGITS, each
                assert abs(each.residual) <= CENT, each
        closing, _ = self.world.store.closing(key_of(portfolio))
        assert closing.day == (days[-1].day if days else None)
        gained = {each.day: ZERO for each in days}
        for strategy in PORTFOLIOS[portfolio]:
            own = [each for each in self.written.strategy_days.values() if each.strategy_id == strategy]
            for day in own:
                gained[day.period_start] += day.real_pnl
                assert day.attribution is not None
                assert abs(day.attribution.total - day.real_pnl) <= DIGITS, day
            total = sum((day.real_pnl for day in own), ZERO)
            assert abs(total - sleeve_of(closing.book, strategy).mark.pnl) <= DIGITS, strategy
            self._closing_is_the_venues(closing, portfolio, strategy)
        assert all(abs(gained[each.day] - each.strategies) <= DIGITS for each in days)

    def _closing_is_the_venues(self, closing: Closing, portfolio: str, strategy: str) -> None:
        """Compare the book as of a close with what the venue had executed by then."""
        if closing.closes_at is None or self._has_unbooked(strategy) or self.world.setup.restamps_expiries:
            return
        if self.written.books[portfolio].entries > closing.entries:
            return  # what was late is in the journal, and will be in the next closing
        sleeve = sleeve_of(closing.book, strategy)
        cash, shares = self.world.office.ledger.of(strategy, until=closing.closes_at)
        for symbol in SYMBOLS:
            assert abs(quantity_of(sleeve, symbol) - shares.get(symbol, ZERO)) <= self._dust, (strategy, symbol)
        assert abs(cash_of(sleeve) - cash) <= self._cents(strategy), (strategy, cash_of(sleeve), cash)

    def _orders_are_booked_once(self) -> None:
        booked: dict[str, Decimal] = {}
        for trade in self.written.trades.values():
            if trade.kind is TradeKind.FILL:
                booked[trade.order_id] = booked.get(trade.order_id, ZERO) + trade.qty
        for identifier, order in self.written.orders.items():
            assert booked.pop(identifier, ZERO) == order.booked_quantity, order
        assert not booked, booked
        unknown = self.world.venue.orders.keys() - self.written.orders.keys()
        assert not unknown, f"orders that nobody committed: {unknown}"

    def _account_is_what_portfolios_say(self) -> None:
        trading, books = self.written.trading, self.written.books
        assert trading.working.keys() == {order for book in books.values() for order in book.open_orders}
        for portfolio, held in trading.sleeves.items():
            assert held == books[portfolio].holdings()

    def _external_is_the_owners(self) -> None:
        """After a tick that decided, EXTERNAL is what the account's owner holds, wherever no order is under way."""
        is_fresh = any(not result.was_resumed for result in self.world.results)
        if not is_fresh or not all(map(self._is_up_to_date, PORTFOLIOS)):
            return
        ledger, trading = self.world.office.ledger, self.written.trading
        under_way = {order.symbol for order in trading.working.values()}
        for symbol in {Symbol(each) for each in SYMBOLS} - under_way:
            beyond = trading.external.get(symbol, ZERO)
            assert owned(trading).get(symbol, ZERO) + beyond == ledger.position(symbol), symbol
            assert abs(beyond - ledger.shares[OWNER, symbol]) <= self._dust, (symbol, beyond)

    def _shadow_stays_virtual(self) -> None:
        for result in self.world.results:
            if result.decision is None:
                continue
            shadows = {each.strategy for each in result.decision.strategies if each.mode is Mode.SHADOW_MODE}
            entered = {each.strategy for each in result.decision.intents if each.side is Side.BUY}
            entered |= {each.buyer for each in result.decision.crosses}
            assert not shadows & entered
            self.world.counts["virtual fills"] += len(result.decision.virtual_fills)

    def _is_up_to_date(self, portfolio: str) -> bool:
        """Say whether the portfolio has booked every action whose ex-day has begun."""
        through = self.written.books[portfolio].actions_through
        today = local_day(self.world.market.time)
        return not any(
            each.ex_day <= today and (through is None or each.ex_day > through) for each in self.world.market.actions
        )

    def _has_unbooked(self, strategy: str) -> bool:
        return any(
            order.filled != self.written.orders[identifier].booked_quantity
            for identifier, order in self.world.venue.orders.items()
            if order.intent.strategy == strategy
        )

    @property
    def _dust(self) -> Decimal:
        return DUST if self.world.counts["step Split"] else ZERO

    def _cents(self, strategy: str) -> Decimal:
        if self.world.setup.average_places is None:
            return DUST_VALUE if self.world.counts["step Split"] else DIGITS
        orders = sum(1 for order in self.world.venue.orders.values() if order.intent.strategy == strategy)
        return CENT * orders + DUST_VALUE


def sleeve_of(book: PortfolioBook, strategy: str) -> Sleeve:
    name = StrategyId(strategy)
    return book.strategies[name].real if name in book.strategies else Sleeve()


def quantity_of(sleeve: Sleeve, symbol: str) -> Decimal:
    return sum((lot.quantity for lot in sleeve.lots.get(Symbol(symbol), ())), ZERO)


def cash_of(sleeve: Sleeve) -> Decimal:
    """Return what a sleeve took in less what it paid: realised P&L − cost of its open lots."""
    cost = sum((lot.quantity * lot.price for lots in sleeve.lots.values() for lot in lots), ZERO)
    return sleeve.realised - cost


def shares_of(trade: LedgerTrade) -> Decimal:
    moves = trade.kind in (TradeKind.FILL, TradeKind.CROSS, TradeKind.SPLIT)
    return (trade.qty if trade.side is Side.BUY else -trade.qty) if moves else ZERO


def cash_moved(trade: LedgerTrade) -> Decimal:
    signed = trade.qty if trade.side is Side.BUY else -trade.qty
    match trade.kind:
        case TradeKind.FILL | TradeKind.CROSS:
            return -signed * trade.price - trade.fees
        case TradeKind.DIVIDEND:
            return signed * trade.price
        case _:
            return -trade.fees
