"""A configuration as a plain mapping: read, named as we name it, laid over the process-wide policy."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from backend.configuration.explanation import explained
from backend.configuration.orchestrator import OrchestratorSettings
from backend.configuration.rules import applied, facts
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy

DOCUMENT = "config/orchestrator"
METADATA = frozenset({"version", "updated_at", "updated_by", "reason"})


def configured(defaults: DecisionPolicy, document: Mapping[str, Any]) -> DecisionPolicy:
    """Return ``defaults`` with what the tenant configured.

    Raises
    ------
    ConfigurationError
        An unknown key (with the nearest known one) or a value of the wrong kind or range.
    """
    own = {key: value for key, value in document.items() if key not in METADATA}
    if not own:
        return defaults
    try:
        return applied(configuration_of(own), defaults)
    except ConfigurationError as e:
        raise ConfigurationError(f"{DOCUMENT}: {e}") from e


def configuration_of(document: Mapping[str, Any]) -> OrchestratorSettings:
    """Check a configuration without its metadata.

    Raises
    ------
    ConfigurationError
        An unknown key, or a value of the wrong kind or range.
    """
    try:
        return OrchestratorSettings.model_validate(named(document, OrchestratorSettings))
    except ValidationError as e:
        text = explained(e.errors(), OrchestratorSettings, place=lambda path: "", remedy=lambda path: "correct it")
        raise ConfigurationError(text) from None


def named(document: Mapping[str, Any], model: type[BaseModel], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give every key that goes by several names the one that we use.

    Raises
    ------
    ConfigurationError
        One key under two names.
    """
    ours = _aliases(model)
    result: dict[str, Any] = {}
    for key, value in document.items():
        name = ours.get(key, key)
        if name in result:
            found = " and ".join(each for each in document if ours.get(each, each) == name)
            raise ConfigurationError(
                f"{'.'.join([*path, name])}: expected it once, found {found}; take one of them out"
            )
        kind = _block(model, name)
        result[name] = named(value, kind, (*path, name)) if isinstance(value, Mapping) and kind is not None else value
    return result


def named_path(path: tuple[str, ...], model: type[BaseModel] | None) -> tuple[str, ...]:
    """Give every part of a key's path the name that we use."""
    found: list[str] = []
    for part in path:
        name = part if model is None else _aliases(model).get(part, part)
        found.append(name)
        model = None if model is None else _block(model, name)
    return tuple(found)


def _aliases(model: type[BaseModel]) -> dict[str, str]:
    return {alias: name for name, info in model.model_fields.items() for alias in facts(info).get("aliases", ())}


def _block(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    info = model.model_fields.get(name)
    kind = info.annotation if info else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
