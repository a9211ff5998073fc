"""Base weights from scores: in proportion to them within bounds and caps of groups, and the rest in cash."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backend.domain.allocation.covariance import FloatArray
from backend.domain.allocation.filling import filled
from backend.domain.allocation.limits import Group, Limits, percent, stated
from backend.domain.allocation.overlap import has_overlap, invested
from backend.domain.errors import AllocationError

_LEAST_CASH = 1e-9  # below it is rounding
_NOTHING = 1e-200  # of the highest score; a weight divided by less is no number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounded:
    """Weights within every limit, what stays in cash, and what had to yield."""

    weights: FloatArray
    cash: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.cash >= 0.0 and (self.weights >= 0.0).all()):
            raise AllocationError(f"expected no negative weight, found {self.weights.tolist()} and cash {self.cash}")
        if abs(float(self.weights.sum()) + self.cash - 1.0) > _LEAST_CASH:
            raise AllocationError(f"expected weights and cash to be 1, found {self.weights.sum()} and {self.cash}")


def bounded(
    scores: FloatArray,
    *,
    lower: FloatArray | float,
    upper: FloatArray | float,
    groups: Sequence[Group] = (),
    labels: Sequence[str],
) -> Bounded:
    """Return w_i = clip(λ·s_i, lower_i, upper_i) with Σw = 1, every group within its cap.

    A group that would have more than its cap is scaled down to it together: its members share one lower λ, and what
    is freed goes to the others. Strategies in several groups keep every cap. A score of 0 gives the minimum, whatever
    the others have. Where limits leave less than 1, the rest is cash and the notes say why; where weights that are 1
    exist they are found.

    Parameters
    ----------
    scores : array, shape (n,)
        Finite, not negative, in any unit: weights of another method, or :func:`performance_based`.
    lower, upper : float or array, shape (n,)
        From 0 to 1. A minimum above a maximum, a group's cap or 1 yields, and the notes say so.
    groups : sequence of (name, members, cap)
        Members are positions, each once; the cap is from 0 to 1.
    labels : sequence of str, n of them
        Names for the notes.

    Returns
    -------
    Bounded
        ``weights`` in the order of the scores; ``weights.sum() + cash`` is 1.

    Raises
    ------
    AllocationError
        A score is negative or not finite, or a bound, a cap or a member is out of range.
    """
    limits, notes = stated(lower, upper, groups, labels).consistent()
    relative = _relative(scores, len(limits.labels))
    weights = filled(relative, limits)
    if weights.sum() < 1.0 - _LEAST_CASH and has_overlap(limits):
        still = np.where(relative > 0.0, limits.upper, limits.lower)
        weights = invested(weights, replace(limits, upper=still))
    weights = limits.kept(weights)
    cash = 1.0 - float(weights.sum())
    if cash <= _LEAST_CASH:
        return Bounded(weights=weights, cash=max(cash, 0.0), notes=notes)
    return Bounded(weights=weights, cash=cash, notes=(*notes, _why_cash(cash, weights, relative, limits)))


def _relative(scores: FloatArray, width: int) -> FloatArray:
    """Scale scores by the highest."""
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (width,) or not width:
        raise AllocationError(f"expected one score for each of {width} labels, found shape {values.shape}")
    if not (np.isfinite(values).all() and (values >= 0.0).all()):
        raise AllocationError(f"expected finite scores of at least 0, found {values.tolist()}")
    relative: FloatArray = values / (values.max() or 1.0)
    relative[relative < _NOTHING] = 0.0
    return relative


def _why_cash(cash: float, weights: FloatArray, scores: FloatArray, limits: Limits) -> str:
    if not scores.any():
        return f"No strategy has a positive score; all have their minimum, and {percent(cash)} stays in cash."
    return f"{percent(cash)} stays in cash ({'; '.join(limits.reasons(weights, scores))})."
