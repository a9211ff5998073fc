"""The closes that venue and strategies see: a wave for each symbol, so that some orders gain and some lose."""

from datetime import date, timedelta
from pathlib import Path

from tests.chaos.script import SYMBOLS

_FIRST, _LAST = date(2020, 2, 24), date(2020, 4, 3)
_LEVELS = {"AAPL": 201.37, "MSFT": 48.05, "XOM": 9.9981}
_WAVE = (0.0, 0.011, -0.023, 0.017, 0.031, -0.008, -0.019)
_SATURDAY = 5


def write_prices(file: Path) -> Path:
    """Write daily closes in the wide form; the same ones every time."""
    days = [_FIRST + timedelta(days=n) for n in range((_LAST - _FIRST).days + 1)]
    lines = ["date," + ",".join(SYMBOLS)]
    for row, day in enumerate(day for day in days if day.weekday() < _SATURDAY):
        closes = [_LEVELS[symbol] * (1 + _WAVE[(row + 2 * n) % len(_WAVE)]) for n, symbol in enumerate(SYMBOLS)]
        lines.append(f"{day.isoformat()}," + ",".join(f"{close:.4f}" for close in closes))
    file.write_text("\n".join(lines) + "\n")
    return file
