"""The settings of a process that runs for long: read anew each time, the last good ones where a file went wrong."""

from collections.abc import Callable
from datetime import timedelta

from backend.domain.errors import ConfigurationError
from backend.settings import Settings
from maestro.live.timetable import Timetable, timetable

_FIXED = ("store", "sqlite_path", "project", "tenant_id", "portfolio_id", "uid")  # locks and state name them


class SettingsWatch:
    """Settings with their timetable.

    Parameters
    ----------
    load : reads the settings
    interval : takes the place of the tick's cron line, when given

    Attributes
    ----------
    fault : why the newest settings are not in use; empty while they are

    Raises
    ------
    ConfigurationError
        The first settings are wrong.
    """

    def __init__(self, load: Callable[[], Settings], interval: timedelta | None = None) -> None:
        self._load = load
        self._interval = interval
        self.fault = ""
        self.settings, self.timetable = self._read()

    def refresh(self) -> bool:
        """Read them again; return whether ``settings`` or ``fault`` changed."""
        before = self.settings, self.fault
        try:
            settings, times = self._read()
            if moved := self._moved(settings):
                raise ConfigurationError(
                    f"{moved}: expected what the process was started with, found another; restart it to change that"
                )
            self.settings, self.timetable, self.fault = settings, times, ""
        except ConfigurationError as e:
            self.fault = str(e)
        return before != (self.settings, self.fault)

    def _moved(self, settings: Settings) -> str:
        """Say which of the settings that a process cannot change under itself has changed."""
        changed = [name for name in _FIXED if getattr(settings, name) != getattr(self.settings, name)]
        return ", ".join(changed)

    def _read(self) -> tuple[Settings, Timetable]:
        settings = self._load()
        return settings, timetable(settings.schedule, self._interval)
