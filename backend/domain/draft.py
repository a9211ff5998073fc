"""A draft of what one decision will do at the venue, inside and on paper, while it is being sized."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.crossing import Cross
from backend.domain.decision import DecisionInputs, Denial, Stop, StrategyDecision, VirtualFill
from backend.domain.identity import agent_id, client_order_id
from backend.domain.lots import Fill
from backend.domain.order import OrderIntent, Side
from backend.domain.signal import StrategyId, Symbol

BASIS_POINT = Decimal("0.0001")
_OTHER_SIDE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    intents: tuple[OrderIntent, ...] = ()
    crosses: tuple[Cross, ...] = ()
    virtual_fills: tuple[VirtualFill, ...] = ()
    denials: tuple[Denial, ...] = ()
    stopped: tuple[Stop, ...] = ()


@dataclass(slots=True, kw_only=True)
class Draft:
    """Grows while decisions are worked through; money that every entry needs is converted once."""

    inputs: DecisionInputs
    account: Account
    sellable: dict[Symbol, Decimal]
    drift_band: Decimal
    paper_price: Mapping[Side, Decimal]  # virtual fill ÷ observed price
    paper_fee: Decimal  # ÷ value
    has_open_orders: bool
    doubtful: Mapping[Symbol, str]  # symbols whose price waits to be confirmed
    working: dict[Symbol, frozenset[Side]]  # sides of earlier orders, and of those drafted here
    decided: dict[StrategyId, StrategyDecision] = field(default_factory=dict)  # of those who want to trade
    intents: list[OrderIntent] = field(default_factory=list)
    crosses: list[Cross] = field(default_factory=list)
    virtual_fills: list[VirtualFill] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    stopped: list[Stop] = field(default_factory=list)
    offered: set[tuple[StrategyId, Symbol]] = field(default_factory=set)

    @classmethod
    def of(cls, inputs: DecisionInputs, account: Account, doubtful: Mapping[Symbol, str]) -> "Draft":
        slippage = inputs.policy.shadow_slippage_bps * BASIS_POINT
        return cls(
            inputs=inputs,
            account=account,
            sellable={symbol: position.quantity for symbol, position in account.positions.items()},
            drift_band=Decimal(repr(inputs.policy.drift_band)),
            paper_price={Side.BUY: 1 + slippage, Side.SELL: 1 - slippage},
            paper_fee=inputs.policy.shadow_fee_bps * BASIS_POINT,
            has_open_orders=bool(inputs.book.open_orders),
            doubtful=doubtful,
            working=dict(inputs.working),
        )

    def sized(self) -> Sized:
        return Sized(
            intents=tuple(self.intents),
            crosses=tuple(self.crosses),
            virtual_fills=tuple(self.virtual_fills),
            denials=tuple(self.denials),
            stopped=tuple(self.stopped),
        )

    def deny(self, each: StrategyDecision, reason: str, symbol: Symbol | None = None) -> None:
        self.denials.append(Denial(strategy=each.strategy, symbol=symbol or each.signal.ticker, reason=reason))

    def is_unsettled(self, each: StrategyDecision, symbol: Symbol) -> bool:
        """Doubt about an earlier order means no further one in the same symbol."""
        if not (self.has_open_orders and self.inputs.book.has_open_order(each.strategy, symbol)):
            return False
        self.deny(each, "an earlier order in this symbol is not settled yet", symbol)
        return True

    def intend(
        self,
        each: StrategyDecision,
        symbol: Symbol,
        side: Side,
        *,
        price: Decimal,
        quantity: Decimal | None = None,
        notional: Decimal | None = None,
        reserved: Decimal = Decimal(0),
    ) -> None:
        """Order something, unless the venue may hold an order on the other side of the symbol."""
        inputs, other = self.inputs, _OTHER_SIDE[side]
        sides = self.working.get(symbol, frozenset())
        if other in sides:
            self.deny(each, f"a {other} of {symbol} is not settled yet: never both sides of a symbol", symbol)
            return
        if side not in sides:
            self.working[symbol] = sides | {side}
        identifier = client_order_id(
            tenant_id=inputs.tenant_id,
            tick=inputs.tick_id,
            strategy=each.strategy,
            symbol=symbol,
            side=side,
            sequence=0,
        )
        self.intents.append(
            OrderIntent(
                client_order_id=identifier,
                strategy=each.strategy,
                symbol=symbol,
                side=side,
                quantity=quantity,
                notional=notional,
                reserved=reserved,
                observed_price=price,
                agent_id=agent_id(inputs.tenant_id, each.strategy),
                nonce=each.nonce,
            )
        )

    def fill_virtually(self, each: StrategyDecision, symbol: Symbol, side: Side, quantity: Decimal) -> None:
        observed = self.inputs.prices.get(symbol)
        if observed is None:
            self.deny(each, f"no price for {symbol}: the virtual book keeps it", symbol)
            return
        if symbol in self.doubtful:
            self.deny(each, f"price in doubt, the virtual book keeps it: {self.doubtful[symbol]}", symbol)
            return
        price = observed * self.paper_price[side]
        fill = Fill(
            symbol=symbol,
            side=side,
            quantity=quantity,
            price=price,
            fees=quantity * price * self.paper_fee,
            slippage=quantity * abs(price - observed),
        )
        self.virtual_fills.append(VirtualFill(strategy=each.strategy, fill=fill))
