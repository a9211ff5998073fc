"""``maestro metrics serve`` in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(store: Path, port: int = 0) -> "subprocess.Popen[str]":
    """Start a server over a store."""
    command = [sys.executable, "-c", "from maestro.cli.metrics import metrics; metrics()"]
    return subprocess.Popen(
        [*command, "serve", "--port", str(port), "--store", str(store)],
        cwd=store.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(store.parent), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """Yield ``host:port`` of a server over a store."""
    with start(store) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            said = process.stdout.readline()
            assert said, process.stderr.read()
            yield said.split("http://")[1].split("/")[0]
        finally:
            process.terminate()
            process.wait(timeout=10)
