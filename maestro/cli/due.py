"""When the chosen portfolio's next tick is due: by the settings, or by the interval of the process that runs it."""

from datetime import timedelta
from pathlib import Path

from maestro.cli.chosen_store import ChosenStore
from maestro.live.process_files import ProcessFiles
from maestro.live.timetable import Timetable, timetable


def timetable_of(chosen: ChosenStore) -> Timetable:
    """Return the timetable of the settings, with the interval of a process of this folder that ticks on this store."""
    return timetable(chosen.settings.schedule, _interval(chosen))


def _interval(chosen: ChosenStore) -> timedelta | None:
    files = ProcessFiles()
    state = files.read_state() if files.running_pid() is not None else {}
    seconds, path = state.get("interval_seconds"), state.get("sqlite_path")
    if seconds is None:
        return None
    if chosen.settings.store == "sqlite":
        is_here = path is not None and Path(path).resolve() == chosen.settings.sqlite_path.resolve()
    else:
        is_here = state.get("store") == chosen.name
    return timedelta(seconds=seconds) if is_here else None
