"""Size: from target allocations to crosses, orders, virtual fills and the reasons for what was not ordered.

1. exit   – SELL leaves the strategy's whole position in one symbol, CLOSE_ALL in every symbol, never more than the
   account holds; a strategy in shadow leaves its real positions as ``on_demotion`` says; what an operator has ordered
   to be flattened is sold, whatever the mode and the state of trading; stop-losses and rebalances sell, too
   (``exits``);
2. enter  – an entry raises the strategy's position in one symbol to its target, at most to the limit of its size,
   and never trims it;
3. cross  – what one sells and another buys changes hands inside (``crossing``);
4. order  – what is left over: exits first, entries share the room: concentration, gross limit and unreserved buying
   power.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from backend.domain.crossing import Interest, crossed
from backend.domain.decision import DecisionInputs, StrategyDecision
from backend.domain.draft import Draft, Sized
from backend.domain.exits import held_symbols, is_trimming, leave, leave_real_positions, sell_out, stop_out, trim
from backend.domain.lots import SHARE
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.signal import Action, Symbol
from backend.domain.stop_losses import Stops
from backend.domain.trading_state import TradingState
from backend.domain.weights import Weights

CENT = Decimal("0.01")
MICRO_SHARE = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What this tick lets orders do: the state of trading, what is in doubt, stop-losses, and the weights."""

    state: TradingState
    doubt: str | None
    doubtful: Mapping[Symbol, str]
    stops: Stops
    weights: Weights


def size(inputs: DecisionInputs, decided: Iterable[StrategyDecision], bounds: Bounds) -> Sized:
    """Turn decisions into intents; nothing without an account, while HALTED only what an operator has sold.

    Nothing is filled virtually at a price that is in doubt.
    """
    if inputs.account is None:
        return Sized()
    draft = Draft.of(inputs, inputs.account, bounds.doubtful)
    is_halted = bounds.state is TradingState.HALTED
    has_stops = bool(bounds.stops.real or bounds.stops.virtual)
    trims = bounds.doubt is None and is_trimming(inputs, bounds.weights)  # a trim is sized by the equity
    sells: list[Interest] = []
    buys: list[Interest] = []
    for each in decided:
        if each.strategy in inputs.liquidating:
            sell_out(draft, each, sells)
        if each.mode is Mode.DISABLED or is_halted or each.strategy in inputs.liquidating:
            continue
        if each.action is Action.BUY:
            _enter(draft, each, buys)
        elif each.action is Action.SELL and each.signal.ticker is not None:
            leave(draft, each, [each.signal.ticker], sells)
        elif each.action is Action.CLOSE_ALL:
            leave(draft, each, held_symbols(inputs, each.strategy), sells)
        if each.mode is Mode.SHADOW_MODE and each.action is not Action.CLOSE_ALL:
            leave_real_positions(draft, each, sells)
        if has_stops:
            stop_out(draft, each, bounds.stops, sells)
        if trims:
            trim(draft, each, sells)
    if sells and buys:
        _cross(draft, sells, buys)
    for interest in sells:
        _sell(draft, interest)
    _buy_all(draft, buys)
    return draft.sized()


def _enter(draft: Draft, each: StrategyDecision, buys: list[Interest]) -> None:
    symbol = each.signal.ticker
    price = draft.inputs.prices.get(symbol) if symbol is not None else None
    if symbol is None or price is None:
        draft.deny(each, f"no price for {symbol}: expected one of the symbols that were loaded")
    elif each.mode is Mode.SHADOW_MODE:
        quantity = (_gap(draft, each, symbol, price) / price).quantize(MICRO_SHARE, rounding=ROUND_DOWN)
        if quantity > 0:
            draft.fill_virtually(each, symbol, Side.BUY, quantity)
    elif not draft.is_unsettled(each, symbol):
        asset = draft.inputs.assets.get(symbol)
        gap = _gap(draft, each, symbol, price)
        if gap > 0 and asset is not None and not asset.is_tradable:
            draft.deny(each, "the broker does not trade this asset")
        elif gap > 0:
            draft.decided[each.strategy] = each
            buys.append(Interest(each.strategy, symbol, money=gap))


