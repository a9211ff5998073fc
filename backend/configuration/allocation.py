"""How capital is shared between strategies."""

from typing import Annotated

from pydantic import Field

from backend.configuration.block import Block, Names, key
from backend.domain.allocation import Shrinkage
from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency

Part = Annotated[float, Field(ge=0, le=1)]


class AllocationSettings(Block):
    """How capital is shared between strategies; see [allocation](../explanation/allocation.md)."""

    method: AllocationMethod = key(
        AllocationMethod.FULL,
        "how base weights come about; `full`: of the whole account each",
        sets="allocation.method",
    )
    rebalance_frequency: RebalanceFrequency = key(
        RebalanceFrequency.DAILY,
        "when the method is asked for new weights; `drift`: when one would move by more than the drift",
        sets="allocation.rebalance",
    )
    rebalance_drift: float = key(
        0.05,
        "how far a weight, or a sleeve beyond its weight, may be off",
        unit="part of equity",
        sets="allocation.drift",
        gt=0,
        le=1,
    )
    min_allocation: float = key(
        0.0, "least base weight of a strategy", unit="part of equity", sets="allocation.min_weight", ge=0, le=1
    )
    max_allocation: float = key(
        1.0, "greatest base weight of a strategy", unit="part of equity", sets="allocation.max_weight", gt=0, le=1
    )
    allocation_constraints: dict[str, Part] = key(
        {},
        "strategy or group → greatest base weight, of a group together",
        unit="part of equity",
        sets="allocation.caps",
    )
    groups: dict[str, Names] = key({}, "group → its strategies", sets="allocation.groups")
    base_weights: dict[str, Part] = key(
        {},
        "strategy → base weight, which wins over the method; JSON in the environment",
        unit="part of equity",
        sets="allocation.base_weights",
    )
    shrinkage: Shrinkage = key(
        Shrinkage.STANDARD_ERROR,
        "what `performance_based` does about the uncertainty of Sharpe ratios",
        sets="allocation.shrinkage",
    )
    min_history: int = key(
        20,
        "needed for a strategy's part in a covariance",
        unit="daily returns",
        sets="allocation.min_history",
        ge=2,
        le=60,
    )
