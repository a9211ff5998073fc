"""Covariances that tests of allocation draw, and the published ones that they share."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Four assets of Maillard, Roncalli and Teïletche (2010), section "Some theoretical examples".
FOUR_DEVIATIONS = np.array([0.10, 0.20, 0.30, 0.40])
FOUR_CORRELATION = np.array([[1.0, 0.8, 0.0, 0.0], [0.8, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -0.5], [0.0, 0.0, -0.5, 1.0]])
FOUR = FOUR_CORRELATION * np.outer(FOUR_DEVIATIONS, FOUR_DEVIATIONS)

NOT_COVARIANCES = {
    "not square": (np.ones((2, 3)), "square"),
    "a vector": (np.ones(3), "square"),
    "empty": (np.ones((0, 0)), "square"),
    "NaN": (np.array([[1.0, np.nan], [np.nan, 1.0]]), "finite"),
    "infinite": (np.array([[np.inf, 0.0], [0.0, 1.0]]), "finite"),
    "not symmetric": (np.array([[1.0, 0.2], [0.3, 1.0]]), "symmetric"),
    "no variance": (np.array([[1.0, 0.0], [0.0, 0.0]]), r"positions \[1\]"),
    "negative variance": (np.array([[-1.0, 0.0], [0.0, 1.0]]), r"positions \[0\]"),
    "indefinite": (np.array([[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
    "a duplicate": (np.array([[1.0, 1.0], [1.0, 1.0]]), "positive definite"),
    "a combination": (np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]]), "positive definite"),
}


def constant(deviations: FloatArray, correlation: float) -> FloatArray:
    """Return the covariance in which every pair has the same correlation."""
    pairs = np.full((len(deviations), len(deviations)), correlation)
    np.fill_diagonal(pairs, 1.0)
    return pairs * np.outer(deviations, deviations)


@st.composite
def covariances(draw: st.DrawFn, least: int = 1, most: int = 12) -> FloatArray:
    """Draw a covariance of common factors and own risk, the latter at least a thousandth of all."""
    width = draw(st.integers(least, most))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    loadings = generator.normal(size=(width, draw(st.integers(1, 4)))) * draw(st.sampled_from([0.0, 0.3, 1.0, 3.0]))
    matrix = loadings @ loadings.T + np.diag(generator.uniform(0.05, 1.0, width))
    scale = 10.0 ** generator.uniform(-2.0, 0.0, width)
    found: FloatArray = matrix * np.outer(scale, scale)
    return found
