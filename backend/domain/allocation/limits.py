"""Bounds of every strategy and caps of groups, made so that they can hold together.

A minimum that conflicts with a cap yields to it, one group after the other; what is still above 1 together is reduced
together. Maximums and caps of groups never yield.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.domain.allocation.covariance import FloatArray
from backend.domain.breakers.figures import listed
from backend.domain.errors import AllocationError

ROUNDING = 1e-12  # of a weight
_REACHED = 1e-9  # as near as this a limit counts as reached

Indices = NDArray[np.intp]
Group = tuple[str, Indices, float]  # name, members, the most they may have together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What weights have to keep; ``lower`` and ``upper`` have the shape (n,), as has ``labels``."""

    lower: FloatArray
    upper: FloatArray
    groups: tuple[Group, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        width = len(self.labels)
        for bound in (self.lower, self.upper):
            if bound.shape != (width,) or not (np.isfinite(bound).all() and ((bound >= 0.0) & (bound <= 1.0)).all()):
                raise AllocationError(f"expected {width} bounds from 0 to 1, found {bound.tolist()}; correct them")
        for name, members, cap in self.groups:
            if not 0.0 <= cap <= 1.0:
                raise AllocationError(f"expected a cap from 0 to 1 of group {name}, found {cap}; correct it")
            if members.ndim != 1 or len(set(members.tolist()) & set(range(width))) != len(members):
                raise AllocationError(
                    f"expected members of group {name} from 0 to {width - 1}, each once, found {members.tolist()}"
                )

    def consistent(self) -> tuple["Limits", tuple[str, ...]]:
        """Reduce minimums that cannot be kept; say which, in plain English."""
        notes = [
            f"The minimum of {label}, {percent(low)}, is above its maximum; the maximum, {percent(high)}, holds."
            for label, low, high in zip(self.labels, self.lower.tolist(), self.upper.tolist(), strict=True)
            if low > high
        ]
        lower = np.minimum(self.lower, self.upper)
        for name, members, cap in self.groups:
            together = float(lower[members].sum())
            if together > cap + ROUNDING:
                lower[members] *= cap / together
                notes.append(
                    f"The minimums in group {name} add up to {percent(together)}; "
                    f"they are reduced together to its cap, {percent(cap)}."
                )
        together = float(lower.sum())
        if together > 1.0 + ROUNDING:
            lower /= together
            notes.append(f"The minimums add up to {percent(together)}; they are reduced together to 100 %.")
        return replace(self, lower=lower), tuple(notes)

    def kept(self, weights: FloatArray) -> FloatArray:
        """Take out of weights what rounding put above a maximum or a cap."""
        weights = np.clip(weights, self.lower, self.upper)
        for _, members, cap in self.groups:
            together = float(weights[members].sum())
            if together > cap:
                weights[members] *= cap / together
        return weights / max(float(weights.sum()), 1.0)

    def reasons(self, weights: FloatArray, scores: FloatArray) -> list[str]:
        """Say why weights cannot be higher: who is at a maximum, which group at its cap, who has no positive score."""
        found = []
        full = (scores > 0.0) & (weights >= self.upper - _REACHED)
        if full.any():
            found.append(f"at their maximum: {self._named(full)}")
        capped = [name for name, members, cap in self.groups if float(weights[members].sum()) >= cap - _REACHED]
        if capped:
            found.append(f"groups at their cap: {listed(capped)}")
        if (scores <= 0.0).any():
            found.append(f"no positive score, so the minimum only: {self._named(scores <= 0.0)}")
        return found

    def _named(self, chosen: NDArray[np.bool_]) -> str:
        return listed([self.labels[each] for each in np.flatnonzero(chosen).tolist()])


def percent(part: float) -> str:
    return f"{100.0 * part:.4g} %"


def stated(
    lower: FloatArray | float, upper: FloatArray | float, groups: Sequence[Group], labels: Sequence[str]
) -> Limits:
    """Bring bounds into the form of ``Limits``; one number stands for all strategies."""
    width = len(labels)
    low, high = (np.asarray(bound, dtype=np.float64) for bound in (lower, upper))
    return Limits(
        lower=np.full(width, low) if low.ndim == 0 else low,
        upper=np.full(width, high) if high.ndim == 0 else high,
        groups=tuple((name, np.asarray(members, dtype=np.intp), float(cap)) for name, members, cap in groups),
        labels=tuple(labels),
    )
