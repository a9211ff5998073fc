"""How base weights come about: the method, its bounds, and when it is asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backend.domain.allocation import Shrinkage
from backend.domain.expectation import expect


class AllocationMethod(StrEnum):
    """How base weights come about."""

    FULL = "full"  # every strategy's allocation is a fraction of the whole account
    EQUAL_WEIGHT = "equal_weight"  # … of its 1/N of the account
    PERFORMANCE_BASED = "performance_based"  # … of a part that grows with its Sharpe ratio
    RISK_PARITY = "risk_parity"  # … of a part that brings as much risk as every other
    HIERARCHICAL_RISK_PARITY = "hierarchical_risk_parity"
    INVERSE_VOLATILITY = "inverse_volatility"
    MAX_DIVERSIFICATION = "max_diversification"
    MIN_VARIANCE = "min_variance"

    @property
    def needs_covariance(self) -> bool:
        return self not in (self.FULL, self.EQUAL_WEIGHT, self.PERFORMANCE_BASED)


class RebalanceFrequency(StrEnum):
    """When the method is asked for new weights."""

    DAILY = "daily"  # in the first tick of a New York day
    WEEKLY = "weekly"  # … of an ISO week
    MONTHLY = "monthly"  # … of a month
    DRIFT = "drift"  # when a weight would move by more than the drift band


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPolicy:
    """Weights are parts of equity; what no strategy may have stays cash.

    ``caps`` hold a strategy, or all members of a group in ``groups``, to a part of equity together. ``base_weights``
    win over the method and over ``min_weight`` and ``max_weight``, not over caps; beyond 1 together they are scaled
    down, except for ``full``. ``drift`` is a part of equity: how far a weight, or a sleeve beyond its weight, may be
    off.
    ``min_history`` daily returns are needed for a strategy's part in a covariance.
    """

    method: AllocationMethod = AllocationMethod.FULL
    rebalance: RebalanceFrequency = RebalanceFrequency.DAILY
    drift: float = 0.05
    min_weight: float = 0.0
    max_weight: float = 1.0
    caps: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    base_weights: Mapping[str, float] = field(default_factory=dict)
    shrinkage: Shrinkage = Shrinkage.STANDARD_ERROR
    min_history: int = 20

    def __post_init__(self) -> None:
        for key, value in (("min_allocation", self.min_weight), ("max_allocation", self.max_weight)):
            expect(0.0 <= value <= 1.0, key, "0 to 1", value)
        expect(self.max_weight > 0.0, "max_allocation", "above 0", self.max_weight)
        floor = self.max_weight
        expect(self.min_weight <= floor, "min_allocation", f"at most max_allocation, {floor}", self.min_weight)
        expect(0.0 < self.drift <= 1.0, "rebalance_drift", "above 0 and at most 1", self.drift)
        expect(2 <= self.min_history <= 60, "min_history", "2 to 60", self.min_history)
        for name, cap in self.caps.items():
            expect(0.0 <= cap <= 1.0, f"allocation_constraints.{name}", "0 to 1", cap)
        for name, weight in self.base_weights.items():
            expect(0.0 <= weight <= 1.0, f"base_weights.{name}", "0 to 1", weight)
