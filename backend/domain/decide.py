"""Decide: from track records to identified orders, as one pure function.

1. score   – every strategy's Sharpe ratio over the look-back in one pass; mode and multiplier from the policy;
2. weigh   – base weight × mode multiplier, two factors on the allocation that the strategy asked for;
3. restrain – expiry, systemic-sell override and trading state turn entries into HOLD;
4. limit   – entries that together ask for more than the gross limit are scaled down together, exits never;
5. size    – targets become orders and virtual fills (``sizing``), given an account;
6. identify – one nonce a signal, one client_order_id an order.

Stages 1 to 4 work on arrays; objects are made once, at the border.
"""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.domain.decision import Decision, DecisionInputs, ModeChange, StrategyDecision
from backend.domain.identity import nonces, session_id
from backend.domain.mode import DISABLED, Mode, ModeState, Score
from backend.domain.performance import sharpe_ratios
from backend.domain.signal import Action, StrategyId, StrategySignal
from backend.domain.sizing import size
from backend.domain.trading_state import TradingState


class _Scored(NamedTuple):
    """One entry a strategy, in the order of the names; a Sharpe ratio is NaN where it is undefined."""

    scores: list[Score]
    sharpes: list[float]
    counts: list[int]


def decide(inputs: DecisionInputs) -> Decision:
    """Decide one cycle.

    Pure: no I/O, no clock, no randomness, so equal inputs give an equal decision everywhere. Strategies
    are taken in the order of their names.
    """
    names = sorted(inputs.signals)
    signals = [inputs.signals[name] for name in names]
    scored = _score(inputs, names)
    sellers = tuple(
        [
            name
            for name, signal, score in zip(names, signals, scored.scores, strict=True)
            if signal.action is Action.SELL and score.mode is not Mode.DISABLED
        ]
    )
    systemic = len(sellers) >= inputs.policy.systemic_sell_threshold
    overrides = _overrides(inputs, signals, sellers if systemic else ())
    decided = _decided(inputs, names, signals, scored, overrides)
    sized = size(inputs, decided)
    return Decision(
        tenant_id=inputs.tenant_id,
        tick_id=inputs.tick_id,
        session_id=session_id(inputs.entropy),
        decided_at=inputs.now,
        strategies=decided,
        failures=inputs.failures,
        systemic_sellers=sellers,
        systemic_risk_detected=systemic,
        systemic_risk_details=_systemic_details(sellers, inputs) if systemic else "",
        mode_changes=_mode_changes(inputs, names, scored.scores),
        intents=sized.intents,
        virtual_fills=sized.virtual_fills,
        denials=sized.denials,
    )


def _decided(
    inputs: DecisionInputs,
    names: list[StrategyId],
    signals: list[StrategySignal],
    scored: _Scored,
    overrides: list[str | None],
) -> tuple[StrategyDecision, ...]:
    scores, sharpes = scored.scores, scored.sharpes
    weights = list(inputs.policy.weights(names).values())
    allocations, scale = _allocated(inputs.policy.gross_limit, signals, weights, scores, overrides)
    note = "" if scale == 1.0 else f"; entries ×{scale:.3f} to the gross limit"
    nonce = nonces(inputs.entropy, names)
    return tuple(
        [
            StrategyDecision(
                strategy=name,
                signal=signals[i],
                action=Action.HOLD if overrides[i] else signals[i].action,
                mode=scores[i].mode,
                sharpe=None if sharpes[i] != sharpes[i] else sharpes[i],
                n=scored.counts[i],
                base_weight=weights[i],
                multiplier=scores[i].multiplier,
                final_allocation=allocations[i],
                reasoning=scores[i].reason + note,
                override_reason=overrides[i],
                nonce=nonce[i],
            )
            for i, name in enumerate(names)
        ]
    )