def _gap(draft: Draft, each: StrategyDecision, symbol: Symbol, price: Decimal) -> Decimal:
    """Return the value to be bought to reach the target, 0 when it is reached.

    In shadow the virtual book trades what the strategy would have traded at full weight.
    """
    in_shadow = each.mode is Mode.SHADOW_MODE
    limit = draft.inputs.policy.risk.position_size_limit
    asked = each.signal.allocation * each.base_weight * (1.0 if in_shadow else each.multiplier)
    fraction = min(asked, limit) if in_shadow else each.final_allocation
    if asked > limit < 1.0:
        draft.deny(each, f"{asked:.1%} of equity in {symbol} is cut to the limit of a position, {limit:.1%}", symbol)
    book = draft.inputs.book.of(each.strategy)
    goal = draft.account.equity * Decimal(repr(fraction))
    gap = goal - (book.traded if in_shadow else book.real).quantity(symbol) * price
    return gap if gap >= max(draft.inputs.policy.min_order_notional, goal * draft.drift_band) else Decimal(0)


def _cross(draft: Draft, sells: Sequence[Interest], buys: Sequence[Interest]) -> None:
    crosses = crossed(
        sells,
        buys,
        draft.inputs.prices,
        whole={symbol for symbol, asset in draft.inputs.assets.items() if not asset.is_fractionable},
        run_id=draft.inputs.tick_id,
    )
    draft.crosses.extend(crosses)


def _sell(draft: Draft, interest: Interest) -> None:
    if interest.shares > 0:
        price = draft.inputs.prices.get(interest.symbol, Decimal(0))
        each = draft.decided[interest.strategy]
        draft.intend(each, interest.symbol, Side.SELL, quantity=interest.shares, price=price)


def _buy_all(draft: Draft, buys: Sequence[Interest]) -> None:
    """Order what is still wanted, scaled down together when it is more than there is room for."""
    smallest = draft.inputs.policy.min_order_notional
    _spread(draft, buys)
    wanted = [interest for interest in buys if interest.money >= smallest]
    asked = sum([interest.money for interest in wanted], Decimal(0))
    room = max(_room(draft), Decimal(0)) if wanted else Decimal(0)
    scale = room / asked if asked > room else Decimal(1)
    reason = f"entries ask for {asked:.2f}, room is {room:.2f}: scaled by {scale:.3f}" if scale < 1 else None
    for interest in wanted:
        each = draft.decided[interest.strategy]
        if reason is not None:
            draft.deny(each, reason)
        _buy(draft, each, interest.symbol, interest.money * scale)


def _spread(draft: Draft, buys: Sequence[Interest]) -> None:
    """Scale entries in one symbol down together to what all strategies may hold in it."""
    limit = draft.inputs.policy.risk.max_concentration
    if limit >= 1.0:
        return
    for symbol in sorted({interest.symbol for interest in buys}):
        asking = [interest for interest in buys if interest.symbol == symbol and interest.money > 0]
        asked = sum([interest.money for interest in asking], Decimal(0))
        position = draft.account.positions.get(symbol)
        held = abs(position.quantity) * position.price if position is not None else Decimal(0)
        under_way = draft.inputs.reserved_in.get(symbol, Decimal(0))
        room = max(draft.account.equity * Decimal(repr(limit)) - held - under_way, Decimal(0))
        if asked <= room:
            continue
        for interest in asking:
            reason = f"entries in {symbol} ask for {asked:.2f}, its limit of {limit:.1%} leaves {room:.2f}: cut to it"
            draft.deny(draft.decided[interest.strategy], reason, symbol)
            interest.money *= room / asked


def _room(draft: Draft) -> Decimal:
    account, policy = draft.account, draft.inputs.policy
    gross = sum((abs(p.quantity) * p.price for _, p in sorted(account.positions.items())), Decimal(0))
    limit = account.equity * Decimal(repr(policy.risk.gross_limit)) - gross
    return min(limit, account.buying_power) - draft.inputs.reserved


def _buy(draft: Draft, each: StrategyDecision, symbol: Symbol, value: Decimal) -> None:
    price, policy = draft.inputs.prices[symbol], draft.inputs.policy
    asset = draft.inputs.assets.get(symbol)
    if asset is None or asset.is_fractionable:
        notional = value.quantize(CENT, rounding=ROUND_DOWN)
        if notional < policy.min_order_notional:
            draft.deny(each, f"{notional} is below the smallest order of {policy.min_order_notional}")
            return
        draft.intend(each, symbol, Side.BUY, notional=notional, price=price, reserved=notional)
        return
    cost = price * (1 + policy.reserve_margin)
    quantity = (value / cost).quantize(SHARE, rounding=ROUND_DOWN)
    if quantity < 1:
        draft.deny(each, f"{value:.2f} does not buy one whole share at {price}, and fractions are not traded")
        return
    draft.intend(each, symbol, Side.BUY, quantity=quantity, price=price, reserved=quantity * cost)
