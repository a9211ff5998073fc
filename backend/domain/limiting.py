"""Limit: entries are cut to the limit of a position, and what together is more than the gross limit is scaled down."""

import math
from collections.abc import Sequence

from backend.domain.mode import Score
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Action, StrategySignal


def targets_of(
    signals: Sequence[StrategySignal],
    weights: Sequence[float],
    scores: Sequence[Score],
    overrides: Sequence[str | None],
) -> list[float]:
    """Weigh what every signal asks for."""
    return [
        0.0 if override else signal.allocation * weight * score.multiplier
        for signal, weight, score, override in zip(signals, weights, scores, overrides, strict=True)
    ]


def limited(risk: RiskLimits, signals: Sequence[StrategySignal], targets: Sequence[float]) -> tuple[list[float], float]:
    """Cut entries to the limit of a position, then scale them to the gross limit; return them and the scale."""
    entries = [signal.action is Action.BUY for signal in signals]
    most, limit = risk.position_size_limit, risk.gross_limit
    if most < 1.0:
        targets = [min(target, most) if is_entry else target for target, is_entry in zip(targets, entries, strict=True)]
    total = math.fsum([target for target, is_entry in zip(targets, entries, strict=True) if is_entry])
    if total <= limit * (1 + 1e-12):
        return list(targets), 1.0
    scale = limit / total
    return [target * scale if is_entry else target for target, is_entry in zip(targets, entries, strict=True)], scale


def notes_on(risk: RiskLimits, signals: Sequence[StrategySignal], targets: Sequence[float], scale: float) -> list[str]:
    """Say what of a target became less; the gross limit concerns everybody, so everybody is told."""
    gross = "" if scale == 1.0 else f"; entries ×{scale:.3f} to the gross limit"
    limit = risk.position_size_limit
    if limit >= 1.0:
        return [gross] * len(signals)
    return [
        f"; {target:.1%} cut to the limit of a position, {limit:.1%}{gross}"
        if signal.action is Action.BUY and target > limit
        else gross
        for signal, target in zip(signals, targets, strict=True)
    ]
