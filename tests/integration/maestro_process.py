"""The ``maestro`` command in a process of its own, with nothing of the surrounding environment."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
RECORDED_PRICES = ROOT / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
TIME_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a finished command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        assert self.status == 0, self.err
        return json.loads(self.out)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the variables of a fresh machine whose PATH holds the virtual environment alone.

    PYTHONPATH is this checkout: the environment may have another one installed.
    """
    path = str(Path(sys.executable).parent)
    return {"PATH": path, "HOME": str(folder), "COLUMNS": "200", "PYTHONPATH": str(ROOT), **variables}


def start(
    *arguments: str | Path, folder: Path, stdin: IO[str] | None = None, **variables: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "maestro", *map(str, arguments)],
        cwd=folder,
        env=environment(folder, **variables),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command; none may ever show a traceback."""
    with process:
        try:
            out, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
        finally:
            process.kill()
    assert "Traceback" not in out + err, err
    return Ended(status=process.returncode, out=out, err=err)


def maestro(*arguments: str | Path, folder: Path, **variables: str) -> Ended:
    return finish(start(*arguments, folder=folder, **variables))
