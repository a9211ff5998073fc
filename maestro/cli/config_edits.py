"""A change of a configuration as an option says it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from backend.configuration.edits import Path, key_path
from backend.domain.errors import ConfigurationError


def assignment(text: str) -> tuple[Path, Any]:
    """Read ``key=value``; the value is YAML, so lists and maps can be given.

    Raises
    ------
    ConfigurationError
        There is no ``=``, or the value does not parse.
    """
    key, sign, value = text.partition("=")
    if not sign:
        raise ConfigurationError(f"--set: expected key=value, found {text!r}; correct it")
    try:
        return key_path(key), _json_ready(yaml.safe_load(value))
    except yaml.YAMLError as e:
        raise ConfigurationError(f"--set {key}: expected a YAML value, found {value!r}; quote it") from e


def _json_ready(value: Any) -> Any:
    """Write out what YAML read as an instant: a configuration is kept as JSON."""
    if isinstance(value, Mapping):
        return {name: _json_ready(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_json_ready(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
