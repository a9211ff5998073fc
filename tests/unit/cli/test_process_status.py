"""What ``maestro status`` says about the process of a folder, from what that left there."""

import os
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from maestro.cli.process_status import print_process, process_json
from maestro.live.process_files import ProcessFiles, ProcessLock

STATE: dict[str, Any] = {
    "pid": os.getpid(),
    "status": "running",
    "dry_run": True,
    "store": ".maestro/dry-run.db",
    "strategies": ["rsi_reversion"],
    "next_tick_at": "2026-06-05T15:05:00+00:00",
    "last_tick": {"scheduled_at": "2026-06-05T15:00:00+00:00"},
    "last_error": {
        "job": "tick",
        "scheduled_at": "2026-06-05T14:55:00+00:00",
        "message": "BrokerUnavailable: HTTP 500",
    },
    "settings_error": None,
}


def printed(said: dict[str, Any]) -> str:
    text = StringIO()
    print_process(said, Console(file=text, width=200))
    return text.getvalue()


def test_process_of_a_folder_where_none_ever_ran(tmp_path: Path) -> None:
    said = process_json(ProcessFiles(folder=tmp_path))
    assert (said, printed(said)) == ({"running": False}, "")


def test_process_that_holds_the_lock_runs(tmp_path: Path) -> None:
    files = ProcessFiles(folder=tmp_path)
    files.write_state(STATE)
    with ProcessLock(files.lock, "this folder"):
        said = process_json(files)
    assert said == {"running": True, **STATE}
    assert printed(said) == (
        f"process {os.getpid()} running, dry run, store .maestro/dry-run.db, asks rsi_reversion alone, "
        "next tick 2026-06-05T15:05:00Z, last tick 2026-06-05T15:00:00Z\n"
        "  tick of 2026-06-05T14:55:00Z: BrokerUnavailable: HTTP 500\n"
    )


def test_process_that_left_a_running_state_without_the_lock_was_killed(tmp_path: Path) -> None:
    files = ProcessFiles(folder=tmp_path)
    files.write_state(STATE)
    said = process_json(files)
    assert (said["running"], said["status"], said["next_tick_at"]) == (False, "killed", None)
    files.write_state({**STATE, "status": "stopped"})
    assert process_json(files)["status"] == "stopped"


def test_process_that_has_not_written_its_state_yet_starts(tmp_path: Path) -> None:
    files = ProcessFiles(folder=tmp_path)
    files.write_state({**STATE, "pid": 1})  # of the one before
    with ProcessLock(files.lock, "this folder"):
        said = process_json(files)
    assert said == {"running": True, "pid": os.getpid(), "status": "starting"}
    assert "starts, or restores a backup" in printed(said)
