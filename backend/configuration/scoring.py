"""What a strategy's record earns it."""

from backend.configuration.block import Block, key
from backend.configuration.mode_overrides import ModeOverrideSettings
from backend.domain.mode import UnscoredMode
from backend.domain.policy import ModePolicyName, OnDemotion


class ScoringSettings(Block):
    """What a strategy's record earns it; see [modes](../explanation/modes-and-shadow.md)."""

    mode_policy: ModePolicyName = key(
        ModePolicyName.THRESHOLD,
        "which rule turns records into modes; see [mode policies](../explanation/mode-policies.md)",
        sets="mode_policy",
    )
    sharpe_threshold_reduce: float = key(
        1.0, "from here on a strategy is ACTIVE", unit="Sharpe ratio a year", sets="scoring.reduce"
    )
    sharpe_threshold_shadow: float = key(
        0.5,
        "below it is in SHADOW_MODE; at most the one above",
        unit="Sharpe ratio a year",
        sets="scoring.shadow",
    )
    min_returns: int = key(
        5, "needed to be judged by thresholds", unit="daily returns", sets="scoring.min_returns", ge=2
    )
    unscored_mode: UnscoredMode = key(
        UnscoredMode.ACTIVE,
        "what a strategy gets before it can be judged: ×1, or on probation ×0.25",
        sets=("scoring.unscored", "probabilistic.unscored"),
    )
    psr_benchmark_sharpe: float = key(
        0.0,
        "what the probabilities are about",
        unit="Sharpe ratio a year",
        sets="probabilistic.benchmark_sharpe",
        ge=-100,
        le=100,
    )
    psr_demote_below: float = key(
        0.10,
        "below it a strategy goes to SHADOW_MODE",
        unit="probability",
        sets="probabilistic.demote_below",
        ge=0,
        le=1,
    )
    psr_promote_above: float = key(
        0.60,
        "above it a strategy is ACTIVE; at least the one above",
        unit="probability",
        sets="probabilistic.promote_above",
        ge=0,
        le=1,
    )
    psr_min_dwell_days: int = key(
        10, "that a mode lasts at least", unit="days of the record", sets="probabilistic.min_dwell_days", ge=0, le=60
    )
    psr_lookback_returns: int = key(
        60, "newest ones that are judged", unit="days of the record", sets="probabilistic.lookback_returns", ge=3, le=60
    )
    psr_min_returns: int = key(
        20,
        "needed to be judged by probability; at most the one above",
        unit="daily returns",
        sets="probabilistic.min_returns",
        ge=3,
        le=60,
    )
    performance_lookback_days: int = key(
        30, "scored by thresholds", unit="calendar days", sets="lookback_days", ge=1, le=60
    )
    periods_per_year: int = key(
        252, "365 for markets that never close", unit="returns a year", sets="periods_per_year", ge=1
    )
    risk_free_rate: float = key(0.0, "what excess returns are over", unit="part a year", sets="risk_free_rate")
    systemic_sell_threshold: int = key(
        3,
        "that must SELL at once for every BUY to become HOLD",
        unit="strategies",
        sets="systemic_sell_threshold",
        ge=1,
    )
    on_demotion: OnDemotion = key(
        OnDemotion.EXIT_ONLY,
        "what becomes of a shadowed strategy's real positions: its own exits are carried out, they are sold, or kept",
        sets="on_demotion",
    )
    mode_overrides: dict[str, ModeOverrideSettings] = key(
        {},
        "strategy → its mode until an instant, and why, over what scoring says; JSON in the environment",
        sets="mode_overrides",
    )
