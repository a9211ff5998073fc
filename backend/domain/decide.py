"""Decide: from track records to identified orders, as one pure function.

1. watch   – the circuit breakers look at account and market; what trips restricts trading from here on;
2. score   – mode and multiplier of every strategy at once, from the track record, by the mode policy,
               or by an operator's override;
3. weigh   – base weight (``weighing``) × mode multiplier, two factors on the allocation that the strategy asked for;
4. restrain – expiry, stop-losses, risk between strategies, systemic-sell override and trading state turn entries
   into HOLD;
5. limit   – entries are cut to the limit of a position; what together asks for more than the gross limit is scaled
   down together, exits never;
6. size    – targets become crosses, orders and virtual fills (``sizing``), given an account;
7. identify – one nonce a signal, one client_order_id an order.

Stages 2 to 5 work on arrays; objects are made once, at the border.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from backend.domain.decision import Decision, DecisionInputs, StrategyDecision
from backend.domain.identity import nonces, session_id
from backend.domain.judging import judged, mode_changes
from backend.domain.limiting import limited, notes_on, targets_of
from backend.domain.market import new_york_day
from backend.domain.mode import Judgement, Mode
from backend.domain.notices import Notice, notices, override_notice
from backend.domain.restraint import RiskView, risk_view
from backend.domain.sighting import Watched
from backend.domain.signal import NOT_ASKED, Action, StrategyId, StrategySignal, Symbol
from backend.domain.sizing import Bounds, size
from backend.domain.stop_losses import Stops, stop_losses
from backend.domain.trading_state import TradingState, strictest
from backend.domain.watch import watch
from backend.domain.weighing import weigh
from backend.domain.weights import Weights

LIQUIDATED = "flatten: an operator has ordered this strategy's positions to be sold"


def decide(inputs: DecisionInputs) -> Decision:
    """Decide one cycle.

    Pure: no I/O, no clock, no randomness, so equal inputs give an equal decision everywhere. Strategies
    are taken in the order of their names.
    """
    seen = _seen(inputs)
    names, signals, scored, weights, risk, watched = seen[:6]
    stops = stop_losses(inputs, watched.doubtful)
    state = strictest([inputs.trading_state, *(trip.state for trip in watched.trips)])
    sellers, systemic = _systemic(inputs, seen)
    restraint = _restraint(state, watched) or systemic or risk.everyone
    overrides = _overrides(inputs, names, signals, _Restraints(restraint, watched.doubtful, stops, risk))
    decided = _decided(inputs, names, signals, scored, weights, overrides)
    bounds = Bounds(state=state, doubt=watched.doubt, doubtful=watched.doubtful, stops=stops, weights=weights)
    sized = size(inputs, decided, bounds)
    return Decision(
        tenant_id=inputs.tenant_id,
        tick_id=inputs.tick_id,
        session_id=session_id(inputs.entropy),
        decided_at=inputs.now,
        strategies=decided,
        failures=inputs.failures,
        systemic_sellers=sellers,
        systemic_risk_detected=bool(systemic),
        systemic_risk_details=systemic,
        trading_state=state,
        watched=watched,
        weights=weights,
        risk=risk.figures,
        mode_changes=mode_changes(inputs, names, scored.scores),
        intents=sized.intents,
        crosses=sized.crosses,
        virtual_fills=sized.virtual_fills,
        denials=sized.denials,
        stopped=sized.stopped,
        notices=(*seen.notices, *_override_told(inputs, sellers, systemic, decided)),
        channels=inputs.policy.alerts.channels,
    )


class _Seen(NamedTuple):
    """Who is decided on, and what records, risk and breakers show."""

    names: list[StrategyId]
    signals: list[StrategySignal]
    scored: Judgement
    weights: Weights
    risk: RiskView
    watched: Watched
    notices: tuple[Notice, ...]


def _seen(inputs: DecisionInputs) -> _Seen:
    fallen = stop_losses(inputs, {})
    names = sorted({*inputs.signals, *inputs.liquidating, *fallen.real, *fallen.virtual})
    signals = [inputs.signals.get(name, NOT_ASKED) for name in names]
    scored = judged(inputs, names)
    weights = weigh(inputs, names)
    risk = risk_view(inputs, names, scored, weights.by_strategy)
    watched = _watched(inputs, risk)
    news, told = notices(inputs, risk.figures, watched.guard.told, new_york_day(inputs.now))
    if told != watched.guard.told:
        watched = replace(watched, guard=replace(watched.guard, told=told))
    return _Seen(names, signals, scored, weights, risk, watched, news)


class _Restraints(NamedTuple):
    """Why nobody may enter, and why only some may not."""

    everyone: str | None
    doubtful: Mapping[Symbol, str]
    stops: Stops
    risk: RiskView


def _decided(
    inputs: DecisionInputs,
    names: list[StrategyId],
    signals: list[StrategySignal],
    scored: Judgement,
    weighed: Weights,
    overrides: list[str | None],
) -> tuple[StrategyDecision, ...]:
    scores, sharpes = scored.scores, scored.sharpes
    weights = [weighed.by_strategy[name] for name in names]
    targets = targets_of(signals, weights, scores, overrides)
    risk = inputs.policy.risk
    allocations, scale = limited(risk, signals, targets)
    notes = notes_on(risk, signals, targets, scale)
    nonce = nonces(inputs.entropy, names)
    return tuple(
        [
            StrategyDecision(
                strategy=name,
                signal=signals[i],
                action=_action(inputs, name, signals[i], overrides[i]),
                mode=scores[i].mode,
                sharpe=None if sharpes[i] != sharpes[i] else sharpes[i],
                n=scored.counts[i],
                base_weight=weights[i],
                multiplier=scores[i].multiplier,
                final_allocation=allocations[i],
                reasoning=scores[i].reason + notes[i],
                override_reason=overrides[i],
                nonce=nonce[i],
            )
            for i, name in enumerate(names)
        ]
    )


def _action(inputs: DecisionInputs, name: StrategyId, signal: StrategySignal, override: str | None) -> Action:
    if name in inputs.liquidating:
        return Action.CLOSE_ALL
    return signal.action if override is None else Action.HOLD


def _overrides(
    inputs: DecisionInputs,
    names: list[StrategyId],
    signals: list[StrategySignal],
    restraints: _Restraints,
) -> list[str | None]:
    """Say for every signal why it is not carried out as it is; exits are held back only to sell everything."""
    return [
        LIQUIDATED
        if name in inputs.liquidating
        else None
        if signal.action is not Action.BUY
        else restraints.everyone or _own_restraint(name, signal, inputs, restraints)
        for name, signal in zip(names, signals, strict=True)
    ]


def _own_restraint(
    name: StrategyId, signal: StrategySignal, inputs: DecisionInputs, restraints: _Restraints
) -> str | None:
    """Say why this one entry may not be made."""
    if signal.ticker is not None and signal.ticker in restraints.doubtful:
        return f"price in doubt: {restraints.doubtful[signal.ticker]}"
    if signal.expires_at is not None and signal.expires_at <= inputs.now:
        return f"signal expired at {signal.expires_at.isoformat()}"
    barred = restraints.stops.barred.get(name, {})
    if signal.ticker is not None and signal.ticker in barred:
        return barred[signal.ticker]
    return restraints.risk.barred.get(name)


def _watched(inputs: DecisionInputs, risk: RiskView) -> Watched:
    """Let the breakers look; without a look they remember what they did."""
    trips = (risk.trip,) if risk.trip else ()
    if inputs.sighting is None:
        return Watched(guard=inputs.guard, trips=tuple(trip for trip in trips if trip.breaker not in inputs.latched))
    return watch(inputs.guard, inputs.sighting, inputs.policy.breakers, inputs.latched, trips)


def _restraint(state: TradingState, watched: Watched) -> str | None:
    """Say why nobody may enter."""
    if state is not TradingState.ACTIVE:
        return f"trading state {state}: no new entries"
    return None if watched.doubt is None else f"in doubt: {watched.doubt}"


def _systemic(inputs: DecisionInputs, seen: _Seen) -> tuple[tuple[StrategyId, ...], str]:
    """Return who sells, and what is said of it where they are too many; empty where they are not."""
    sellers = tuple(
        [
            name
            for name, signal, score in zip(seen.names, seen.signals, seen.scored.scores, strict=True)
            if signal.action is Action.SELL and score.mode is not Mode.DISABLED
        ]
    )
    threshold = inputs.policy.systemic_sell_threshold
    if len(sellers) < threshold:
        return sellers, ""
    return sellers, (
        f"systemic risk: {len(sellers)} strategies sell at once (threshold {threshold}): {', '.join(sellers)}"
    )


def _override_told(
    inputs: DecisionInputs, sellers: tuple[StrategyId, ...], systemic: str, decided: tuple[StrategyDecision, ...]
) -> tuple[Notice, ...]:
    """Tell of an override when it begins, and not again while it lasts."""
    if not systemic or inputs.book.told.is_overridden:
        return ()
    return (override_notice(sellers, [each.strategy for each in decided if each.override_reason == systemic]),)
