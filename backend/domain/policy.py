"""The rules a decision is taken by: a tenant's configuration over the process-wide defaults."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.alert_rules import AlertRules
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.expectation import expect
from backend.domain.mode import Mode, ModePolicy, ThresholdPolicy
from backend.domain.mode_override import ModeOverride
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.strategy_definition import StrategyDefinition


class ModePolicyName(StrEnum):
    """Which rule turns records into modes."""

    THRESHOLD = "threshold"  # the Sharpe ratio of the last calendar days against two thresholds
    PROBABILISTIC = "probabilistic"  # the probability that the Sharpe ratio is above a benchmark, with a memory


CENT = Decimal("0.01")


class OnDemotion(StrEnum):
    """What becomes of the real positions of a strategy in SHADOW_MODE."""

    EXIT_ONLY = "exit_only"  # its own exits are carried out, nothing else
    FLATTEN = "flatten"  # they are sold at once
    HOLD = "hold"  # they are kept until it is promoted; exits are virtual, too


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPolicy:
    """Everything ``decide`` may be told about how to decide.

    ``scoring`` and ``probabilistic`` are both at hand, so that naming the other one keeps what each was told.
    ``strategies`` are those that run, all that are found when empty; ``disabled`` place no order. ``drift_band`` is the
    part of a target below which an entry is not topped up; ``reserve_margin`` is held on top of the value of an order
    by quantity, whose price can move; ``shadow_*`` price the virtual fills. ``mode_overrides`` are an operator's, by
    strategy; each has its end.
    """

    mode_policy: ModePolicyName = ModePolicyName.THRESHOLD
    scoring: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    probabilistic: ProbabilisticPolicy = field(default_factory=ProbabilisticPolicy)
    lookback_days: int = 30
    periods_per_year: int = 252
    risk_free_rate: float = 0.0
    systemic_sell_threshold: int = 3
    allocation: AllocationPolicy = field(default_factory=AllocationPolicy)
    strategies: tuple[StrategyDefinition, ...] = ()
    disabled: frozenset[str] = frozenset()
    on_demotion: OnDemotion = OnDemotion.EXIT_ONLY
    risk: RiskLimits = field(default_factory=RiskLimits)
    breakers: BreakerLimits = field(default_factory=BreakerLimits)
    alerts: AlertRules = field(default_factory=AlertRules)
    min_order_notional: Decimal = Decimal("1.00")
    drift_band: float = 0.10
    reserve_margin: Decimal = Decimal("0.01")
    shadow_slippage_bps: Decimal = Decimal(5)
    shadow_fee_bps: Decimal = Decimal(0)
    mode_overrides: Mapping[str, ModeOverride] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expect(1 <= self.lookback_days <= 60, "lookback_days", "1 to 60", self.lookback_days)
        expect(self.periods_per_year >= 1, "periods_per_year", "at least 1", self.periods_per_year)
        expect(math.isfinite(self.risk_free_rate), "risk_free_rate", "finite", self.risk_free_rate)
        expect(self.systemic_sell_threshold >= 1, "systemic_sell_threshold", "≥ 1", self.systemic_sell_threshold)
        expect(0.0 <= self.drift_band < 1.0, "drift_band", "0 to below 1", self.drift_band)
        expect(self.min_order_notional >= CENT, "min_order_notional", "at least 0.01", self.min_order_notional)
        expect(0 <= self.reserve_margin < 1, "reserve_margin", "0 to below 1", self.reserve_margin)

    @property
    def modes(self) -> ModePolicy:
        """The rule in force."""
        return self.probabilistic if self.mode_policy is ModePolicyName.PROBABILISTIC else self.scoring

    @property
    def min_returns(self) -> int:
        """Daily returns that the rule in force needs to judge."""
        is_probabilistic = self.mode_policy is ModePolicyName.PROBABILISTIC
        return self.probabilistic.min_returns if is_probabilistic else self.scoring.min_returns

    def configured_off(self) -> frozenset[str]:
        """Name all that are disabled until they are enabled again."""
        return self.disabled | {each.name for each in self.strategies if not each.is_enabled}

    def disabled_names(self, at: datetime) -> frozenset[str]:
        """Name all that place no order at an instant, by an override too."""
        overrides = self.mode_overrides.items()
        return self.configured_off() | {
            name for name, each in overrides if each.mode is Mode.DISABLED and each.is_live(at)
        }

    def neutral_weight(self, strategies: Collection[str], at: datetime) -> float:
        """Return the base weight of a strategy that nothing is known of: all of the account, or its 1/N."""
        disabled = self.disabled_names(at)
        enabled = sum(1 for name in strategies if name not in disabled)
        return 1.0 if self.allocation.method is AllocationMethod.FULL or not enabled else 1.0 / enabled
