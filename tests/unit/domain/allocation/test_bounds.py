"""Bounds, caps of groups and cash: by hand, what always holds, and the most that a linear program invests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog  # type: ignore[import-untyped]

from backend.domain.allocation import Bounded, bounded
from backend.domain.allocation.limits import Group
from backend.domain.errors import AllocationError
from tests.unit.domain.allocation.covariances import FloatArray

ROUNDING = 1e-12
NEAR = 1e-9


def shared(scores: list[float], groups: Any = (), **bounds: Any) -> Bounded:
    labels = ["a", "b", "c", "d", "e", "f"][: len(scores)]
    return bounded(np.array(scores), groups=groups, labels=labels, **{"lower": 0.0, "upper": 1.0, **bounds})


@pytest.mark.parametrize(
    ("scores", "bounds", "groups", "expected"),
    [
        ([1.2, 0.9, 1.5, 0.0, 0.6], {"lower": 0.01, "upper": 0.25}, (), [0.25, 0.25, 0.25, 0.01, 0.24]),
        ([3.0, 1.0], {}, (), [0.75, 0.25]),
        ([6.0, 3.0, 1.0], {"upper": 0.5}, (), [0.5, 0.375, 0.125]),
        ([6.0, 3.0, 1.0], {"lower": 0.2}, (), [8 / 15, 4 / 15, 0.2]),
        ([1.0, 1.0, 1.0], {"lower": [0.5, 0.0, 0.0], "upper": [1.0, 0.1, 1.0]}, (), [0.5, 0.1, 0.4]),
        ([1.0, 1.0, 1.0, 1.0], {}, [("g", [0, 1], 0.3)], [0.15, 0.15, 0.35, 0.35]),
        ([2.0, 1.0, 1.0], {}, [("g", [0, 1], 0.3)], [0.2, 0.1, 0.7]),
        ([2.0, 1.0, 1.0], {"lower": 0.15}, [("g", [0, 1], 0.3)], [0.15, 0.15, 0.7]),
        ([1.0, 1.0, 1.0, 1.0], {}, [("g", [0, 1], 0.3), ("h", [2], 0.4)], [0.15, 0.15, 0.35, 0.35]),
        ([1.0, 1.0, 1.0, 1.0], {}, [("g", [0, 1], 0.3), ("h", [2], 0.2)], [0.15, 0.15, 0.2, 0.5]),
        ([1.0, 1.0, 1.0, 1.0], {}, [("inner", [0], 0.1), ("outer", [0, 1], 0.3)], [0.1, 0.2, 0.35, 0.35]),
        ([1.0, 1.0, 1.0, 1.0], {}, [("g", [0, 1], 0.3), ("h", [1, 2], 0.3)], [0.15, 0.15, 0.15, 0.55]),
        # a is in both groups; only without it can all be invested
        ([1.0, 1.0, 1.0], {}, [("g", [0, 1], 0.5), ("h", [0, 2], 0.5)], [0.0, 0.5, 0.5]),
        ([1e-12, 1.0], {"upper": [1.0, 0.25]}, (), [0.75, 0.25]),
        ([1e-200, 1.0], {"upper": [1.0, 0.25]}, (), [0.75, 0.25]),
    ],
)
def test_bounded_weights_by_hand(scores: list[float], bounds: Any, groups: Any, expected: list[float]) -> None:
    arrays = {name: np.array(value) for name, value in bounds.items()}
    found = shared(scores, [(name, np.array(members), cap) for name, members, cap in groups], **arrays)
    np.testing.assert_allclose(found.weights, expected, atol=1e-11)
    assert found.cash == pytest.approx(0.0, abs=1e-11)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("scores", "bounds", "groups", "expected", "notes"),
    [
        ([1.0, 2.0, 3.0], {"upper": 0.25}, (), [0.25] * 3, ["25 % stays in cash (at their maximum: a, b, c)."]),
        (
            [0.0, 0.0],
            {"lower": 0.01},
            (),
            [0.01, 0.01],
            ["No strategy has a positive score; all have their minimum, and 98 % stays in cash."],
        ),
        (
            [1.0, 0.0],
            {"lower": 0.05, "upper": 0.5},
            (),
            [0.5, 0.05],
            ["45 % stays in cash (at their maximum: a; no positive score, so the minimum only: b)."],
        ),
        (
            [1.0, 1.0],
            {"lower": 0.3, "upper": 1.0},
            [("risky", [0, 1], 0.4)],
            [0.2, 0.2],
            [
                "The minimums in group risky add up to 60 %; they are reduced together to its cap, 40 %.",
                "60 % stays in cash (groups at their cap: risky).",
            ],
        ),
        (
            [1.0, 1.0],
            {"lower": [0.3, 0.0], "upper": [0.25, 1.0]},
            (),
            [0.25, 0.75],
            ["The minimum of a, 30 %, is above its maximum; the maximum, 25 %, holds."],
        ),
        (
            [1.0, 3.0],
            {"lower": [0.9, 0.6], "upper": 1.0},
            (),
            [0.6, 0.4],
            ["The minimums add up to 150 %; they are reduced together to 100 %."],
        ),
        ([1.0], {"upper": 0.0}, (), [0.0], ["100 % stays in cash (at their maximum: a)."]),
    ],
)
def test_bounded_says_what_yields_and_why_cash_is_left(
    scores: list[float], bounds: Any, groups: Any, expected: list[float], notes: list[str]
) -> None:
    arrays = {name: np.array(value) for name, value in bounds.items()}
    found = shared(scores, groups, **arrays)
    np.testing.assert_allclose(found.weights, expected, atol=ROUNDING)
    assert found.cash == pytest.approx(1.0 - sum(expected), abs=ROUNDING)
    assert list(found.notes) == notes


def test_bounded_does_not_change_what_it_is_given() -> None:
    scores, lower, upper = np.array([1.0, 2.0]), np.array([0.9, 0.8]), np.array([0.5, 0.6])
    bounded(scores, lower=lower, upper=upper, labels=["a", "b"])
    assert (scores.tolist(), lower.tolist(), upper.tolist()) == ([1.0, 2.0], [0.9, 0.8], [0.5, 0.6])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    scores: FloatArray
    lower: FloatArray
    upper: FloatArray
    groups: list[Group]

    def solved(self) -> Bounded:
        labels = [str(position) for position in range(len(self.scores))]
        return bounded(self.scores, lower=self.lower, upper=self.upper, groups=self.groups, labels=labels)

    def moved(self, order: list[int]) -> "Case":
        place = np.argsort(order)
        groups = [(name, place[members], cap) for name, members, cap in self.groups]
        return Case(scores=self.scores[order], lower=self.lower[order], upper=self.upper[order], groups=groups)

    def minimums(self) -> FloatArray:
        """Return the minimums that can be kept, by the rule of the docstring."""
        lower = np.minimum(self.lower, self.upper)
        for _, members, cap in self.groups:
            lower[members] *= cap / max(float(lower[members].sum()), cap, 1e-300)
        return lower / max(float(lower.sum()), 1.0)

    def most(self) -> float:
        """Return the most that can be invested, by a linear program."""
        lower = self.minimums()
        upper = np.where(self.scores > 0.0, np.maximum(self.upper, lower), lower)
        rows = np.array([np.isin(np.arange(len(lower)), members) for _, members, _ in self.groups] + [lower >= 0.0])
        caps = [cap + 1e-15 for _, _, cap in self.groups] + [1.0]
        bounds = list(zip(lower, upper, strict=True))
        exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        found = linprog(-np.ones(len(lower)), A_ub=rows.astype(np.float64), b_ub=caps, bounds=bounds, options=exact)
        return -float(found.fun)


parts = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0]) | st.floats(0.0, 1.0, allow_subnormal=False)
few = st.sampled_from([0.0, 0.0, 0.01, 0.05]) | st.floats(0.0, 0.5, allow_subnormal=False)
earned = st.sampled_from([0.0, 1.0, 1.0, 2.0]) | st.floats(1e-6, 10.0)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    width = draw(st.integers(1, 12))

    def column(values: st.SearchStrategy[float]) -> FloatArray:
        return np.array(draw(st.lists(values, min_size=width, max_size=width)), dtype=np.float64)

    members = st.lists(st.integers(0, width - 1), min_size=1, max_size=width, unique=True)
    drawn = draw(st.lists(st.tuples(members, parts), max_size=6))
    groups = [(f"g{number}", np.array(positions), cap) for number, (positions, cap) in enumerate(drawn)]
    return Case(scores=column(earned), lower=column(few), upper=column(parts), groups=groups)


thorough = settings(derandomize=True, max_examples=300, deadline=None)


@given(cases())
@thorough
def test_bounded_never_exceeds_a_cap_and_accounts_for_everything(case: Case) -> None:
    found = case.solved()
    assert (found.weights <= case.upper).all()
    assert all(found.weights[members].sum() <= cap + 1e-15 for _, members, cap in case.groups)
    assert (found.weights >= case.minimums() - NEAR).all()
    assert found.weights.sum() + found.cash == pytest.approx(1.0, abs=ROUNDING)
    assert found.cash >= 0.0


@given(cases())
@thorough
def test_bounded_invests_all_that_the_limits_allow(case: Case) -> None:
    found = case.solved()
    assert found.weights.sum() == pytest.approx(case.most(), abs=NEAR)
    assert any("stays in cash" in note for note in found.notes) == (found.cash > NEAR)


@given(cases())
@thorough
def test_bounded_weights_are_one_level_of_the_scores(case: Case) -> None:
    # Without groups: strategies strictly between their bounds have the same weight a score; who is at the minimum
    # would have less, who is at the maximum would have more.
    alone = Case(scores=case.scores, lower=case.lower, upper=case.upper, groups=[])
    found, lower, upper = alone.solved().weights, alone.minimums(), case.upper
    level = np.divide(found, case.scores, where=case.scores > 0.0, out=np.full(len(found), np.nan))
    below, above = found < upper - NEAR, found > lower + NEAR
    if (below & (case.scores > 0.0)).any() and (above & (case.scores > 0.0)).any():
        assert np.nanmax(level[above]) <= np.nanmin(level[below]) * (1.0 + 1e-6)


@given(cases(), st.randoms(use_true_random=False))
@thorough
def test_bounded_follows_the_order_of_strategies(case: Case, random: Any) -> None:
    order = list(range(len(case.scores)))
    random.shuffle(order)
    moved = case.moved(order).solved()
    np.testing.assert_allclose(moved.weights, case.solved().weights[order], atol=NEAR)


@given(cases(), st.sampled_from([1e-6, 0.5, 1e6]))
@settings(derandomize=True, deadline=None)
def test_bounded_does_not_depend_on_the_unit_of_scores(case: Case, factor: float) -> None:
    scaled = Case(scores=case.scores * factor, lower=case.lower, upper=case.upper, groups=case.groups)
    np.testing.assert_allclose(scaled.solved().weights, case.solved().weights, atol=NEAR)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scores": [1.0]}, "one score for each of 2 labels"),
        ({"scores": [1.0, -1.0]}, "at least 0"),
        ({"scores": [1.0, np.nan]}, "finite scores"),
        ({"lower": -0.1}, "bounds from 0 to 1"),
        ({"upper": 1.1}, "bounds from 0 to 1"),
        ({"upper": np.array([1.0])}, "2 bounds"),
        ({"upper": np.nan}, "bounds from 0 to 1"),
        ({"groups": [("g", [0, 2], 0.5)]}, "members of group g from 0 to 1"),
        ({"groups": [("g", [0, -1], 0.5)]}, "members of group g"),
        ({"groups": [("g", [0, 0], 0.5)]}, "each once"),
        ({"groups": [("g", [0], 1.5)]}, "cap from 0 to 1 of group g"),
        ({"groups": [("g", [0], np.nan)]}, "cap from 0 to 1 of group g"),
        ({"scores": [], "labels": []}, "one score"),
    ],
)
def test_bounded_refuses_what_is_out_of_range(changes: dict[str, Any], says: str) -> None:
    stated: dict[str, Any] = {"scores": [1.0, 2.0], "lower": 0.0, "upper": 1.0, "labels": ["a", "b"], **changes}
    with pytest.raises(AllocationError, match=says):
        bounded(np.array(stated.pop("scores")), **stated)


@pytest.mark.parametrize(("weights", "cash"), [([0.5, 0.6], 0.0), ([1.1, -0.1], 0.0), ([0.5], 0.4), ([np.nan], 1.0)])
def test_bounded_weights_that_are_not_one_are_refused(weights: list[float], cash: float) -> None:
    with pytest.raises(AllocationError, match="expected"):
        Bounded(weights=np.array(weights), cash=cash)


def test_bounds_take_a_score_that_nothing_can_be_divided_by_for_none() -> None:
    found = bounded(np.array([1.0, 5e-324]), lower=0.1, upper=1.0, labels=("a", "b"))
    assert found.weights.tolist() == [0.9, 0.1]
