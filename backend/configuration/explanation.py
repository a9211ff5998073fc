"""What is wrong with a configuration: where, what was expected, what was found, and the nearest key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str, ...]
_SAID = frozenset({"condition", "channel", "twice"})  # errors of ours that say what was found


def explained(
    errors: Sequence[Mapping[str, Any]],
    model: type[BaseModel],
    *,
    place: Callable[[Path], str],
    remedy: Callable[[Path], str],
    is_secret: Callable[[Path], bool] = lambda path: False,
) -> str:
    """Turn pydantic's errors into one text.

    Parameters
    ----------
    place : what stands before a key, such as a file and line; empty for nothing
    remedy : what to do about a value of a key
    is_secret : whether what was found must not be shown
    """
    return "; ".join(_explained(error, model, place, remedy, is_secret) for error in errors)


def keys_below(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys of the block at ``path``; none where there is no block."""
    found: type[BaseModel] | None = model
    is_name = False
    for part in path:
        if found is None:
            return []
        if part.isdigit() or is_name:  # which one of a list or of a map
            is_name = False
            continue
        info = found.model_fields.get(part)
        found = _block(info.annotation) if info else None
        is_name = info is not None and get_origin(info.annotation) is dict
    return list(found.model_fields) if found is not None else []


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that is most like ``name``, None when none is."""
    return next(iter(get_close_matches(name, known, n=1)), None)


def _explained(
    error: Mapping[str, Any],
    model: type[BaseModel],
    place: Callable[[Path], str],
    remedy: Callable[[Path], str],
    is_secret: Callable[[Path], bool],
) -> str:
    path = tuple(str(part) for part in error["loc"])
    key, before = ".".join(path), place(path)
    if error["type"] == "extra_forbidden":
        known = keys_below(model, path[:-1])
        meant = _meant(path, known, model)
        hint = f"did you mean {meant}?" if meant else f"known keys: {', '.join(known)}"
        return f"{before}{key}: expected a known setting, found an unknown key; {hint}"
    expected = str(error["msg"]).replace("Input should be", "expected").replace("Field required", "expected a value")
    if error["type"] in _SAID:
        return f"{before}{key}: {expected}; {remedy(path)}"
    return f"{before}{key}: {expected}, found {_found(error, path, is_secret)}; {remedy(path)}"


def _meant(path: Path, known: Sequence[str], model: type[BaseModel]) -> str | None:
    """Return the key that was meant: the nearest beside it, else one of its very name elsewhere."""
    near = nearest(path[-1], known)
    if near is not None:
        return ".".join([*path[:-1], near])
    return next((key for key in _leaves(model) if key.rpartition(".")[2] == path[-1]), None)


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _found(error: Mapping[str, Any], path: Path, is_secret: Callable[[Path], bool]) -> str:
    value = error["input"]
    if error["type"] == "missing":
        return "none"
    if isinstance(value, str | int | float) and not is_secret(path):
        return repr(value)[:80]
    return f"a value of type {type(value).__name__}"


def _block(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _block(part)) is not None), None)
