"""Size: from target allocations to orders, virtual fills and the reasons for what was not ordered.

An entry raises the strategy's position in one symbol to its target and never trims it. An exit sells the
strategy's whole position (SELL: in one symbol, CLOSE_ALL: in every symbol), never more than the account holds.
Exits come first. Entries share the room that is left: gross limit and unreserved buying power.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from backend.domain.account import Account
from backend.domain.decision import DecisionInputs, Denial, StrategyDecision, VirtualFill
from backend.domain.identity import agent_id, client_order_id
from backend.domain.mode import Mode
from backend.domain.order import OrderIntent, Side
from backend.domain.signal import Action, StrategyId, Symbol
from backend.domain.sleeve import Fill
from backend.domain.trading_state import TradingState

CENT = Decimal("0.01")
SHARE = Decimal(1)
MICRO_SHARE = Decimal("0.000001")
BASIS_POINT = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    intents: tuple[OrderIntent, ...] = ()
    virtual_fills: tuple[VirtualFill, ...] = ()
    denials: tuple[Denial, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Grows while decisions are worked through; money that every entry needs is converted once."""

    inputs: DecisionInputs
    account: Account
    sellable: dict[Symbol, Decimal]
    drift_band: Decimal
    paper_price: Mapping[Side, Decimal]  # virtual fill ÷ observed price
    paper_fee: Decimal  # ÷ value
    has_open_orders: bool
    intents: list[OrderIntent] = field(default_factory=list)
    virtual_fills: list[VirtualFill] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)

    def deny(self, each: StrategyDecision, reason: str, symbol: Symbol | None = None) -> None:
        self.denials.append(Denial(strategy=each.strategy, symbol=symbol or each.signal.ticker, reason=reason))

    def is_unsettled(self, each: StrategyDecision, symbol: Symbol) -> bool:
        """Doubt about an earlier order means no further one in the same symbol."""
        if not (self.has_open_orders and self.inputs.book.has_open_order(each.strategy, symbol)):
            return False
        self.deny(each, "an earlier order in this symbol is not settled yet", symbol)
        return True


def size(inputs: DecisionInputs, decided: Iterable[StrategyDecision]) -> Sized:
    """Turn decisions into intents; nothing without an account, nothing while HALTED."""
    account = inputs.account
    if account is None or inputs.trading_state is TradingState.HALTED:
        return Sized()
    sellable = {symbol: position.quantity for symbol, position in account.positions.items()}
    slippage = inputs.policy.shadow_slippage_bps * BASIS_POINT
    draft = _Draft(
        inputs=inputs,
        account=account,
        sellable=sellable,
        drift_band=Decimal(repr(inputs.policy.drift_band)),
        paper_price={Side.BUY: 1 + slippage, Side.SELL: 1 - slippage},
        paper_fee=inputs.policy.shadow_fee_bps * BASIS_POINT,
        has_open_orders=bool(inputs.book.open_orders),
    )
    entries = []
    for each in decided:
        if each.mode is Mode.DISABLED:
            continue
        if each.action is Action.BUY:
            entries.append(each)
        elif each.action is Action.SELL and each.signal.ticker is not None:
            _exit(draft, each, [each.signal.ticker])
        elif each.action is Action.CLOSE_ALL:
            _exit(draft, each, _held(inputs, each.strategy))
        if each.mode is Mode.SHADOW_MODE and each.action is not Action.CLOSE_ALL:
            _exit_left_behind(draft, each)
    _enter(draft, entries)
    return Sized(intents=tuple(draft.intents), virtual_fills=tuple(draft.virtual_fills), denials=tuple(draft.denials))


def _held(inputs: DecisionInputs, strategy: StrategyId) -> list[Symbol]:
    book = inputs.book.of(strategy)
    return sorted({*book.real.lots, *book.traded.lots})


def _exit(draft: _Draft, each: StrategyDecision, symbols: Iterable[Symbol]) -> None:
    book = draft.inputs.book.of(each.strategy)
    for symbol in symbols:
        _sell(draft, each, symbol, book.real.quantity(symbol))
        if each.mode is Mode.SHADOW_MODE:
            paper = book.traded.quantity(symbol)
            if paper > 0:
                _fill_virtually(draft, each, symbol, Side.SELL, paper)


def _exit_left_behind(draft: _Draft, each: StrategyDecision) -> None:
    """Carry out real exits that the virtual book has already made but an unsettled order held up."""
    book = draft.inputs.book.of(each.strategy)
    if not (book.real.lots and book.is_in_shadow):
        return
    traded_now = each.signal.ticker if each.action in (Action.BUY, Action.SELL) else None
    for symbol in sorted(book.real.lots):
        if symbol not in book.traded.lots and symbol != traded_now:
            _sell(draft, each, symbol, book.real.quantity(symbol))


