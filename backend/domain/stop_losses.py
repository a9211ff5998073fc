"""Stop-losses: positions that have fallen too far below what they cost, and what was stopped earlier today."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.breaker_limits import exact
from backend.domain.decision import DecisionInputs
from backend.domain.lots import total
from backend.domain.market import new_york_day
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """By strategy: what of the real and of the virtual sleeve is to be sold now, and what may not be bought today."""

    real: Mapping[StrategyId, Mapping[Symbol, str]]
    virtual: Mapping[StrategyId, Mapping[Symbol, str]]
    barred: Mapping[StrategyId, Mapping[Symbol, str]]


NO_STOPS = Stops(real={}, virtual={}, barred={})


def stop_losses(inputs: DecisionInputs, doubtful: Mapping[Symbol, str]) -> Stops:
    """Compare every long position with its average cost; a price that is in doubt or missing stops nothing."""
    threshold = inputs.policy.risk.stop_loss_threshold
    if threshold >= 1.0:
        return NO_STOPS
    level, today = exact(threshold), new_york_day(inputs.now)
    prices = {symbol: price for symbol, price in inputs.prices.items() if symbol not in doubtful}
    real: dict[StrategyId, Mapping[Symbol, str]] = {}
    virtual: dict[StrategyId, Mapping[Symbol, str]] = {}
    barred: dict[StrategyId, Mapping[Symbol, str]] = {}
    for name, book in inputs.book.strategies.items():
        fallen = _fallen(book.real, prices, level)
        on_paper = _fallen(book.traded, prices, level) if book.is_in_shadow else {}
        earlier = {
            symbol: "stop-loss: sold earlier today; not bought again before the next day"
            for symbol, at in book.stopped.items()
            if new_york_day(at) == today
        }
        if fallen:
            real[name] = fallen
        if on_paper:
            virtual[name] = on_paper
        if fallen or on_paper or earlier:
            barred[name] = {**earlier, **on_paper, **fallen}
    return Stops(real=real, virtual=virtual, barred=barred)


def _fallen(sleeve: Sleeve, prices: Mapping[Symbol, Decimal], level: Decimal) -> dict[Symbol, str]:
    found: dict[Symbol, str] = {}
    for symbol, lots in sorted(sleeve.lots.items()):
        quantity, price = total(lots), prices.get(symbol)
        cost = sum((lot.quantity * lot.price for lot in lots), Decimal(0))
        if price is None or quantity <= 0 or cost <= 0 or cost - quantity * price < level * cost:
            continue
        fall = 1 - quantity * price / cost
        found[symbol] = f"stop-loss: {symbol} at {price} is {fall:.1%} below its average cost; limit {level:.1%}"
    return found
