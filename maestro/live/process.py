"""One process that drives the jobs: what it holds, how it is told to stop, and how it comes to stand by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import FrameType

import structlog

from backend.settings import Settings
from functions import bootstrap
from maestro.live.dry_run import is_dry_run
from maestro.live.jobs import Jobs, Listening
from maestro.live.orchestrator import Orchestrator
from maestro.live.process_files import ProcessFiles, ProcessLock
from maestro.live.process_log import open_log
from maestro.live.process_state import ProcessState
from maestro.live.settings_watch import SettingsWatch

START_SECONDS = 60.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a process is started with; ``load`` reads the settings, on the dry run's store where it is one.

    ``listening`` is told of every tick, and ``beside`` is held open while the process runs, once its store is there.
    """

    load: Callable[[], Settings]
    files: ProcessFiles
    only: Collection[str] | None = None
    interval: timedelta | None = None
    config_file: Path | None = None
    console: bool = True
    listening: Listening | None = None
    beside: Callable[[Settings], AbstractContextManager[None]] | None = None


def run(running: Running) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process at once.

    Raises
    ------
    ConfigurationError
        Another process runs here or on the same store, or the settings are wrong.
    MaestroError
        Something that a tick needs is missing.
    """
    watch = SettingsWatch(running.load, running.interval)
    file = sqlite_file(watch.settings)
    with ExitStack() as held:
        held.enter_context(ProcessLock(running.files.lock, "this folder"))
        if file is not None:
            held.enter_context(ProcessLock(store_lock(file), f"the store {file}"))
        jobs = Jobs(running.only, running.listening)
        jobs.prepare(watch.settings)
        open_log(running.files.log, console=running.console)
        if running.beside is not None:
            held.enter_context(running.beside(watch.settings))
        _drive(jobs, watch, _state(running, watch.settings))


def sqlite_file(settings: Settings) -> Path | None:
    """Return the file of the store; None where it is not in one."""
    return settings.sqlite_path if settings.store == "sqlite" else None


def store_lock(file: Path) -> Path:
    """Return what a process holds while it ticks on this store, from whatever folder."""
    return Path(f"{file.resolve()}.lock")


def _state(running: Running, settings: Settings) -> ProcessState:
    file = sqlite_file(settings)
    return ProcessState(
        files=running.files,
        pid=os.getpid(),
        started_at=bootstrap.clock().now(),
        is_dry_run=is_dry_run(settings),
        strategies=None if running.only is None else tuple(sorted(running.only)),
        config_file=None if running.config_file is None else str(running.config_file),
        store=f"Firestore project {settings.project}" if file is None else str(file),
        sqlite_path=None if file is None else str(file),
        tenant_id=settings.tenant_id,
        interval_seconds=None if running.interval is None else running.interval.total_seconds(),
    )


def _drive(jobs: Jobs, watch: SettingsWatch, state: ProcessState) -> None:
    clock, log = bootstrap.clock(), structlog.get_logger(tenant_id=state.tenant_id, dry_run=state.is_dry_run)
    stopping = Event()
    with _stopped_by_signals(stopping):
        log.info("started", pid=state.pid, store=state.store, strategies=state.strategies)
        state.beat(clock.now(), next_tick_at=watch.timetable.next_tick(clock.now()))
        try:
            Orchestrator(jobs, watch, state, clock=clock, pause=stopping.wait, log=log).run()
        except BaseException:
            log.exception("crashed")
            state.ended(clock.now(), "crashed")
            raise
        state.ended(clock.now(), "stopped")
        log.info("stopped")


@contextmanager
def _stopped_by_signals(stopping: Event) -> Iterator[None]:
    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(128 + number)  # the job in hand is carried on by the next process
        stopping.set()

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """A process that was started in the background: its id, or how it ended before it ran and what it printed."""

    pid: int
    status: int | None = None
    printed: str = ""


def detach(arguments: Sequence[str], files: ProcessFiles) -> Detached:
    """Start ``maestro`` with these arguments in a session of its own, and wait, at most a minute, until it runs."""
    files.folder.mkdir(parents=True, exist_ok=True)
    with files.output.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "maestro", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while files.read_state().get("pid") != child.pid:
        status = child.poll()
        if status is None and time.monotonic() > until:
            child.kill()
            status = child.wait()
        if status is not None:
            printed = files.output.read_text(encoding="utf-8", errors="replace").strip()
            return Detached(pid=child.pid, status=status, printed=printed or f"it ended with status {status}")
        time.sleep(_LOOK_SECONDS)
    return Detached(pid=child.pid)