def _sell(draft: _Draft, each: StrategyDecision, symbol: Symbol, held: Decimal) -> None:
    if held <= 0 or draft.is_unsettled(each, symbol):
        return
    quantity = min(held, draft.sellable.get(symbol, Decimal(0)))
    if quantity < held:
        draft.deny(each, f"sleeve holds {held}, the account only {quantity}; selling what is there", symbol)
    if quantity > 0:
        draft.sellable[symbol] -= quantity
        price = draft.inputs.prices.get(symbol, Decimal(0))
        _intend(draft, each, symbol, Side.SELL, quantity=quantity, price=price)


def _enter(draft: _Draft, entries: Iterable[StrategyDecision]) -> None:
    wanted: list[tuple[StrategyDecision, Symbol, Decimal, Decimal]] = []
    asked = Decimal(0)
    for each in entries:
        symbol = each.signal.ticker
        price = draft.inputs.prices.get(symbol) if symbol is not None else None
        if symbol is None or price is None:
            draft.deny(each, f"no price for {symbol}: expected one of the symbols that were loaded")
        elif each.mode is Mode.SHADOW_MODE:
            quantity = (_gap(draft, each, symbol, price) / price).quantize(MICRO_SHARE, rounding=ROUND_DOWN)
            if quantity > 0:
                _fill_virtually(draft, each, symbol, Side.BUY, quantity)
        elif not draft.is_unsettled(each, symbol):
            gap = _gap(draft, each, symbol, price)
            if gap > 0:
                wanted.append((each, symbol, price, gap))
                asked += gap
    room = max(_room(draft), Decimal(0))
    scale = room / asked if asked > room else Decimal(1)
    reason = f"entries ask for {asked:.2f}, room is {room:.2f}: scaled by {scale:.3f}" if scale < 1 else None
    for each, symbol, price, gap in wanted:
        if reason is not None:
            draft.deny(each, reason)
        _buy(draft, each, symbol, gap * scale, price)


def _gap(draft: _Draft, each: StrategyDecision, symbol: Symbol, price: Decimal) -> Decimal:
    """Return the value to be bought to reach the target, 0 when it is reached.

    In shadow the virtual book trades what the strategy would have traded at full weight.
    """
    in_shadow = each.mode is Mode.SHADOW_MODE
    fraction = each.signal.allocation * each.base_weight if in_shadow else each.final_allocation
    book = draft.inputs.book.of(each.strategy)
    goal = draft.account.equity * Decimal(repr(fraction))
    gap = goal - (book.traded if in_shadow else book.real).quantity(symbol) * price
    return gap if gap >= max(draft.inputs.policy.min_order_notional, goal * draft.drift_band) else Decimal(0)


def _room(draft: _Draft) -> Decimal:
    account, policy = draft.account, draft.inputs.policy
    gross = sum((abs(p.quantity) * p.price for p in account.positions.values()), Decimal(0))
    limit = account.equity * Decimal(repr(policy.gross_limit)) - gross
    return min(limit, account.buying_power) - draft.inputs.reserved


def _buy(draft: _Draft, each: StrategyDecision, symbol: Symbol, value: Decimal, price: Decimal) -> None:
    policy = draft.inputs.policy
    asset = draft.inputs.assets.get(symbol)
    if asset is not None and not asset.is_tradable:
        draft.deny(each, "the broker does not trade this asset")
        return
    if asset is None or asset.is_fractionable:
        notional = value.quantize(CENT, rounding=ROUND_DOWN)
        if notional < policy.min_order_notional:
            draft.deny(each, f"{notional} is below the smallest order of {policy.min_order_notional}")
            return
        _intend(draft, each, symbol, Side.BUY, notional=notional, price=price, reserved=notional)
        return
    cost = price * (1 + policy.reserve_margin)
    quantity = (value / cost).quantize(SHARE, rounding=ROUND_DOWN)
    if quantity < 1:
        draft.deny(each, f"{value:.2f} does not buy one whole share at {price}, and fractions are not traded")
        return
    _intend(draft, each, symbol, Side.BUY, quantity=quantity, price=price, reserved=quantity * cost)


def _intend(
    draft: _Draft,
    each: StrategyDecision,
    symbol: Symbol,
    side: Side,
    *,
    price: Decimal,
    quantity: Decimal | None = None,
    notional: Decimal | None = None,
    reserved: Decimal = Decimal(0),
) -> None:
    inputs = draft.inputs
    identifier = client_order_id(
        tenant_id=inputs.tenant_id,
        tick=inputs.tick_id,
        strategy=each.strategy,
        symbol=symbol,
        side=side,
        sequence=0,
    )
    draft.intents.append(
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


def _fill_virtually(draft: _Draft, each: StrategyDecision, symbol: Symbol, side: Side, quantity: Decimal) -> None:
    observed = draft.inputs.prices.get(symbol)
    if observed is None:
        draft.deny(each, f"no price for {symbol}: the virtual book keeps it", symbol)
        return
    price = observed * draft.paper_price[side]
    fees = quantity * price * draft.paper_fee
    fill = Fill(symbol=symbol, side=side, quantity=quantity, price=price, fees=fees)
    draft.virtual_fills.append(VirtualFill(strategy=each.strategy, fill=fill))
