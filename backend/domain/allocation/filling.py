"""Water-filling: raise one level λ, w_i = clip(λ·s_i, lower_i, upper_i), until the sum is 1 or everything is full.

Algorithm:

1. everything starts at its minimum; what has no positive score stays there;
2. find the level at which the sum is 1, and for every group that at which it reaches its cap;
3. the sum comes first: done. A group comes first: its members stay at that level, the others rise on, so what the
   group may not have goes to them;
4. everything full: done, what is left is cash.

This is progressive filling, the weighted max-min fair allocation.

References
----------
D. Bertsekas and R. Gallager, "Data Networks", 2nd edition, 1992, section 6.5.2.
"""

import math

import numpy as np
from numpy.typing import NDArray

from backend.domain.allocation.covariance import FloatArray
from backend.domain.allocation.limits import ROUNDING, Indices, Limits


def filled(scores: FloatArray, limits: Limits) -> FloatArray:
    """Return weights that keep every limit, with a sum of at most 1.

    Parameters
    ----------
    scores : array, shape (n,)
        Not negative, the highest of the order of 1.
    limits : Limits
        Consistent.
    """
    weights = limits.lower.copy()
    rising = scores > 0.0
    while rising.any():
        levels = [_group_level(scores, limits, weights, rising, members, cap) for _, members, cap in limits.groups]
        everyone = np.arange(len(scores))
        whole = _group_level(scores, limits, weights, rising, everyone, 1.0)
        level = min([whole, *levels])
        with_level = level * scores if math.isfinite(level) else limits.upper
        weights = np.where(rising, np.clip(with_level, limits.lower, limits.upper), weights)
        if whole <= level:
            break
        for (_, members, _), reached in zip(limits.groups, levels, strict=True):
            if reached <= level * (1.0 + ROUNDING):
                rising[members] = False
    return weights


def _group_level(
    scores: FloatArray,
    limits: Limits,
    weights: FloatArray,
    rising: NDArray[np.bool_],
    members: Indices,
    cap: float,
) -> float:
    """Find the level at which members reach their cap; infinite if never."""
    moving = members[rising[members]]
    room = cap - float(weights[members[~rising[members]]].sum())
    return _level(scores[moving], limits.lower[moving], limits.upper[moving], room)


def _level(scores: FloatArray, lower: FloatArray, upper: FloatArray, target: float) -> float:
    """Return λ with Σ clip(λ·s, lower, upper) = target; infinite where even all maximums do not exceed it."""
    if not len(scores) or float(upper.sum()) <= target:
        return math.inf
    marks = np.sort(np.concatenate((lower, upper)) / np.concatenate((scores, scores)))
    below, above = 0, len(marks) - 1  # the sum is at most the target at the first, and above it at the last
    while above - below > 1:
        middle = (below + above) // 2
        reached = float(np.clip(marks[middle] * scores, lower, upper).sum())
        below, above = (middle, above) if reached <= target else (below, middle)
    between = 0.5 * (marks[below] + marks[above])
    free = (lower < between * scores) & (between * scores < upper)
    held = float(np.clip(between * scores, lower, upper)[~free].sum())
    slope = float(scores[free].sum())
    exact = (target - held) / slope if slope > 0.0 else float(marks[below])
    return min(max(exact, float(marks[below])), float(marks[above]))
