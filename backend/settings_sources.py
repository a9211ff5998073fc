"""The layers that settings are read from, each as a plain mapping."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_settings import BaseSettings, EnvSettingsSource

from backend.configuration.document import named_path
from backend.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import yaml

_DEEPEST = 24


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """What a file says, and the line of every key in it; both empty when there is no such file."""

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def place(self, path: tuple[str, ...], model: type[BaseModel]) -> str:
        """Return file and line of a key, under whichever name, or of the block above; nothing without either."""
        lines = {named_path(key, model): line for key, line in self.lines.items()}
        for end in range(len(path), 0, -1):
            if path[:end] in lines:
                return f"{self.path.name}:{lines[path[:end]]}: "
        return ""


def read_settings_file(path: Path) -> SettingsFile:
    """Read a YAML file of keys; nothing when there is no such file.

    Raises
    ------
    ConfigurationError
        It cannot be read, does not parse, holds something else than keys, or holds a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return SettingsFile(path=path)
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"{path}: expected a readable text file, found {type(e).__name__}; correct it") from e
    tree, document = _parsed(text, path)
    if document is None:
        return SettingsFile(path=path)
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        found = "other keys" if isinstance(document, dict) else type(document).__name__
        raise ConfigurationError(f"{path}: expected words as keys, found {found}; write `key: value` lines")
    lines: dict[tuple[str, ...], int] = {}
    for place, number in _lines(tree, (), 0):
        if place in lines:
            raise ConfigurationError(
                f"{path.name}:{number}: {'.'.join(place)}: expected it once, found it on line {lines[place]}, too; "
                "take one of them out"
            )
        lines[place] = number
    return SettingsFile(path=path, values=document, lines=lines)


def _parsed(text: str, path: Path) -> tuple["yaml.Node | None", Any]:
    """Return a text's nodes and its values."""
    import yaml  # here, because functions have no such file, and a cold start would wait for it

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        mark = getattr(e, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        # neither the text nor the parser's error goes on: both may quote a secret
        raise ConfigurationError(f"{path}: expected YAML, found text that does not parse{line}; correct it") from None


def _lines(node: "yaml.Node | None", path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], int]]:
    import yaml

    if depth > _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value != "<<":  # a merge may be there more than once
                yield (*path, str(name.value)), name.start_mark.line + 1
                yield from _lines(value, (*path, str(name.value)), depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, str(number)), value.start_mark.line + 1
            yield from _lines(value, (*path, str(number)), depth + 1)


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
