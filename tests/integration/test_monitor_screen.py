"""``maestro monitor`` on a terminal: it stays, follows the store, survives one that fails, and ends with Ctrl-C."""

import fcntl
import os
import pty
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backend.domain.trading_state import TradingState
from tests.fakes.monitored_store import append_decision, play_demo

ROOT = Path(__file__).parents[2]
COMMAND = "import typer; from maestro.cli.monitor import monitor; typer.run(monitor)"
PATIENCE_SECONDS = 30.0


class Terminal:
    """One end of a pseudo-terminal, with all that was written to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._said = ""

    def wait_for(self, words: str) -> None:
        """Read until words are written that were not before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self._said:
            assert time.monotonic() < deadline, self._said[-2000:]
            if select.select([self._descriptor], [], [], 0.2)[0]:
                self._said += os.read(self._descriptor, 65536).decode(errors="replace")
        self._said = self._said.rpartition(words)[2]

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            if select.select([self._descriptor], [], [], 0.1)[0]:
                os.read(self._descriptor, 65536)
        return self.process.returncode


@contextmanager
def on_terminal(store: Path) -> Iterator[Terminal]:
    """Run the command on a terminal of 100 × 40."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--store", str(store), "--refresh", "1"],
        cwd=store.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(store.parent), "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    try:
        yield Terminal(process, outer)
    finally:
        process.kill()
        process.wait()
        os.close(inner)
        os.close(outer)


def test_monitor_stays_current_until_it_is_interrupted(tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    play_demo(store, days=5)
    with on_terminal(store) as terminal:
        terminal.wait_for(" ACTIVE ")
        terminal.wait_for(" ACTIVE ")  # it is drawn again
        append_decision(store, held_to=TradingState.HALTED)
        terminal.wait_for(" HALTED ")
        assert terminal.interrupt() == 0


def test_monitor_keeps_its_last_look_while_the_store_fails(tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    play_demo(store, days=3)
    with on_terminal(store) as terminal:
        terminal.wait_for("bollinger_reversion")
        whole = trading_fields(store, "{}")
        terminal.wait_for("the last look failed: StoreCorrupt")
        terminal.wait_for("bollinger_reversion")
        trading_fields(store, whole)
        append_decision(store, held_to=TradingState.REDUCING)
        terminal.wait_for(" REDUCING ")
        assert terminal.interrupt() == 0


def trading_fields(store: Path, fields: str) -> str:
    """Put other fields into the trading document; return those before."""
    where = "WHERE path = 'tenants/demo/state/trading'"
    with closing(sqlite3.connect(store)) as file, file:
        ((before,),) = file.execute(f"SELECT fields FROM documents {where}").fetchall()
        file.execute(f"UPDATE documents SET fields = ? {where}", [fields])
    found: str = before
    return found
