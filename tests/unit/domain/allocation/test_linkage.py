"""The leaf order is scipy's, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import leaves_list, linkage  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]

from backend.domain.allocation.linkage import leaf_order
from tests.unit.domain.allocation.covariances import FloatArray


def scipys(distances: FloatArray) -> list[int]:
    order: list[int] = leaves_list(linkage(squareform(distances), method="single")).tolist()
    return order


@st.composite
def distances(draw: st.DrawFn, highest: int) -> FloatArray:
    width = draw(st.integers(2, 80))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    upper = np.triu(generator.integers(1, highest, (width, width)).astype(np.float64), 1)
    found: FloatArray = upper + upper.T
    return found


@given(distances(highest=2**50))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_leaf_order_is_that_of_scipy(matrix: FloatArray) -> None:
    assert leaf_order(matrix).tolist() == scipys(matrix)


@given(distances(highest=4))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_leaf_order_with_ties_is_that_of_scipy(matrix: FloatArray) -> None:
    assert leaf_order(matrix).tolist() == scipys(matrix)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[0.0]], [0]),
        ([[0.0, 1.0], [1.0, 0.0]], [0, 1]),
        # 1 and 2 join first and are a run; 0 is a single strategy, so it goes to the left of them
        ([[0.0, 2.0, 3.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]], [0, 1, 2]),
        # 0 and 2 join first; 1 is single
        ([[0.0, 3.0, 1.0], [3.0, 0.0, 2.0], [1.0, 2.0, 0.0]], [1, 0, 2]),
    ],
    ids=["one", "two", "chain", "cross"],
)
def test_leaf_order_of_small_trees_by_hand(matrix: list[list[float]], expected: list[int]) -> None:
    assert leaf_order(np.array(matrix)).tolist() == expected


def test_leaf_order_leaves_the_distances_as_they_are() -> None:
    matrix = np.array([[0.0, 1.0], [1.0, 0.0]])
    leaf_order(matrix)
    assert matrix.tolist() == [[0.0, 1.0], [1.0, 0.0]]
