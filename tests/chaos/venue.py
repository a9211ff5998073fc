"""The paper broker as a process of its own, and its control plane."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.chaos.script import START, WHOLE_SHARES, VenueKind

_KINDS: dict[VenueKind, tuple[str, ...]] = {
    VenueKind.AT_ONCE: ("--slippage-bps=7",),
    VenueKind.IN_PARTS: ("--partial-fill=0.4",),
    VenueKind.LATER: ("--fill-delay=next-step", "--slippage-bps=3"),
}
_CREDENTIALS = {"APCA-API-KEY-ID": "owner", "APCA-API-SECRET-KEY": "owner"}
_LONGEST_SECONDS = 20.0


class PaperVenue:
    """One paper broker, from when it is entered on; ``reset`` returns it to its start."""

    url: str
    _connection: HTTPConnection

    def __init__(self, kind: VenueKind, prices: Path) -> None:
        options = [f"--prices={prices}", "--port=0", f"--start={START.isoformat()}", f"--whole-shares={WHOLE_SHARES}"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "maestro", "paper-broker", *options, *_KINDS[kind]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        self.url = said.rpartition(" ")[2].strip()
        if not self.url.startswith("http://"):
            self._process.kill()
            raise RuntimeError(f"paper broker: expected its address, found {said!r}; see what it printed")
        self._connection = HTTPConnection(self.url.removeprefix("http://"), timeout=_LONGEST_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def reset(self) -> None:
        self._ask("POST", "/_paper/reset", {})

    def move_clock(self, now: datetime) -> None:
        self._ask("POST", "/_paper/clock", {"now": now.isoformat()})

    def set_faults(self, faults: Sequence[str]) -> None:
        self._ask("POST", "/_paper/faults", {"faults": list(faults)})

    def state(self) -> dict[str, Any]:
        status, document = self._ask("GET", "/_paper/state")
        assert status == 200, document
        return dict(document)

    def post_order(self, body: Mapping[str, Any]) -> int:
        """Send an order request past everything that watches; return the status."""
        return self._ask("POST", "/v2/orders", body)[0]

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **_CREDENTIALS}
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        if path.startswith("/_paper/") and answer.status != 200:
            raise RuntimeError(f"{path}: expected 200, found {answer.status}: {read.decode()}; correct the history")
        return answer.status, json.loads(read)
