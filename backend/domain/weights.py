"""Base weights as they stand after a decision, and what changing them turns over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.signal import StrategyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalance:
    """When the method was asked last, by which rule (a short mark of it), and what it gave everyone who shares."""

    at: datetime
    rule: str
    weights: Mapping[StrategyId, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Parts of equity by strategy.

    ``rebalance`` is None where the weights stood as they were; ``reason`` says why they were asked anew, ``cash`` is
    what nobody has, ``turnover`` ½ Σ|change| over strategies and cash, ``cost`` what Σ|change| of strategies costs at
    the slippage and fee of virtual fills; all of them parts of equity. Weights of ``full`` are no parts of a sum, so
    nothing of it is turned over or left.
    """

    method: AllocationMethod = AllocationMethod.FULL
    by_strategy: Mapping[StrategyId, float] = field(default_factory=dict)
    rebalance: Rebalance | None = None
    reason: str = ""
    cash: float = 0.0
    turnover: float = 0.0
    cost: float = 0.0
    notes: tuple[str, ...] = ()
