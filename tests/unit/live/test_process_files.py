"""The lock that a kill frees, and the state that is there whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.adapters.replaced_file import replaced_file
from backend.domain.errors import ConfigurationError
from maestro.live.process_files import ProcessFiles, ProcessLock, holder

HOLD = """
import sys, time
from pathlib import Path
from maestro.live.process_files import ProcessLock
with ProcessLock(Path(sys.argv[1]), "the test"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_lock_of_another_process_is_refused_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "held.lock"
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder(path) == other.pid
        with (
            pytest.raises(ConfigurationError, match=f"on the test, found process {other.pid}"),
            ProcessLock(path, "the test"),
        ):
            pass
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert holder(path) is None
    with ProcessLock(path, "the test"):
        assert holder(path) == os.getpid()
    assert holder(path) is None


def test_lock_that_nobody_took_has_no_holder(tmp_path: Path) -> None:
    assert ProcessFiles(folder=tmp_path / "none").running_pid() is None


def test_state_is_read_as_it_was_written_and_damage_is_named(tmp_path: Path) -> None:
    files = ProcessFiles(folder=tmp_path)
    assert files.read_state() == {}
    files.write_state({"pid": 7, "status": "running"})
    assert files.read_state() == {"pid": 7, "status": "running"}
    files.state.write_text("{")
    with pytest.raises(ConfigurationError, match="expected the state of a process"):
        files.read_state()


def test_replaced_file_keeps_the_old_content_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    with pytest.raises(TypeError), replaced_file(path) as file:
        file.write("text")  # type: ignore[arg-type]
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
    with replaced_file(path, 0o600) as file:
        file.write(b"new")
    assert (path.read_text(), path.stat().st_mode & 0o777, list(tmp_path.iterdir())) == ("new", 0o600, [path])
