"""Changes of a configuration as people say them: keys that are set, keys that are taken out, strategies on and off."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from backend.configuration.document import named_path
from backend.configuration.orchestrator import OrchestratorSettings
from backend.domain.errors import ConfigurationError

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """``enabled`` and ``disabled`` are strategies; ``listed`` those that the configuration in force lists."""

    sets: Mapping[Path, Any] = field(default_factory=dict)
    unsets: Sequence[Path] = ()
    enabled: Sequence[str] = ()
    disabled: Sequence[str] = ()
    listed: Sequence[Mapping[str, Any]] = ()
    known: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.sets or self.unsets or self.enabled or self.disabled)

    def applied(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``values`` after the edits."""
        result: dict[str, Any] = deepcopy(dict(values))
        for path, value in self.sets.items():
            _set(result, path, value)
        for path in self.unsets:
            _unset(result, path)
        if self.enabled or self.disabled:
            self._switch(result)
        return result

    def _switch(self, result: dict[str, Any]) -> None:
        for name in (*self.enabled, *self.disabled):
            if name not in self.known:
                raise ConfigurationError(
                    f"expected a strategy that runs ({', '.join(sorted(self.known))}), found {name!r}; "
                    "see maestro list-strategies"
                )
        own = result.get("strategies") or (self.listed if self._wakes() else ())
        names = {each["name"] for each in own}
        for name, is_enabled in (*((name, True) for name in self.enabled), *((name, False) for name in self.disabled)):
            if name in names:
                own = [{**each, "enabled": is_enabled} if each["name"] == name else each for each in own]
        if own:
            result["strategies"] = list(own)
        off = result.get("disabled_strategies", ())
        off = {*(off.split(",") if isinstance(off, str) else off), *(set(self.disabled) - names)} - set(self.enabled)
        if off or "disabled_strategies" in result:
            result["disabled_strategies"] = sorted(off)

    def _wakes(self) -> bool:
        """Say whether a strategy is to be enabled that a layer below lists as disabled."""
        return any(each["name"] in self.enabled and not each.get("enabled", True) for each in self.listed)


def key_path(key: str) -> Path:
    """Read a dotted key such as ``risk.max_drawdown``, with or without ``orchestrator`` before it."""
    parts = tuple(part.strip() for part in key.split("."))
    parts = parts[1:] if parts[0] == "orchestrator" else parts
    if not parts or not all(parts):
        raise ConfigurationError(f"expected a key such as risk.position_size_limit, found {key!r}; correct it")
    return named_path(parts, OrchestratorSettings)


def _set(values: dict[str, Any], path: Path, value: Any) -> None:
    for part in path[:-1]:
        below = values.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigurationError(
                f"{'.'.join(path)}: expected {part} to be a block, found {below!r}; correct the key"
            )
        values = below
    values[path[-1]] = value


def _unset(values: dict[str, Any], path: Path) -> None:
    trail = [values]
    for part in path[:-1]:
        below = trail[-1].get(part)
        if not isinstance(below, dict):
            return
        trail.append(below)
    trail[-1].pop(path[-1], None)
    for above, part in zip(reversed(trail[:-1]), reversed(path[:-1]), strict=True):
        if not above[part]:
            del above[part]  # a block that is empty says nothing
