"""Entries that adjust what fills left: corporate actions, and fees that the broker books apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from backend.domain.book import PortfolioBook
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.journal import ActionTaken, Event, FeeCharged, Filled, folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.lots import ZERO
from backend.domain.market import start_of
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.domain.tick import PortfolioKey

_FEE_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Events for the journal with their entries for the ledger."""

    events: tuple[Event, ...] = ()
    trades: tuple[LedgerTrade, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose ledger, and which run or job makes the entry."""

    key: PortfolioKey
    account_id: str
    run_id: str

    def trade(
        self,
        *,
        trade_id: str,
        kind: TradeKind,
        strategy: StrategyId,
        symbol: Symbol,
        quantity: Decimal,
        at: datetime,
        price: Decimal = ZERO,
        fees: Decimal = ZERO,
    ) -> LedgerTrade:
        """Make an entry of a signed quantity."""
        return LedgerTrade(
            trade_id=trade_id,
            tenant_id=self.key.tenant_id,
            uid=self.key.uid,
            strategy_id=strategy,
            run_id=self.run_id,
            symbol=symbol,
            side=Side.SELL if quantity < 0 else Side.BUY,
            qty=abs(quantity),
            price=price,
            ts=at,
            order_id=ClientOrderId(""),
            fees=fees,
            account_id=self.account_id,
            kind=kind,
        )


def action_adjustment(book: PortfolioBook, action: CorporateAction, origin: Origin) -> Adjustment:
    """Book a corporate action on everything held of its symbol, from the start of its ex-day in New York."""
    taken = ActionTaken(at=start_of(action.ex_day).astimezone(UTC), action=action)
    after = folded(book, [taken])
    trades = []
    for name, each in sorted(book.strategies.items()):
        held = each.real.quantity(action.symbol)
        if not held:
            continue
        is_split = action.kind is ActionKind.SPLIT
        trades.append(
            origin.trade(
                trade_id=f"{action.action_id}-{origin.key.portfolio_id}-{name}",
                kind=TradeKind.SPLIT if is_split else TradeKind.DIVIDEND,
                strategy=name,
                symbol=action.symbol,
                quantity=after.of(name).real.quantity(action.symbol) - held if is_split else held,
                price=action.per_share,
                at=taken.at,
            )
        )
    return Adjustment(events=(taken,), trades=tuple(trades))


def fee_adjustment(
    fee: Activity, activities: Sequence[Activity], fills: Iterable[Filled], origin: Origin
) -> Adjustment:
    """Charge a fee to the strategies whose fills it is for.

    It goes to the strategy of its order, where it names one; else by traded value, in its symbol where it names one,
    among our fills and the account's others of the fee's day. What falls to others' fills stays EXTERNAL.
    """
    shares = _shares(fee, activities, fills)
    amount = -fee.cash
    events, trades = [], []
    for name, part in sorted(shares.items()):
        charged = (amount * part).quantize(_FEE_STEP, rounding=ROUND_HALF_EVEN)
        if not charged:
            continue
        trade_id = f"fee-{fee.activity_id}-{origin.key.portfolio_id}-{name}"
        events.append(FeeCharged(at=fee.at, strategy=name, amount=charged, trade_id=trade_id))
        trades.append(
            origin.trade(
                trade_id=trade_id,
                kind=TradeKind.FEE,
                strategy=name,
                symbol=fee.symbol or Symbol(""),
                quantity=ZERO,
                fees=charged,
                at=fee.at,
            )
        )
    return Adjustment(events=tuple(events), trades=tuple(trades))


def _shares(fee: Activity, activities: Sequence[Activity], fills: Iterable[Filled]) -> Mapping[StrategyId, Decimal]:
    """Return each strategy's part of a fee; they add up to 1 where all fills are ours."""
    ours = [each for each in fills if not each.is_cross and each.order_id]
    if fee.order_id:
        owners = {each.strategy for each in ours if each.order_id == fee.order_id}
        return dict.fromkeys(owners, Decimal(1))
    owner = {each.order_id: each.strategy for each in ours}
    total = ZERO
    value: dict[StrategyId, Decimal] = {}
    for each in activities:
        is_of_it = each.trading_day == fee.trading_day and fee.symbol in (None, each.symbol)
        if each.kind is not ActivityKind.FILL or not is_of_it:
            continue
        total += abs(each.cash)
        if each.order_id in owner:
            strategy = owner[each.order_id]
            value[strategy] = value.get(strategy, ZERO) + abs(each.cash)
    return {name: part / total for name, part in value.items()} if total else {}
