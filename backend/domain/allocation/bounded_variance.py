"""The least w'Σw ÷ (c'w)² within bounds, exactly: a primal active-set method.

Scaled to c'y = 1 the ratio is a strictly convex quadratic program: minimise y'Σy where lower_i·Σy ≤ y_i ≤ upper_i·Σy,
and w = y ÷ Σy. All is done on the correlation C, with z = σ·y. Algorithm:

1. start in a corner: minimum weights, then the least volatile strategies up to their maximum until the sum is 1;
2. find the minimum with the weights that are at a bound fixed there, in proportion: one linear system in the others;
3. go there, or as far as the first bound that is met, whose weight is fixed as well; then 2. again;
4. at the minimum, free the weight whose bound stands most in the way; when none does, the conditions of Karush, Kuhn
   and Tucker hold and the weights are the solution.

The ratio falls whenever z moves, so no set of fixed weights comes back and the method ends.

References
----------
J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, 2006, section 16.5.
S. Schaible, "Parameter-free convex equivalent and dual programs of fractional programming problems", Zeitschrift für
Operations Research 18, 1974.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.domain.allocation.covariance import FloatArray
from backend.domain.errors import AllocationError

_ROUNDING = 1e-12
_MOST_ROUNDS = 50  # for each weight

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundedRatio:
    """Minimise z'Cz where normal·z = 1 and low_i·(sums·z) ≤ z_i ≤ high_i·(sums·z); arrays of shape (n,)."""

    correlation: FloatArray
    sums: FloatArray
    normal: FloatArray
    low: FloatArray
    high: FloatArray

    def corner(self, order: NDArray[np.intp]) -> tuple[FloatArray, BoolArray]:
        """Fill up in order until sums·z is 1; return z and which entry is free."""
        z = self.low.copy()
        room = 1.0 - float(self.sums @ z)
        last = int(order[0])
        for last in order.tolist():
            taken = min((self.high[last] - z[last]) * self.sums[last], room)
            z[last] += taken / self.sums[last]
            room -= taken
            if room <= 0.0:
                break
        free = np.zeros(len(z), dtype=np.bool_)
        free[last] = True
        return z, free

    def minimum(self, order: NDArray[np.intp]) -> FloatArray:
        """Return z with sums·z = 1.

        Raises
        ------
        AllocationError
            The covariance is so nearly singular that rounding hides the minimum.
        """
        z, free = self.corner(order)
        for _ in range(_MOST_ROUNDS * len(z)):
            goal, multipliers = self._on_face(z, free)
            blocking, z = self._towards(z, goal, free)
            if blocking is not None:
                free[blocking] = False
                continue
            released = self._released(z, free, multipliers)
            if released is None:
                return z
            free[released] = True
        raise AllocationError("expected a covariance that rounding leaves intact, found one nearly singular; shrink it")

    def _on_face(self, z: FloatArray, free: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Minimise with the other entries fixed in proportion; return the minimum, normal·y = 1, and multipliers."""
        fixed = np.where(free, 0.0, z)
        pull = self.correlation @ fixed
        vectors = np.column_stack((self.sums, self.normal, pull))[free]
        solved = np.linalg.solve(self.correlation[np.ix_(free, free)], vectors)
        system = vectors.T @ solved
        room, across = 1.0 - float(self.sums @ fixed), float(self.normal @ fixed)
        system[:, 2] *= -1.0
        system[0, 2] -= room
        system[2, 0] += room
        system[1, 2] += across
        system[2, 1] -= across
        system[2, 2] += float(pull @ fixed)
        found = np.linalg.solve(system, np.array([0.0, 1.0, 0.0]))  # multiplier of sums, of normal, and the scale
        goal = fixed * found[2]
        goal[free] = solved @ (found * (1.0, 1.0, -1.0))
        return goal, found[:2]

    def _towards(self, z: FloatArray, goal: FloatArray, free: BoolArray) -> tuple[int | None, FloatArray]:
        """Move to the goal or the first bound; return which entry met it, and z with sums·z = 1."""
        if np.count_nonzero(free) == 1:  # the sum leaves it no choice, and the fixed ones none to move
            return None, z
        start = z / float(self.normal @ z)
        move = goal - start
        scale, growth = float(self.sums @ start), float(self.sums @ move)
        rooms = np.concatenate((start - self.low * scale, self.high * scale - start))
        rates = np.concatenate((move - self.low * growth, self.high * growth - move))
        closing = (rates < 0.0) & np.concatenate((free, free))
        reach = np.where(closing, np.maximum(rooms, 0.0) / -np.where(closing, rates, -1.0), np.inf)
        first = int(reach.argmin())
        if reach[first] >= 1.0:
            return None, goal / float(self.sums @ goal)
        moved = start + reach[first] * move
        moved /= float(self.sums @ moved)
        blocking = first % len(z)
        moved[blocking] = (self.low if first < len(z) else self.high)[blocking]
        return blocking, moved

    def _released(self, z: FloatArray, free: BoolArray, multipliers: FloatArray) -> int | None:
        """Find the fixed entry whose bound raises the minimum most."""
        y = z / float(self.normal @ z)
        forces = np.column_stack((self.sums, self.normal)) * multipliers
        slope = self.correlation @ y - forces.sum(axis=1)
        at_low = z - self.low <= self.high - z
        gain = np.where(at_low, -slope, slope)
        gain[free | (self.low >= self.high)] = 0.0
        gain -= _ROUNDING * (y.sum() + np.abs(forces).sum(axis=1))
        best = int(gain.argmax())
        return best if gain[best] > 0.0 else None
