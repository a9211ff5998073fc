"""The layers that settings are read from, each as a plain mapping."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings, EnvSettingsSource

from backend.domain.errors import ConfigurationError


class GivenVariables(EnvSettingsSource):
    """pydantic-settings' own reading of an environment, on one that is passed in."""

    def __init__(self, model: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = {name.lower(): value for name, value in variables.items()}
        super().__init__(model)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables


def customary_values(
    variables: Mapping[str, str], customs: Mapping[tuple[str, ...], tuple[str, ...]]
) -> dict[str, Any]:
    """Return what vendors' own variables say; of several names for one key, the first that is set."""
    found: dict[str, Any] = {}
    for path, names in customs.items():
        value = next((variables[name] for name in names if variables.get(name)), None)
        if value is not None:
            nested: Any = value
            for part in reversed(path):
                nested = {part: nested}
            found = merged(found, nested)
    return found


def file_values(path: Path) -> dict[str, Any]:
    """Read a YAML file of keys; nothing when there is no such file.

    Raises
    ------
    ConfigurationError
        It cannot be read, does not parse, or holds something else than keys.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"{path}: expected a readable text file, found {type(e).__name__}; correct it") from e
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        # neither the text nor the parser's error goes on: both may quote a secret
        raise ConfigurationError(f"{path}: expected YAML, found text that does not parse{line}; correct it") from None
    if document is None:
        return {}
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        found = "other keys" if isinstance(document, dict) else type(document).__name__
        raise ConfigurationError(f"{path}: expected words as keys, found {found}; write `key: value` lines")
    return document


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay mappings over one another, the last one on top; blocks are merged key by key."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            if isinstance(value, Mapping) and isinstance(below, Mapping):
                result[key] = merged(below, value)
            else:
                result[key] = value
    return result
