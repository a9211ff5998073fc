"""Exits: what strategies leave by their own signals, and what is sold for them.

Never more is sold than a sleeve and the account hold, and no symbol of a strategy is offered twice in one tick.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.domain.crossing import Interest
from backend.domain.decision import DecisionInputs, Stop, StrategyDecision
from backend.domain.draft import Draft
from backend.domain.lots import SHARE
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.policy import OnDemotion
from backend.domain.signal import Action, StrategyId, Symbol
from backend.domain.stop_losses import Stops
from backend.domain.weights import Weights

MICRO_SHARE = Decimal("0.000001")


def held_symbols(inputs: DecisionInputs, strategy: StrategyId) -> list[Symbol]:
    book = inputs.book.of(strategy)
    return sorted({*book.real.lots, *book.traded.lots})


def sell_out(draft: Draft, each: StrategyDecision, sells: list[Interest]) -> None:
    """Offer every real position; the virtual book goes on by the strategy's own signals."""
    for symbol in sorted(draft.inputs.book.of(each.strategy).real.lots):
        offer(draft, each, symbol, sells)


def leave(draft: Draft, each: StrategyDecision, symbols: Iterable[Symbol], sells: list[Interest]) -> None:
    book = draft.inputs.book.of(each.strategy)
    in_shadow = each.mode is Mode.SHADOW_MODE
    for symbol in symbols:
        if not (in_shadow and draft.inputs.policy.on_demotion is OnDemotion.HOLD):
            offer(draft, each, symbol, sells)
        if in_shadow:
            paper = book.traded.quantity(symbol)
            if paper > 0:
                draft.fill_virtually(each, symbol, Side.SELL, paper)


def leave_real_positions(draft: Draft, each: StrategyDecision, sells: list[Interest]) -> None:
    """Flatten on demotion, or carry out real exits that the virtual book has made but an unsettled order held up."""
    book, on_demotion = draft.inputs.book.of(each.strategy), draft.inputs.policy.on_demotion
    if not book.real.lots or on_demotion is OnDemotion.HOLD:
        return
    sold = each.signal.ticker if each.action is Action.SELL else None
    bought = each.signal.ticker if each.action is Action.BUY else None
    for symbol in sorted(book.real.lots):
        is_left_behind = book.is_in_shadow and symbol not in book.traded.lots and symbol != bought
        if symbol != sold and (on_demotion is OnDemotion.FLATTEN or is_left_behind):
            offer(draft, each, symbol, sells)


def stop_out(draft: Draft, each: StrategyDecision, stops: Stops, sells: list[Interest]) -> None:
    """Sell what has fallen below its stop, whatever the strategy says of it."""
    for symbol, reason in stops.real.get(each.strategy, {}).items():
        if offer(draft, each, symbol, sells):
            draft.stopped.append(Stop(strategy=each.strategy, symbol=symbol, reason=reason))
    if each.mode is not Mode.SHADOW_MODE:
        return  # promoted at this tick: the virtual sleeve is traded no more
    for symbol, reason in stops.virtual.get(each.strategy, {}).items():
        is_leaving = each.action is Action.CLOSE_ALL or (each.action is Action.SELL and each.signal.ticker == symbol)
        if not is_leaving:
            draft.fill_virtually(each, symbol, Side.SELL, draft.inputs.book.of(each.strategy).traded.quantity(symbol))
            draft.stopped.append(Stop(strategy=each.strategy, symbol=symbol, reason=reason))


def is_trimming(inputs: DecisionInputs, weights: Weights) -> bool:
    """Say whether sleeves are compared with weights: after a rebalance, and at every tick where it goes by drift."""
    policy = inputs.policy.allocation
    by_drift = policy.rebalance is RebalanceFrequency.DRIFT and policy.method is not AllocationMethod.FULL
    return weights.rebalance is not None or by_drift


def trim(draft: Draft, each: StrategyDecision, sells: list[Interest]) -> None:
    """Sell what a sleeve will hold beyond its weight, when that is more than the drift.

    What it buys or leaves at this tick does not count.
    """
    if each.mode in (Mode.SHADOW_MODE, Mode.DISABLED):
        return
    policy = draft.inputs.policy.allocation
    prices, equity = draft.inputs.prices, draft.account.equity
    bought = each.signal.ticker if each.action is Action.BUY else None
    held = {
        symbol: quantity
        for symbol, quantity in draft.inputs.book.of(each.strategy).real.holdings().items()
        if quantity > 0
        and symbol in prices
        and symbol not in (bought, *draft.doubtful)
        and (each.strategy, symbol) not in draft.offered
    }
    worth = sum((quantity * prices[symbol] for symbol, quantity in sorted(held.items())), Decimal(0))
    share = Decimal(repr(each.base_weight))
    if equity <= 0 or worth <= equity * (share + Decimal(repr(policy.drift))):
        return
    beyond = worth - equity * share
    for symbol in sorted(held):
        asset = draft.inputs.assets.get(symbol)
        step = MICRO_SHARE if asset is None or asset.is_fractionable else SHARE
        quantity = (held[symbol] * beyond / worth).quantize(step, rounding=ROUND_DOWN)
        if quantity > 0 and offer(draft, each, symbol, sells, quantity):
            reason = (
                f"rebalance: {worth:.2f} held, weight {each.base_weight:.1%} of {equity:.2f}; selling {quantity} of it"
            )
            draft.deny(each, reason, symbol)


def offer(
    draft: Draft, each: StrategyDecision, symbol: Symbol, sells: list[Interest], at_most: Decimal | None = None
) -> bool:
    """Offer a real position, all of it unless ``at_most`` is less; say whether anything is offered."""
    held = draft.inputs.book.of(each.strategy).real.quantity(symbol)
    if held <= 0 or (each.strategy, symbol) in draft.offered or draft.is_unsettled(each, symbol):
        return False
    wanted = held if at_most is None else min(at_most, held)
    quantity = min(wanted, draft.sellable.get(symbol, Decimal(0)))
    if quantity < wanted:
        draft.deny(each, f"sleeve holds {held}, the account only {quantity}; selling what is there", symbol)
    if quantity <= 0:
        return False
    draft.offered.add((each.strategy, symbol))
    draft.sellable[symbol] -= quantity
    draft.decided[each.strategy] = each
    sells.append(Interest(each.strategy, symbol, shares=quantity))
    return True
