"""How long a bar is: minutes or hours below a day, else days or weeks."""

import re
from dataclasses import dataclass

from backend.domain.errors import ConfigurationError

_TEXT = re.compile(r"([1-9]\d{0,2})([mhdw])")
_MINUTES = {"m": 1, "h": 60}
_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeframe:
    """The ``minutes`` of a bar shorter than a day, else its calendar ``days``, from a Monday on where ``is_weekly``."""

    minutes: int = 0
    days: int = 0
    is_weekly: bool = False

    @property
    def is_intraday(self) -> bool:
        return self.minutes > 0


def read_timeframe(text: str) -> Timeframe:
    """Read a length such as ``15m``, ``4h``, ``1d`` or ``1w``.

    Raises
    ------
    ConfigurationError
        It is not 1 to 59 minutes, 1 to 23 whole hours, or a number of days or weeks.
    """
    found = _TEXT.fullmatch(text)
    if found is not None and found[2] in _DAYS:
        return Timeframe(days=int(found[1]) * _DAYS[found[2]], is_weekly=found[2] == "w")
    minutes = int(found[1]) * _MINUTES[found[2]] if found is not None else 0
    if not (0 < minutes < 60 or (minutes % 60 == 0 and 0 < minutes < 24 * 60)):
        raise ConfigurationError(
            f"timeframe: expected 1 to 59 minutes such as 15m, 1 to 23 hours such as 4h, days such as 1d or weeks such "
            f"as 1w, found {text}; choose one of these"
        )
    return Timeframe(minutes=minutes)
