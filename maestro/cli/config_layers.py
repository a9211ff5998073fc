"""What is configured, layer by layer: file and environment, the stored configuration over them, its versions."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from backend.domain.configuration_version import ConfigurationVersion
from backend.domain.errors import ConfigurationError
from backend.settings import FILE_VARIABLE, Settings, load_settings
from functions import stores

FileOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file; by default MAESTRO_CONFIG, else maestro.yaml.")
]


def settings_of(file: Path | None) -> Settings:
    """Read the settings, from this file when one is given."""
    return load_settings() if file is None else load_settings({**os.environ, FILE_VARIABLE: str(file)})


def block(path: Path) -> Mapping[str, Any]:
    """Return what a file sets in its block ``orchestrator``, and nothing of environment or defaults."""
    values = load_settings({FILE_VARIABLE: str(path)}).orchestrator
    return values.model_dump(mode="json", exclude_unset=True)


def side(settings: Settings, tenant_id: str, name: str) -> Mapping[str, Any]:
    return versioned(settings, tenant_id, int(name)).values if name.isdigit() else block(Path(name))


def versioned(settings: Settings, tenant_id: str, number: int) -> ConfigurationVersion:
    found = stores.configurations(settings).versions(tenant_id, last=10_000)
    for each in found:
        if each.number == number:
            return each
    known = f"1 to {found[0].number}" if found else "none"
    raise ConfigurationError(
        f"version: expected one that was stored ({known}), found {number}; see maestro config history"
    )
