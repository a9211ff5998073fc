"""Inputs that are equal and yet come otherwise: mappings in another order, numbers elsewhere in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from backend.domain.performance import FloatArray


def reordered(value: Any) -> Any:
    """Turn every mapping round, however deep it lies."""
    if isinstance(value, Mapping):
        return {key: reordered(item) for key, item in reversed(list(value.items()))}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: reordered(getattr(value, each.name)) for each in fields(value)})
    if type(value) is tuple:
        return tuple(map(reordered, value))
    return value


def layouts(matrix: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """Lay the same numbers out in every way that numpy knows, named."""
    rows, columns = matrix.shape
    for offset in (1, 4, *range(8, 64, 8)):
        buffer = np.zeros(matrix.nbytes + 128, dtype=np.uint8)
        start = -buffer.ctypes.data % 64 + offset
        yield f"{offset} bytes off", _filled(buffer[start : start + matrix.nbytes].view(np.float64), matrix)
    yield "read only, from bytes", np.frombuffer(matrix.tobytes()).reshape(rows, columns)
    yield "column by column", np.asfortranarray(matrix)
    yield "backwards", _filled(np.empty((rows, columns))[::-1, ::-1], matrix)
    yield "part of a wider matrix", _filled(np.empty((rows, columns + 3))[:, 2:-1], matrix)
    yield "every other row, every third column", _filled(np.empty((2 * rows, 3 * columns))[::2, ::3], matrix)


def _filled(place: FloatArray, matrix: FloatArray) -> FloatArray:
    found = place.reshape(matrix.shape) if place.ndim == 1 else place
    found[...] = matrix
    return found
