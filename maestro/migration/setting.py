"""Maestro's file as it is generated: settings in order, each with a note of where its value comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

_INDENT = "  "
_WIDE = 1_000_000  # no line is folded: a note stands behind its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value, or a list of plain values, and where it comes from."""

    value: Any
    note: str = ""


@dataclass(slots=True)
class Settings:
    """A mapping of settings, further mappings and lists of them, in the order in which they were put there."""

    entries: dict[str, "Setting | Settings | list[Settings]"] = field(default_factory=dict)

    def put(self, path: Sequence[str], value: Any, note: str = "") -> None:
        """Set the value at a path of keys, making the mappings above it."""
        self.at(path[:-1]).entries[path[-1]] = Setting(value=value, note=note)

    def at(self, path: Sequence[str]) -> "Settings":
        """Return the mapping at a path, made where there is none."""
        here = self
        for key in path:
            below = here.entries.setdefault(key, Settings())
            if not isinstance(below, Settings):
                raise TypeError(f"{key}: expected a mapping of settings, found a value")
            here = below
        return here

    def get(self, path: Sequence[str]) -> Any:
        """Return the plain value at a path; None where there is none."""
        here: Any = self
        for key in path:
            here = here.entries.get(key) if isinstance(here, Settings) else None
        return here.value if isinstance(here, Setting) else None


def plain(settings: Settings) -> dict[str, Any]:
    """Return the settings as a reader of the file gets them."""
    found: dict[str, Any] = {}
    for key, entry in settings.entries.items():
        match entry:
            case Setting(value=value):
                found[key] = value
            case Settings():
                found[key] = plain(entry)
            case _:
                found[key] = [plain(each) for each in entry]
    return found


def yaml_text(settings: Settings, *, heading: Sequence[str] = (), ending: Sequence[str] = ()) -> str:
    """Return the file's text; ``heading`` and ``ending`` are comments. Equal settings give equal text."""
    lines = [*_comments(heading), *([""] if heading else []), *_lines(settings, 0)]
    return "\n".join([*lines, *([""] if ending else []), *_comments(ending)]) + "\n"


def _comments(texts: Sequence[str]) -> list[str]:
    return [f"# {_one_line(text)}".rstrip() for text in texts]


def _lines(settings: Settings, depth: int) -> Iterator[str]:
    pad = _INDENT * depth
    for key, entry in settings.entries.items():
        name = f"{pad}{scalar(key)}:"
        match entry:
            case Setting(value=value, note=note):
                yield f"{name} {_value(value)}" + (f"  # {_one_line(note)}" if note else "")
            case Settings():
                yield name if entry.entries else f"{name} {{}}"
                yield from _lines(entry, depth + 1)
            case _:
                yield name if entry else f"{name} []"
                for each in entry:
                    first, *rest = _lines(each, depth + 2)
                    yield f"{pad}{_INDENT}- {first.strip()}"
                    yield from rest


def _value(value: Any) -> str:
    """Write a value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Write a scalar so that PyYAML reads the same one: ``ON`` in quotes, 1e-05 with a point."""
    if isinstance(value, str):
        # In brackets a plain word may not hold what parts a list, so quotes are asked for there as well.
        written = yaml.safe_dump([value], default_flow_style=True, width=_WIDE, allow_unicode=True).strip()[1:-1]
        if "\n" not in written and written.isprintable():
            return written
        return yaml.safe_dump(value, default_style='"', width=_WIDE).strip()
    return yaml.safe_dump(value, default_flow_style=True, width=_WIDE).removesuffix("\n...\n").strip()


def _one_line(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)
