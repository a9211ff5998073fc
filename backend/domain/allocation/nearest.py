"""The point nearest to a given one that satisfies linear inequalities: the dual method of Goldfarb and Idnani.

Algorithm, on the multipliers u of the active rows A, with M = G·G' for the rows G:

1. begin with no active row, at the given point;
2. take the most violated row p; none: this is the nearest point;
3. raise the multiplier of p. The others follow, u_A = c − r·u_p, so that A stays active;
4. when one of them reaches 0 first, its row leaves A, and 3. goes on from there;
5. when p is met, it joins A, and 2. follows. When neither can happen, no point satisfies the rows.

The value of the dual rises in every round, so no set of rows comes back and the method ends. Everything is solved
anew from M in every round: no rounding is carried along.

References
----------
D. Goldfarb and A. Idnani, "A numerically stable dual method for solving strictly convex quadratic programs",
Mathematical Programming 27, 1983.
"""

import math

import numpy as np

from backend.domain.allocation.covariance import FloatArray
from backend.domain.errors import AllocationError

_MET = 1e-10  # below it a violation is rounding
_DEPENDENT = 1e-10  # part of a row that the active rows do not span
_MOST_ROUNDS = 50  # for each row


def nearest(point: FloatArray, rows: FloatArray, least: FloatArray) -> FloatArray:
    """Return the x that minimises ‖x − point‖ subject to rows·x ≥ least.

    Parameters
    ----------
    point : array, shape (n,)
    rows : array, shape (m, n)
        Of the order of 1.
    least : array, shape (m,)

    Raises
    ------
    AllocationError
        No x satisfies the rows.
    """
    gram = rows @ rows.T
    wanted = least - rows @ point
    active: list[int] = []
    multipliers = np.empty(0)
    for _ in range(_MOST_ROUNDS * len(least)):
        slack = gram[:, active] @ multipliers - wanted
        slack[active] = 0.0
        violated = int(slack.argmin())
        if slack[violated] >= -_MET:
            break
        active, multipliers = _joined(gram, wanted, active, violated)
    return point + multipliers @ rows[active]


def _joined(gram: FloatArray, wanted: FloatArray, active: list[int], violated: int) -> tuple[list[int], FloatArray]:
    """Make the violated row active; leave out the rows that stand in its way."""
    own = float(gram[violated, violated])
    while True:
        right = np.column_stack((wanted[active], gram[active, violated]))
        constant, slope = np.linalg.solve(gram[np.ix_(active, active)], right).T
        across = gram[violated, active]
        curvature = own - float(across @ slope)
        full = math.inf
        if curvature > _DEPENDENT * own:
            full = float(wanted[violated] - across @ constant) / curvature
        falling = np.flatnonzero(slope > _DEPENDENT)
        reach = constant[falling] / slope[falling]
        if reach.size and reach.min() < full:
            del active[int(falling[reach.argmin()])]
        elif math.isfinite(full):
            return [*active, violated], np.append(constant - slope * full, full)
        else:
            raise AllocationError("expected rows that some point satisfies, found rows that exclude each other")
