"""The nearest point that satisfies inequalities: by hand, and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls  # type: ignore[import-untyped]

from backend.domain.allocation.nearest import nearest
from backend.domain.errors import AllocationError


@pytest.mark.parametrize(
    ("point", "expected"),
    [([0.2, 0.3], [0.2, 0.3]), ([2.0, 2.0], [0.5, 0.5]), ([3.0, -1.0], [1.0, 0.0]), ([-1.0, -2.0], [0.0, 0.0])],
    ids=["inside", "edge", "corner", "origin"],
)
def test_nearest_point_of_a_triangle_by_hand(point: list[float], expected: list[float]) -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    found = nearest(np.array(point), rows, np.array([0.0, 0.0, -1.0]))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_nearest_point_with_the_same_row_twice() -> None:
    rows = np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 2.0]])
    np.testing.assert_allclose(nearest(np.zeros(2), rows, np.array([1.0, 1.0, 2.0])), [0.5, 0.5], atol=1e-12)


def test_nearest_point_of_nothing_is_refused() -> None:
    with pytest.raises(AllocationError, match="exclude each other"):
        nearest(np.zeros(1), np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]))


@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_nearest_point_of_a_cone_is_that_of_its_dual(width: int, count: int, seed: int) -> None:
    # Moreau (1962): a point is the sum of its nearest ones in a cone and in the polar cone; scipy finds the latter.
    generator = np.random.default_rng(seed)
    rows, point = generator.integers(-2, 3, (count, width)).astype(np.float64), generator.normal(size=width)
    rows = rows[np.abs(rows).sum(axis=1) > 0.0]
    if not len(rows):
        return
    multipliers, _ = nnls(rows.T, -point)
    np.testing.assert_allclose(nearest(point, rows, np.zeros(len(rows))), point + multipliers @ rows, atol=1e-8)
