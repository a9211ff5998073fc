"""How capital was divided over a window: weights now and before, turnover, cost, and how spread it is."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.domain.tick import LogEntry
from maestro.monitoring.window import Seen


def allocation_metrics(seen: Seen) -> dict[str, Any]:
    """Return JSON-ready values; null where no decision says anything.

    ``concentration`` is the Herfindahl index of the weights' shares, Σ(w/Σw)², and ``effective_strategies`` its
    reciprocal: n equal weights count as n strategies.
    """
    within = [part for entry in seen.entries if (part := _part(entry))]
    newest = seen.standing.part("allocation")
    before = _part(seen.before) or (within[0] if within else {})
    weights, earlier = _weights(newest), _weights(before)
    index = concentration(weights.values())
    return {
        "method": newest.get("method"),
        "weights": weights or None,
        "weights_before": earlier or None,
        "changes": _changes(earlier, weights) if weights and earlier else None,
        "cash": newest.get("cash"),
        "turnover": _total(within, "turnover"),
        "cost": _total(within, "cost"),
        "rebalances": sum(bool(part.get("is_rebalanced")) for part in within) if within else None,
        "effective_strategies": None if index is None else 1.0 / index,
        "concentration": index,
    }


def concentration(weights: Iterable[float]) -> float | None:
    """Return the Herfindahl index of weights, whatever they add up to; None where nothing has a weight.

    References
    ----------
    O. C. Herfindahl, Concentration in the Steel Industry, Columbia University, 1950.
    """
    sizes = [abs(weight) for weight in weights]
    whole = math.fsum(sizes)
    return math.fsum((size / whole) ** 2 for size in sizes) if whole > 0 else None


def _part(entry: LogEntry | None) -> Mapping[str, Any]:
    return {} if entry is None else entry.body.get("allocation") or {}


def _weights(part: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(weight) for name, weight in sorted((part.get("weights") or {}).items())}


def _changes(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    return {name: now.get(name, 0.0) - before.get(name, 0.0) for name in sorted({*before, *now})}


def _total(parts: Sequence[Mapping[str, Any]], name: str) -> float | str | None:
    """Add up what is known: numbers as a number, decimal text as decimal text."""
    known = [part[name] for part in parts if part.get(name) is not None]
    if not known:
        return None
    if any(isinstance(value, str) for value in known):
        return f"{sum((Decimal(str(value)) for value in known), Decimal(0)):f}"
    return math.fsum(known)
