"""The named groups of settings, each a frozen model with its defaults."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

from backend.domain.mode import UnscoredMode
from backend.domain.policy import AllocationMethod, ModePolicyName, OnDemotion


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]  # "AAPL,MSFT" or a list
Seconds = Annotated[float, Field(gt=0, le=600)]


class Block(BaseModel):
    """A named group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StrategySettings(Block):
    """Where strategies are found beside the library, and how long each may take."""

    packages: Names = ()
    time_limit_seconds: Seconds = 5.0


class AlpacaSettings(Block):
    """``url`` and ``data_url`` name another server that speaks Alpaca's REST, such as the local paper broker."""

    key: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")
    paper: bool = True
    url: str | None = None
    data_url: str | None = None
    feed: str = "iex"
    timeout_seconds: Seconds = 10.0


class GeminiSettings(Block):
    """The optional text beside a decision; ``project`` is that of the process unless it is set."""

    enabled: bool = False
    project: str | None = None
    location: str = "us-central1"
    model: str = "gemini-2.5-flash"
    timeout_seconds: Seconds = 10.0


class ScheduleSettings(Block):
    """When the scheduled functions run (unix cron), on the clock of ``time_zone``."""

    tick: str = "*/5 9-16 * * 1-5"
    daily_snapshot: str = "15 16 * * 1-5"
    monthly_snapshot: str = "0 0 1 * *"
    reconciliation: str = "*/15 * * * *"
    time_zone: str = "America/New_York"


class OrchestratorSettings(Block):
    """The keys of a tenant's ``config/orchestrator`` and the account's frictions; unset ones keep the defaults."""

    mode_policy: ModePolicyName | None = None
    sharpe_threshold_reduce: float | None = None
    sharpe_threshold_shadow: float | None = None
    min_returns: int | None = None
    unscored_mode: UnscoredMode | None = None
    psr_benchmark_sharpe: float | None = None
    psr_demote_below: float | None = None
    psr_promote_above: float | None = None
    psr_min_dwell_days: int | None = None
    psr_lookback_returns: int | None = None
    psr_min_returns: int | None = None
    performance_lookback_days: int | None = None
    periods_per_year: int | None = None
    risk_free_rate: float | None = None
    systemic_sell_threshold: int | None = None
    gross_limit: float | None = None
    allocation_method: AllocationMethod | None = None
    base_weights: dict[str, float] | None = None
    disabled_strategies: Names | None = None
    on_demotion: OnDemotion | None = None
    drawdown_warning: float | None = None
    drawdown_reduce: float | None = None
    drawdown_halt: float | None = None
    daily_loss_limit: float | None = None
    failure_cascade_count: int | None = None
    failure_cascade_minutes: int | None = None
    equity_jump_limit: float | None = None
    price_jump_limit: float | None = None
    jump_confirmations: int | None = None
    stale_after_days: int | None = None
    drift_band: float | None = None
    min_order_notional: Decimal | None = None
    reserve_margin: Decimal | None = None
    shadow_slippage_bps: Decimal | None = None
    shadow_fee_bps: Decimal | None = None
