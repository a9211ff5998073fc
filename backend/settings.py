"""Every setting of one process: environment over file over defaults.

1. the file is ``maestro.yaml`` in the working directory, or the one that ``MAESTRO_CONFIG`` names;
2. the customary variables of Alpaca (``APCA_…``) and Firebase (``GCLOUD_PROJECT`` …) lie over it;
3. ``MAESTRO_<KEY>`` and ``MAESTRO_<BLOCK>__<KEY>`` lie over both;
4. whatever is unknown or of the wrong kind is a ConfigurationError that names line and key and hides secrets.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from backend.configuration.block import Names, key
from backend.configuration.document import named
from backend.configuration.explanation import explained, keys_below, nearest
from backend.configuration.orchestrator import OrchestratorSettings
from backend.configuration.rules import applied
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy
from backend.settings_blocks import (
    AlpacaSettings,
    ApiSettings,
    CredentialSettings,
    GeminiSettings,
    NotificationSettings,
    RetentionSettings,
    ScheduleSettings,
    StrategySettings,
    TaskSettings,
)
from backend.settings_sources import GivenVariables, SettingsFile, customary_values, merged, read_settings_file

DEFAULT_FILE = "maestro.yaml"
PREFIX = "MAESTRO_"
FILE_VARIABLE = "MAESTRO_CONFIG"

_CUSTOMARY = {
    ("alpaca", "key"): ("APCA_API_KEY_ID",),
    ("alpaca", "secret"): ("APCA_API_SECRET_KEY",),
    ("project",): ("FIREBASE_PROJECT_ID", "GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT"),
}
_SECRETS = frozenset({"alpaca", "alpaca.key", "alpaca.secret", "notifications"})
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

    store: Literal["sqlite", "firestore"] = key("sqlite", "where ticks, orders and records are kept")
    sqlite_path: Path = key(Path(".maestro/maestro.db"), "the SQLite file, for `store: sqlite`")
    project: str | None = key(
        None,
        "Google Cloud project, for `store: firestore`; also read from `FIREBASE_PROJECT_ID`, `GCLOUD_PROJECT`, "
        "`GOOGLE_CLOUD_PROJECT`",
    )
    tenant_id: str = key("default", "whose documents a command reads and writes; no slash", pattern=r"^[^/\s]+$")
    portfolio_id: str = key("main", "which portfolio `maestro tick` runs; no slash", pattern=r"^[^/\s]+$")
    uid: str = key("default", "whose track record it is; `default` when a tenant has one user", pattern=r"^[^/\s]+$")
    symbols: Names = key(
        tuple(_TWENTY_STOCKS.split()),
        "tickers whose daily bars are loaded, unless the portfolio's document names its own",
        min_length=1,
    )
    history_days: int = key(260, "that a strategy is shown", unit="bars", ge=2, le=5000)
    prices_file: Path | None = key(None, "wide CSV of daily closes to read instead of Alpaca's bars")
    calendar: str = key("XNYS", "when the venue trades: a MIC that exchange_calendars knows, or `24/7` for UTC days")
    strategies: StrategySettings = StrategySettings()
    alpaca: AlpacaSettings = AlpacaSettings()
    credentials: CredentialSettings = CredentialSettings()
    gemini: GeminiSettings = GeminiSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    tasks: TaskSettings = TaskSettings()
    notifications: NotificationSettings = NotificationSettings()
    retention: RetentionSettings = RetentionSettings()
    api: ApiSettings = ApiSettings()
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
        return applied(self.orchestrator, defaults or DecisionPolicy())


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
    file = read_settings_file(settings_file(variables, directory))
    try:
        given = named(GivenVariables(Settings, variables)(), Settings)
        layers = (named(file.values, Settings), customary_values(variables, _CUSTOMARY), given)
        settings = Settings(**merged(*layers))
        settings.policy()  # thresholds that contradict each other are found here, not in the first tick
    except SettingsError:
        _fail(
            f"{_broken(variables)}: expected JSON where a value has parts of its own, found something else; correct it"
        )
    except ValidationError as e:
        _fail(_explained(e, file, given))
    return settings


def settings_file(variables: Mapping[str, str], directory: Path | None = None) -> Path:
    """Return where the file of settings is, or would be.

    Raises
    ------
    ConfigurationError
        ``MAESTRO_CONFIG`` names a file that does not exist.
    """
    named_file = variables.get(FILE_VARIABLE)
    if not named_file:
        return (directory or Path.cwd()) / DEFAULT_FILE
    if not Path(named_file).is_file():
        _fail(f"{FILE_VARIABLE}: expected a settings file, found none at {named_file}; correct the path or unset it")
    return Path(named_file)


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    for name in variables:
        if not name.startswith(PREFIX) or name == FILE_VARIABLE:
            continue
        head, _, rest = name.removeprefix(PREFIX).lower().partition("__")
        if head not in Settings.model_fields or (rest and not keys_below(Settings, (head,))):
            near = nearest(head, list(Settings.model_fields))
            hint = f"did you mean {PREFIX}{near.upper()}?" if near else "see the reference of settings"
            _fail(f"{name}: expected a known setting, found an unknown variable; {hint}")


def _explained(error: ValidationError, file: SettingsFile, given: Mapping[str, Any]) -> str:
    def place(path: tuple[str, ...]) -> str:
        return "" if _has(given, path) else file.place(path, Settings)

    def remedy(path: tuple[str, ...]) -> str:
        return f"correct {PREFIX}{'__'.join(path).upper()} or the settings file"

    def is_secret(path: tuple[str, ...]) -> bool:
        key = ".".join(path)
        return key in _SECRETS or path[0] == "notifications" or key.endswith("url")

    return explained(error.errors(), Settings, place=place, remedy=remedy, is_secret=is_secret)


def _broken(variables: Mapping[str, str]) -> str:
    """Name the variables that may be meant as JSON and are none; their values may be secret."""
    suspects = [
        name for name in variables if name.startswith(PREFIX) and "__" in name and not _is_json(variables[name])
    ]
    return ", ".join(sorted(suspects)) or "environment"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return not text.lstrip().startswith(("{", "["))
    return True


def _has(given: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(given, Mapping) or part not in given:
            return False
        given = given[part]
    return True


def _fail(message: str) -> NoReturn:
    raise ConfigurationError(message) from None  # the cause may carry a secret
