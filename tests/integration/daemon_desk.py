"""A folder with two strategies that always buy, a paper broker, and the process that ``maestro start`` runs there."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro.live.process_files import ProcessFiles
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk
from tests.integration.maestro_process import Ended, maestro

DRY_RUN = ".maestro/dry-run.db"
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonDesk:
    folder: Path
    broker: PaperBrokerServer

    @property
    def files(self) -> ProcessFiles:
        return ProcessFiles(folder=self.folder / ".maestro")

    def run(self, *arguments: str, **changes: str) -> Ended:
        return maestro(*arguments, folder=self.folder, **{**self.variables(), **changes})

    def variables(self) -> dict[str, str]:
        return {**buying_desk.variables(self.broker.url), "USER": "ann", "LOGNAME": "ann"}

    def daemon(self, *options: str, **changes: str) -> int:
        """Start a process in the background that ticks every second; return its id."""
        answer = self.run("start", "--daemon", "--interval", "1s", *options, **changes)
        assert answer.status == 0, answer.err
        pid = self.files.running_pid()
        assert pid is not None
        assert f"process {pid} runs" in answer.out
        return pid

    def process(self, store: str | None = None) -> Any:
        named = () if store is None else ("--store", store)
        return self.run("status", "--json", *named).json["process"]

    def ticked(self, *, after: str = "") -> Any:
        """Wait for a tick that was scheduled after an instant; return the process's state then."""

        def has_ticked() -> Any:
            state = self.files.read_state()
            tick = state.get("last_tick")
            return state if tick is not None and tick["scheduled_at"] > after else None

        return until(has_ticked)

    def ticks(self, count: int) -> Any:
        """Wait for so many more ticks."""
        state = self.ticked()
        for _ in range(count):
            state = self.ticked(after=state["last_tick"]["scheduled_at"])
        return state

    def kill(self) -> None:
        pid = self.files.running_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.files.running_pid() is None)

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files.log.read_text().splitlines()]

    def ordered(self) -> list[Any]:
        """Return what the real broker has."""
        orders: list[Any] = self.broker.state()["orders"]
        return orders


@contextmanager
def daemon_desk(folder: Path) -> Iterator[DaemonDesk]:
    """Lay a desk out; the process that is left at the end is killed."""
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(folder))) as broker:
        desk = DaemonDesk(folder=folder, broker=broker)
        try:
            yield desk
        finally:
            pid = desk.files.running_pid()
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def until(found: Callable[[], Any]) -> Any:
    """Wait until something is found, and return it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError(f"expected it within {PATIENCE_SECONDS:g} s")
