"""From settings to the policy that decisions are taken by: what was set, over the defaults."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from backend.configuration.orchestrator import OrchestratorSettings
from backend.domain.breaker_limits import EmergencyStop
from backend.domain.policy import DecisionPolicy

_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "allocation.groups": lambda groups: {name: frozenset(members) for name, members in groups.items()},
    "breakers.emergency_stops": lambda names: frozenset(map(EmergencyStop, names)),
    "disabled": frozenset,
    "mode_overrides": lambda found: {name: each.override() for name, each in found.items()},
    "strategies": lambda listed: tuple(each.definition() for each in listed),
}


def applied(settings: OrchestratorSettings, defaults: DecisionPolicy) -> DecisionPolicy:
    """Lay what was set over ``defaults``; a key that was not set changes nothing.

    Raises
    ------
    ConfigurationError
        Values that contradict each other.
    """
    changes: dict[str, dict[str, Any]] = {}
    for path, value in _set(settings):
        part, _, name = path.rpartition(".")
        changes.setdefault(part, {})[name] = _CONVERTED.get(path, _same)(value)
    own = changes.pop("", {})
    parts = {part: replace(getattr(defaults, part), **fields) for part, fields in changes.items()}
    return replace(defaults, **own, **parts) if own or parts else defaults


def facts(info: FieldInfo) -> Mapping[str, Any]:
    """Return unit, policy fields and aliases of a key; nothing for a block."""
    extra = info.json_schema_extra
    found = extra.get("maestro") if isinstance(extra, dict) else None
    return found if isinstance(found, dict) else {}


def _set(model: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in sorted(model.model_fields_set):
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _set(value)
            continue
        for path in facts(type(model).model_fields[name]).get("sets", ()):
            yield path, value


def _same(value: Any) -> Any:
    return value
