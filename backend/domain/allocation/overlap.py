"""Room that overlapping groups leave when weights only rise: found by letting some of them fall.

A strategy in two groups counts against both caps. To give it less by one part may make room for two parts elsewhere.
The weights nearest to the given ones, in least squares, among those that invest as much as the limits allow, are the
minimum of ½ Σ (w_i − start_i)² − Λ Σ w_i for any Λ that is large enough.
"""

import numpy as np

from backend.domain.allocation.covariance import FloatArray
from backend.domain.allocation.limits import Limits
from backend.domain.allocation.nearest import nearest

_PULL = 100.0  # Λ; weights and rows are of the order of 1, which keeps multipliers far below it


def has_overlap(limits: Limits) -> bool:
    """Say whether a strategy is in two groups."""
    members = [member for _, group, _ in limits.groups for member in group.tolist()]
    return len(set(members)) < len(members)


def invested(start: FloatArray, limits: Limits) -> FloatArray:
    """Return the weights nearest to ``start`` among those with the highest sum, of at most 1.

    Parameters
    ----------
    start : array, shape (n,)
        Weights that keep the limits.
    limits : Limits
        Consistent; a weight that must not change has equal bounds.
    """
    open_weights = np.flatnonzero(limits.lower < limits.upper)
    fixed = np.where(limits.lower < limits.upper, 0.0, limits.lower)
    own = np.eye(len(start))[open_weights]
    caps = [*limits.groups, ("all", np.arange(len(start)), 1.0)]
    most = np.array([cap - float(fixed[members].sum()) for _, members, cap in caps])
    shares = np.zeros((len(caps), len(start)))
    for row, (_, members, _) in zip(shares, caps, strict=True):
        row[members] = 1.0
    shares = shares[:, open_weights]
    rows = np.vstack((own[:, open_weights], -own[:, open_weights], -shares))
    least = np.concatenate((limits.lower[open_weights], -limits.upper[open_weights], -most))
    found = fixed.copy()
    found[open_weights] = nearest(start[open_weights] + _PULL, rows, least)
    return found
