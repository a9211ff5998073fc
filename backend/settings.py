"""Every setting of one process: environment over file over defaults.

1. the file is ``maestro.yaml`` in the working directory, or the one that ``MAESTRO_CONFIG`` names;
2. the customary variables of Alpaca (``APCA_…``) and Firebase (``GCLOUD_PROJECT`` …) lie over it;
3. ``MAESTRO_<KEY>`` and ``MAESTRO_<BLOCK>__<KEY>`` lie over both;
4. whatever is unknown or of the wrong kind is a ConfigurationError that names the key and hides secrets.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from backend.domain.configuration import configured
from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import AllocationMethod, DecisionPolicy, ModePolicyName, OnDemotion
from backend.settings_sources import GivenVariables, customary_values, file_values, merged

DEFAULT_FILE = "maestro.yaml"
PREFIX = "MAESTRO_"
FILE_VARIABLE = "MAESTRO_CONFIG"

_CUSTOMARY = {
    ("alpaca", "key"): ("APCA_API_KEY_ID",),
    ("alpaca", "secret"): ("APCA_API_SECRET_KEY",),
    ("project",): ("FIREBASE_PROJECT_ID", "GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT"),
}
_FRICTIONS = {"drift_band", "min_order_notional", "reserve_margin", "shadow_slippage_bps", "shadow_fee_bps"}
_SECRETS = frozenset({"alpaca", "alpaca.key", "alpaca.secret"})
_TWENTY_STOCKS = "AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM"


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


class Settings(BaseSettings):
    """All settings; :func:`load_settings` reads them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    store: Literal["sqlite", "firestore"] = "sqlite"
    sqlite_path: Path = Path(".maestro/maestro.db")
    project: str | None = None
    tenant_id: str = Field(default="default", pattern=r"^[^/\s]+$")
    portfolio_id: str = Field(default="main", pattern=r"^[^/\s]+$")
    uid: str = Field(default="default", pattern=r"^[^/\s]+$")
    symbols: Names = Field(default=tuple(_TWENTY_STOCKS.split()), min_length=1)
    history_days: int = Field(default=260, ge=2, le=5000)
    prices_file: Path | None = None
    calendar: str = "XNYS"
    strategies: StrategySettings = StrategySettings()
    alpaca: AlpacaSettings = AlpacaSettings()
    gemini: GeminiSettings = GeminiSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    orchestrator: OrchestratorSettings = OrchestratorSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # load_settings joins the others, from an environment that it is given

    def policy(self, defaults: DecisionPolicy | None = None) -> DecisionPolicy:
        """Lay what was set over ``defaults`` (the domain's own when not given)."""
        chosen = self.orchestrator.model_dump(exclude_none=True)
        frictions = {name: chosen.pop(name) for name in _FRICTIONS & chosen.keys()}
        return configured(replace(defaults or DecisionPolicy(), **frictions), chosen)


def load_settings(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Read the settings of this process.

    Parameters
    ----------
    environment : the process's own when not given
    directory : where ``maestro.yaml`` is looked for, the working directory when not given

    Raises
    ------
    ConfigurationError
        A key is unknown, or a value is missing, of the wrong kind or out of range.
    """
    variables = dict(os.environ if environment is None else environment)
    _refuse_unknown(variables)
    layers = [_file(variables, directory or Path.cwd()), customary_values(variables, _CUSTOMARY)]
    try:
        settings = Settings(**merged(*layers, GivenVariables(Settings, variables)()))
    except SettingsError as e:
        _fail(f"environment: expected JSON where a value has parts of its own, found something else ({e}); correct it")
    except ValidationError as e:
        _fail("; ".join(_explain(error) for error in e.errors()))
    settings.policy()  # thresholds that contradict each other are found here, not in the first tick
    return settings


def _file(variables: Mapping[str, str], directory: Path) -> dict[str, Any]:
    named = variables.get(FILE_VARIABLE)
    if not named:
        return file_values(directory / DEFAULT_FILE)
    if not Path(named).is_file():
        _fail(f"{FILE_VARIABLE}: expected a settings file, found none at {named}; correct the path or unset it")
    return file_values(Path(named))


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    for name in variables:
        if not name.startswith(PREFIX) or name == FILE_VARIABLE:
            continue
        head, _, rest = name.removeprefix(PREFIX).lower().partition("__")
        if head not in Settings.model_fields or (rest and not _keys((head,))):
            near = get_close_matches(head, Settings.model_fields, n=1)
            hint = f"did you mean {PREFIX}{near[0].upper()}?" if near else "see the reference of settings"
            _fail(f"{name}: expected a known setting, found an unknown variable; {hint}")


def _explain(error: Mapping[str, Any]) -> str:
    """Say key, expected, found and nearest key of one of pydantic's errors."""
    path = tuple(str(part) for part in error["loc"])
    key = ".".join(path)
    if error["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = get_close_matches(path[-1], known, n=1)
        hint = f"did you mean {'.'.join([*path[:-1], near[0]])}?" if near else f"known keys: {', '.join(known)}"
        return f"{key}: expected a known setting, found an unknown key; {hint}"
    expected = str(error["msg"]).replace("Input should be", "expected").replace("Field required", "expected a value")
    shown = isinstance(error["input"], str | int | float) and key not in _SECRETS and not key.endswith("url")
    found = repr(error["input"]) if shown else f"a value of type {type(error['input']).__name__}"
    return f"{key}: {expected}, found {found}; correct {PREFIX}{'__'.join(path).upper()} or the settings file"


def _keys(path: tuple[str, ...]) -> list[str]:
    """Return the keys below a path; none below a plain value."""
    model: Any = Settings
    for part in path:
        model = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(model, type) and issubclass(model, Block)):
            return []
    return list(model.model_fields)


def _fail(message: str) -> NoReturn:
    raise ConfigurationError(message) from None  # the cause may carry a secret
