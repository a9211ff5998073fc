"""How numbers and modes are written, alike in the report and in the terminal; an undefined number is a dash."""

import math
from collections.abc import Callable

from backend.domain.mode import Mode

UNDEFINED = "–"
MODE_GLYPHS: dict[str, str] = {Mode.ACTIVE: "●", Mode.REDUCED: "◐", Mode.SHADOW_MODE: "○", Mode.DISABLED: "✕"}


def mode_words(mode: str) -> str:
    """Write a mode with its sign, so that it reads without its colour."""
    return f"{MODE_GLYPHS.get(mode, '·')} {mode}"


def money(value: float | None) -> str:
    return _written(value, lambda number: f"${number:,.2f}" if number >= 0 else f"−${-number:,.2f}")


def dollars(value: float | None) -> str:
    """Write money without cents, for headlines."""
    return _written(value, lambda number: _with_minus(f"${number:,.0f}" if number >= 0 else f"-${-number:,.0f}"))


def percent(value: float | None) -> str:
    return _written(value, lambda number: _with_minus(f"{number:.1%}"))


def change(value: float | None) -> str:
    """Write a fraction as a percentage that always carries its sign."""
    return _written(value, lambda number: _with_minus(f"{number:+.1%}"))


def ratio(value: float | None) -> str:
    return _written(value, lambda number: _with_minus(f"{number:.2f}"))


def _written(value: float | None, write: Callable[[float], str]) -> str:
    return UNDEFINED if value is None or not math.isfinite(value) else write(value)


def _with_minus(text: str) -> str:
    return text.replace("-", "−")
