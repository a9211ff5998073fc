"""What holds of base weights and risk limits, whatever the inputs.

That a limit raises no order is true of each entry by itself. Where entries compete for the gross limit or for buying
power, what a limit takes from one is room for the others, up to their own targets. So the comparison is made where
there is room for all.
"""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.canonical import canonical_json
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Action, StrategyId, Symbol
from tests.unit.domain.allocation_inputs import committed
from tests.unit.domain.drawn_inputs import inputs, meetings, quick, risks

many = settings(quick, max_examples=150)
ROUNDING = 1e-9
PLENTY = Decimal(10**9)

Key = tuple[StrategyId, Symbol]


@many
@given(inputs())
def test_weights_are_parts_that_add_up_to_one_at_most(given_inputs: DecisionInputs) -> None:
    weights = decide(given_inputs).weights
    assert all(0.0 <= weight <= 1.0 for weight in weights.by_strategy.values())
    if weights.rebalance is not None:
        assert weights.method is not AllocationMethod.FULL
        given_weights = weights.rebalance.weights
        assert sum(given_weights.values()) <= 1.0 + ROUNDING
        assert abs(sum(given_weights.values()) + weights.cash - 1.0) <= ROUNDING
        assert not given_weights.keys() & given_inputs.policy.disabled_names(given_inputs.now)
        assert 0.0 <= weights.turnover <= 1.0 + ROUNDING


@many
@given(inputs())
def test_weights_keep_every_cap(given_inputs: DecisionInputs) -> None:
    policy, weights = given_inputs.policy.allocation, decide(given_inputs).weights
    enabled = {
        n: w for n, w in weights.by_strategy.items() if n not in given_inputs.policy.disabled_names(given_inputs.now)
    }
    found = (
        enabled if policy.method is AllocationMethod.FULL else (weights.rebalance and weights.rebalance.weights) or {}
    )
    for name, weight in found.items():
        assert weight <= policy.caps.get(name, 1.0) + ROUNDING
        assert weight <= max(policy.max_weight, policy.base_weights.get(name, 0.0)) + ROUNDING
    for group, members in policy.groups.items():
        assert sum(weight for name, weight in found.items() if name in members) <= policy.caps.get(group, 9) + ROUNDING


@many
@given(inputs())
def test_weights_stand_in_the_next_tick(given_inputs: DecisionInputs) -> None:
    first = decide(given_inputs)
    again = replace(given_inputs, book=committed(given_inputs, first), is_rebalance_ordered=False)
    second = decide(again)
    assert canonical_json(second.weights.by_strategy) == canonical_json(
        {**second.weights.by_strategy, **first.weights.by_strategy}
    )
    assert second.weights.rebalance is None


def bought(decision: Decision) -> dict[Key, Decimal]:
    """What each entry buys, at the venue and inside."""
    found: dict[Key, Decimal] = {}
    for intent in decision.intents:
        if intent.side is Side.BUY:
            spent = intent.notional if intent.notional is not None else (intent.quantity or 0) * intent.observed_price
            found[intent.strategy, intent.symbol] = spent
    for cross in decision.crosses:
        key = cross.buyer, cross.symbol
        found[key] = found.get(key, Decimal(0)) + cross.quantity * cross.price
    return found


@many
@given(inputs() | meetings())
def test_entry_never_exceeds_its_target_or_a_limit(given_inputs: DecisionInputs) -> None:
    decision, risk, account = decide(given_inputs), given_inputs.policy.risk, given_inputs.account
    if account is None:
        return
    decided = {each.strategy: each for each in decision.strategies}
    together: dict[Symbol, Decimal] = {}
    for (name, symbol), value in bought(decision).items():
        held = given_inputs.book.of(name).real.quantity(symbol) * given_inputs.prices[symbol]
        each = decided[name]
        target = min(each.signal.allocation * each.base_weight * each.multiplier, risk.position_size_limit)
        assert held + value <= account.equity * Decimal(target) * (1 + Decimal("1e-9"))
    for intent in decision.intents:
        if intent.side is Side.BUY:
            together[intent.symbol] = together.get(intent.symbol, Decimal(0)) + intent.reserved
    for symbol, value in together.items():
        position = account.positions.get(symbol)
        held = abs(position.quantity) * position.price if position else Decimal(0)
        limit = account.equity * Decimal(repr(risk.max_concentration))
        under_way = given_inputs.reserved_in.get(symbol, Decimal(0))
        assert risk.max_concentration == 1.0 or held + under_way + value <= limit * (1 + Decimal("1e-9"))


def with_room(given_inputs: DecisionInputs, risk: RiskLimits) -> DecisionInputs:
    """Room for all; the breakers look at nothing that depends on limits."""
    account = given_inputs.account
    roomy = account and replace(account, buying_power=PLENTY)
    return replace(
        given_inputs,
        policy=replace(given_inputs.policy, risk=risk, breakers=BreakerLimits()),
        signals={n: replace(s, allocation=s.allocation / 10) for n, s in given_inputs.signals.items()},
        account=roomy and replace(roomy, positions={}),
        reserved=Decimal(0),
    )


@many
@given(inputs(), risks())
def test_limit_raises_no_entry_and_adds_none(given_inputs: DecisionInputs, risk: RiskLimits) -> None:
    gross = RiskLimits(gross_limit=4)
    free = bought(decide(with_room(given_inputs, gross)))
    limited = bought(decide(with_room(given_inputs, replace(risk, gross_limit=4))))
    assert limited.keys() <= free.keys()
    assert all(value <= free[key] for key, value in limited.items())


@many
@given(inputs() | meetings(), risks())
def test_limit_holds_no_exit_back(given_inputs: DecisionInputs, risk: RiskLimits) -> None:
    def left(decision: Decision) -> dict[Key, Decimal]:
        found: dict[Key, Decimal] = {}
        for intent in decision.intents:
            if intent.side is Side.SELL and intent.quantity is not None:
                found[intent.strategy, intent.symbol] = intent.quantity
        for cross in decision.crosses:
            key = cross.seller, cross.symbol
            found[key] = found.get(key, Decimal(0)) + cross.quantity
        return found

    # Nothing of the other side is under way, which would hold up any exit; no trips, no sleeve beyond its weight.
    policy = replace(given_inputs.policy, breakers=BreakerLimits(emergency_stops=frozenset()))
    calm = replace(given_inputs, working={}, sighting=None)
    free = decide(replace(calm, policy=replace(policy, risk=RiskLimits(gross_limit=4))))
    limited = decide(replace(calm, policy=replace(policy, risk=risk)))
    for each, before in zip(limited.strategies, free.strategies, strict=False):
        if each.strategy == before.strategy and each.signal.action is not Action.BUY:
            assert each.action is before.action
    leaving = {
        (each.strategy, each.signal.ticker)
        for each in free.strategies
        if each.action is Action.SELL and each.mode in (Mode.ACTIVE, Mode.REDUCED)
    }
    sold, before_sold = left(limited), left(free)
    stopped = {(stop.strategy, stop.symbol) for stop in limited.stopped}
    if not stopped and given_inputs.policy.allocation.method is AllocationMethod.FULL:
        assert {key: value for key, value in sold.items() if key in leaving} == {
            key: value for key, value in before_sold.items() if key in leaving
        }
