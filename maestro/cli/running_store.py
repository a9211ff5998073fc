"""The store of the process that runs in this folder, beside the one that is configured: in a dry run they are two."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.domain.errors import ConfigurationError, MaestroError
from backend.domain.tick import PortfolioKey
from backend.settings import FILE_VARIABLE, Settings, load_settings
from functions.in_flight import told
from maestro.cli.chosen_store import ChosenStore, choose_store, opened
from maestro.live.process_files import ProcessFiles


def running_store(tenant: str | None) -> ChosenStore:
    """Return the store of the process that runs here, else the configured one."""
    files = ProcessFiles()
    state = files.read_state() if files.running_pid() is not None else {}
    if not state:
        return choose_store(None, tenant, demo=False)
    return opened(_settings(state), tenant or state["tenant"])


def _settings(state: Mapping[str, Any]) -> Settings:
    """Return the settings of a process; the defaults where its file has gone wrong, so that it can be stopped still."""
    config, path = state["config_file"], state["sqlite_path"]
    try:
        settings = load_settings({**os.environ, FILE_VARIABLE: config} if config else None)
    except ConfigurationError:
        if path is None:
            raise
        settings = Settings()
    return settings.model_copy(update={"store": "sqlite", "sqlite_path": Path(path)}) if path else settings


def every_store(tenant: str | None) -> tuple[list[ChosenStore], list[str]]:
    """Return the configured store and the process's where there are such, and why one of them could not be opened."""
    targets: dict[tuple[str, PortfolioKey], ChosenStore] = {}
    faults: list[str] = []
    for find in (_configured, running_store):
        try:
            found = find(tenant)
        except MaestroError as e:
            faults.append(told(e))
        else:
            targets |= {} if found is None else {(found.name, found.key): found}
    if not targets:
        raise ConfigurationError("; ".join(dict.fromkeys(faults)))
    return list(targets.values()), faults


def _configured(tenant: str | None) -> ChosenStore | None:
    settings = load_settings()
    is_there = settings.store != "sqlite" or settings.sqlite_path.exists()
    return opened(settings, tenant) if is_there else None


def names_of(targets: Sequence[ChosenStore]) -> str:
    return " and ".join(f"{each.key.tenant_id}, in {each.name}" for each in targets)
