"""Every setting of one process: environment over file over defaults.

1. the file is ``maestro.yaml`` in the working directory, or the one that ``MAESTRO_CONFIG`` names;
2. the customary variables of Alpaca (``APCA_…``) and Firebase (``GCLOUD_PROJECT`` …) lie over it;
3. ``MAESTRO_<KEY>`` and ``MAESTRO_<BLOCK>__<KEY>`` lie over both;
4. whatever is unknown or of the wrong kind is a ConfigurationError that names the key and hides secrets.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from backend.domain.configuration import configured
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy
from backend.settings_blocks import (
    AlpacaSettings,
    Block,
    GeminiSettings,
    Names,
    OrchestratorSettings,
    ScheduleSettings,
    StrategySettings,
)
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