def _score(inputs: DecisionInputs, names: list[StrategyId]) -> _Scored:
    policy, record = inputs.policy, inputs.record
    window = record.since(inputs.now.date() - timedelta(days=policy.lookback_days))
    sharpe, n = sharpe_ratios(window, periods_per_year=policy.periods_per_year, risk_free_rate=policy.risk_free_rate)
    losers = _flat_losers(record.strategies, window, sharpe, n)
    if record.strategies != tuple(names):
        column = {name: j for j, name in enumerate(record.strategies)}
        index = np.fromiter((column.get(name, -1) for name in names), dtype=np.intp, count=len(names))
        sharpe = np.append(sharpe, np.nan)[index]
        n = np.append(n, 0)[index]
    score, disabled = policy.scoring.score, policy.disabled
    sharpes, counts = sharpe.tolist(), n.tolist()
    scores = [
        DISABLED if name in disabled else score(value, count, is_flat_loss=name in losers)
        for name, value, count in zip(names, sharpes, counts, strict=True)
    ]
    return _Scored(scores, sharpes, counts)


def _flat_losers(
    strategies: tuple[StrategyId, ...],
    window: NDArray[np.float64],
    sharpe: NDArray[np.float64],
    n: NDArray[np.int64],
) -> frozenset[StrategyId]:
    """Name those whose returns are all the same loss: no deviation, so no Sharpe ratio to tell them by."""
    undefined = np.isnan(sharpe)
    if not undefined.any():
        return frozenset()
    flat = np.flatnonzero(undefined & (n > 1))
    return frozenset(strategies[j] for j in flat if np.nanmean(window[:, j]) < 0)


def _overrides(
    inputs: DecisionInputs, signals: list[StrategySignal], systemic_sellers: tuple[StrategyId, ...]
) -> list[str | None]:
    """Say for every signal why it may not enter; exits are never held back."""
    everyone = None
    if inputs.trading_state is not TradingState.ACTIVE:
        everyone = f"trading state {inputs.trading_state}: no new entries"
    elif systemic_sellers:
        everyone = _systemic_details(systemic_sellers, inputs)
    return [
        None
        if signal.action is not Action.BUY
        else everyone
        if everyone or signal.expires_at is None or signal.expires_at > inputs.now
        else f"signal expired at {signal.expires_at.isoformat()}"
        for signal in signals
    ]


def _systemic_details(sellers: tuple[StrategyId, ...], inputs: DecisionInputs) -> str:
    threshold = inputs.policy.systemic_sell_threshold
    return f"systemic risk: {len(sellers)} strategies sell at once (threshold {threshold}): {', '.join(sellers)}"


def _allocated(
    limit: float,
    signals: list[StrategySignal],
    weights: list[float],
    scores: list[Score],
    overrides: list[str | None],
) -> tuple[list[float], float]:
    """Weigh every allocation and scale the entries to the gross limit; return them and the scale."""
    allocations = [
        0.0 if override else signal.allocation * weight * score.multiplier
        for signal, weight, score, override in zip(signals, weights, scores, overrides, strict=True)
    ]
    entries = [s.action is Action.BUY for s in signals]
    total = sum([allocation for allocation, is_entry in zip(allocations, entries, strict=True) if is_entry])
    if total <= limit * (1 + 1e-12):
        return allocations, 1.0
    scale = limit / total
    return [a * scale if is_entry else a for a, is_entry in zip(allocations, entries, strict=True)], scale


def _mode_changes(inputs: DecisionInputs, names: list[StrategyId], scores: list[Score]) -> tuple[ModeChange, ...]:
    standing = {name: book.mode.mode for name, book in inputs.book.strategies.items() if book.mode is not None}
    return tuple(
        ModeChange(
            strategy=name,
            before=standing.get(name),
            after=ModeState(mode=score.mode, since=inputs.now, reason=score.reason),
        )
        for name, score in zip(names, scores, strict=True)
        if standing.get(name) is not score.mode
    )
