"""The rules a decision is taken by: a tenant's configuration over the process-wide defaults."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.errors import ConfigurationError
from backend.domain.mode import ModePolicy, ThresholdPolicy
from backend.domain.probabilistic_policy import ProbabilisticPolicy


class ModePolicyName(StrEnum):
    """Which rule turns records into modes."""

    THRESHOLD = "threshold"  # the Sharpe ratio of the last calendar days against two thresholds
    PROBABILISTIC = "probabilistic"  # the probability that the Sharpe ratio is above a benchmark, with a memory


CENT = Decimal("0.01")


class AllocationMethod(StrEnum):
    """How base weights come about."""

    FULL = "full"  # every strategy's allocation is a fraction of the whole account
    EQUAL_WEIGHT = "equal_weight"  # … of its 1/N of the account


class OnDemotion(StrEnum):
    """What becomes of the real positions of a strategy in SHADOW_MODE."""

    EXIT_ONLY = "exit_only"  # its own exits are carried out, nothing else
    FLATTEN = "flatten"  # they are sold at once
    HOLD = "hold"  # they are kept until it is promoted; exits are virtual, too


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPolicy:
    """Everything ``decide`` may be told about how to decide.

    ``scoring`` and ``probabilistic`` are both at hand, so that naming the other one keeps what each was told.
    ``gross_limit`` is Σ|position| ÷ equity; ``drift_band`` is the part of a target below which an entry is
    not topped up; ``reserve_margin`` is held on top of the value of an order by quantity, whose price can move;
    ``shadow_*`` price the virtual fills.
    """

    mode_policy: ModePolicyName = ModePolicyName.THRESHOLD
    scoring: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    probabilistic: ProbabilisticPolicy = field(default_factory=ProbabilisticPolicy)
    lookback_days: int = 30
    periods_per_year: int = 252
    risk_free_rate: float = 0.0
    systemic_sell_threshold: int = 3
    gross_limit: float = 1.0
    allocation: AllocationMethod = AllocationMethod.FULL
    base_weights: Mapping[str, float] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    on_demotion: OnDemotion = OnDemotion.EXIT_ONLY
    breakers: BreakerLimits = field(default_factory=BreakerLimits)
    min_order_notional: Decimal = Decimal("1.00")
    drift_band: float = 0.10
    reserve_margin: Decimal = Decimal("0.01")
    shadow_slippage_bps: Decimal = Decimal(5)
    shadow_fee_bps: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _expect(1 <= self.lookback_days <= 60, "lookback_days", "1 to 60", self.lookback_days)
        _expect(self.periods_per_year >= 1, "periods_per_year", "at least 1", self.periods_per_year)
        _expect(math.isfinite(self.risk_free_rate), "risk_free_rate", "finite", self.risk_free_rate)
        _expect(self.systemic_sell_threshold >= 1, "systemic_sell_threshold", "≥ 1", self.systemic_sell_threshold)
        _expect(0.0 < self.gross_limit <= 4.0, "gross_limit", "above 0 and at most 4", self.gross_limit)
        _expect(0.0 <= self.drift_band < 1.0, "drift_band", "0 to below 1", self.drift_band)
        _expect(self.min_order_notional >= CENT, "min_order_notional", "at least 0.01", self.min_order_notional)
        _expect(0 <= self.reserve_margin < 1, "reserve_margin", "0 to below 1", self.reserve_margin)
        for name, weight in self.base_weights.items():
            _expect(0.0 <= weight <= 1.0, f"base_weights.{name}", "0 to 1", weight)

    @property
    def modes(self) -> ModePolicy:
        """The rule in force."""
        return self.probabilistic if self.mode_policy is ModePolicyName.PROBABILISTIC else self.scoring

    def neutral_weight(self, strategies: Collection[str]) -> float:
        """Return the base weight that the method gives to every strategy that is enabled."""
        enabled = sum(1 for name in strategies if name not in self.disabled)
        return 1.0 / enabled if self.allocation is AllocationMethod.EQUAL_WEIGHT and enabled else 1.0

    def weights(self, strategies: Collection[str]) -> dict[str, float]:
        """Return each strategy's base weight; a configured one wins over the method's."""
        share = self.neutral_weight(strategies)
        if not self.base_weights:
            return dict.fromkeys(strategies, share)
        return {name: self.base_weights.get(name, share) for name in strategies}


def _expect(condition: bool, key: str, expected: str, found: object) -> None:
    if not condition:
        raise ConfigurationError(f"{key}: expected {expected}, found {found}; correct the configuration")
