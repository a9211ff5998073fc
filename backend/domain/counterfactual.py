"""Trade the paper accounts: the same signals under fewer rules, at observed prices (see ``paper``)."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from backend.domain.book import PortfolioBook
from backend.domain.decision import Decision, DecisionInputs, StrategyDecision
from backend.domain.lots import SHARE_STEP
from backend.domain.mode import Mode
from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperAccount, PaperTrade, Step
from backend.domain.policy import OnDemotion
from backend.domain.signal import Action, StrategyId, Symbol

_REAL_STEPS = frozenset({Step.SCALED, Step.ALLOWED})  # accounts that hold what a demotion left behind


def paper_trades(
    inputs: DecisionInputs, decision: Decision, book: PortfolioBook
) -> dict[StrategyId, tuple[PaperTrade, ...]]:
    """Return what every strategy's paper accounts trade at this tick; strategies without a trade are left out.

    An account enters to its own target and exits whole, by the signal as the strategy gave it; only ``allowed``
    goes by what became of it. Nothing is rounded to cents, cut to limits, or charged.
    """
    if inputs.account is None:
        return {}
    neutral = inputs.policy.neutral_weight(
        {*inputs.failures, *(each.strategy for each in decision.strategies)}, inputs.now
    )
    found: dict[StrategyId, tuple[PaperTrade, ...]] = {}
    for each in decision.strategies:
        accounts = book.paper.get(each.strategy, {})
        if each.strategy not in inputs.liquidating and (
            each.mode is Mode.DISABLED or (each.signal.action is Action.HOLD and not _flattens(inputs, each, accounts))
        ):
            continue
        fractions = _targets(each, neutral)
        trades = [
            trade
            for step in Step
            for trade in _trades(inputs, each, step, accounts.get(step, EMPTY_PAPER_ACCOUNT), fractions[step])
        ]
        if trades:
            found[each.strategy] = tuple(trades)
    return found


def _targets(each: StrategyDecision, neutral: float) -> Mapping[Step, float]:
    weighted = each.signal.allocation * each.base_weight
    return {
        Step.NEUTRAL: each.signal.allocation * neutral,
        Step.WEIGHTED: weighted,
        Step.SCALED: weighted * each.multiplier,
        Step.ALLOWED: 0.0 if each.override_reason else weighted * each.multiplier,
    }


def _flattens(inputs: DecisionInputs, each: StrategyDecision, accounts: Mapping[Step, PaperAccount]) -> bool:
    is_leaving = each.mode is Mode.SHADOW_MODE and inputs.policy.on_demotion is OnDemotion.FLATTEN
    return is_leaving and any(accounts[step].quantities for step in _REAL_STEPS & accounts.keys())


def _trades(
    inputs: DecisionInputs, each: StrategyDecision, step: Step, account: PaperAccount, fraction: float
) -> list[PaperTrade]:
    if each.strategy in inputs.liquidating and step is Step.ALLOWED:
        return _exits(inputs, step, account, set(account.quantities))
    if each.mode is Mode.DISABLED:
        return []
    in_shadow = each.mode is Mode.SHADOW_MODE and step in _REAL_STEPS
    if in_shadow and inputs.policy.on_demotion is OnDemotion.HOLD:
        return []
    if each.signal.action is Action.BUY and not in_shadow:
        return _entry(inputs, each.signal.ticker, step, account, fraction)
    if (in_shadow and inputs.policy.on_demotion is OnDemotion.FLATTEN) or each.signal.action is Action.CLOSE_ALL:
        leaving = set(account.quantities)
    elif each.signal.action is Action.SELL and each.signal.ticker is not None:
        leaving = {each.signal.ticker} & account.quantities.keys()
    else:
        leaving = set()
    return _exits(inputs, step, account, leaving)


def _exits(inputs: DecisionInputs, step: Step, account: PaperAccount, leaving: set[Symbol]) -> list[PaperTrade]:
    return [
        PaperTrade(step=step, symbol=symbol, quantity=-account.quantity(symbol), price=inputs.prices[symbol])
        for symbol in sorted(leaving)
        if symbol in inputs.prices
    ]


def _entry(
    inputs: DecisionInputs, symbol: Symbol | None, step: Step, account: PaperAccount, fraction: float
) -> list[PaperTrade]:
    price = inputs.prices.get(symbol) if symbol is not None else None
    if symbol is None or not price or inputs.account is None:
        return []
    goal = inputs.account.equity * Decimal(repr(fraction))
    gap = goal - account.quantity(symbol) * price
    if gap < max(inputs.policy.min_order_notional, goal * Decimal(repr(inputs.policy.drift_band))):
        return []
    quantity = (gap / price).quantize(SHARE_STEP, rounding=ROUND_DOWN)
    return [PaperTrade(step=step, symbol=symbol, quantity=quantity, price=price)] if quantity > 0 else []
