"""What each function is asked first by a process that has just been started.

*Nothing to do* is the least that a call of the function's own kind costs: a schedule with nobody due, a task that is
refused, an HTTP request without a token. *Work* is its first whole piece of work; for the order path that is a tick
whose orders go to the broker through alpaca-py, and whose fills are recorded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.function_process import Call
from functions import main

IDLE, WORK = "nothing to do", "first whole work"
TENANT = "bench"
_JSON = {"Content-Type": "application/json"}
_JOBS = ("reconcile", "close_day", "close_month")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdCall:
    """One call to time from the start of its process.

    Attributes
    ----------
    function, kind, label : whose call it is, whether it is idle or work, and what it is called in the table
    statuses : of HTTP, that are an answer and no fault
    portfolio : fields of the portfolio that must be there; none where nobody is to be due
    answers : what an answer must contain
    queues : tasks that must have been queued
    has_past : whether the portfolio traded on a day that is to be closed
    """

    function: str
    kind: str
    label: str
    call: Call
    statuses: tuple[int, ...] = (200,)
    portfolio: Mapping[str, Any] | None = None
    answers: str = ""
    queues: int = 0
    has_past: bool = False


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The calls that an exported function is asked, by what triggers it."""

    name: str
    endpoint: Any
    minute: datetime = field(default_factory=lambda: datetime.now(UTC).replace(second=0, microsecond=0))

    def calls(self) -> list[ColdCall]:
        if self.endpoint.scheduleTrigger is not None:
            return self._scheduled()
        if self.endpoint.taskQueueTrigger is not None:
            return self._queued()
        get = Call(method="GET", path="/")
        return [self._call(IDLE, "no token", get, statuses=(200, 401, 403, 404))]

    def _scheduled(self) -> list[ColdCall]:
        headers = {"X-CloudScheduler-JobName": "bench", "X-CloudScheduler-ScheduleTime": self.minute.isoformat()}
        always = {"state": "active", "uid": "default", "market_hours": False}
        call = Call(headers=headers)
        calls = [
            self._call(IDLE, "nobody due", call),
            self._call(WORK, "one portfolio queued", call, portfolio=always, queues=1),
        ]
        if self.name == "scheduled_tick":  # the calendar of the venue is read, whether it is open or not
            calls.append(self._call(WORK, "one in market hours", call, portfolio={**always, "market_hours": True}))
        return calls

    def _queued(self) -> list[ColdCall]:
        task = {
            "tenant_id": TENANT,
            "portfolio_id": "main",
            "uid": "default",
            "scheduled_at": self.minute.isoformat(),
            "correlation_id": "0" * 32,
        }
        active = {"state": "active", "uid": "default"}
        refused = self._call(IDLE, "refused", _task({}))
        if self.name == "tenanttick":
            tick = _task(task)
            return [refused, self._call(WORK, "tick with orders", tick, portfolio=active, answers='"orders":5')]
        yesterday = {**task, "kind": "close_day", "scheduled_at": (self.minute - timedelta(days=1)).isoformat()}
        jobs = {kind: _task({**task, "kind": kind}) for kind in _JOBS}
        return [
            refused,
            *(self._call(WORK, kind, call, portfolio=active, answers='"status":"done"') for kind, call in jobs.items()),
            self._call(
                WORK, "close_day, one day", _task(yesterday), has_past=True, portfolio=active, answers='"days":["'
            ),
        ]

    def _call(self, kind: str, label: str, call: Call, **more: Any) -> ColdCall:
        return ColdCall(function=self.name, kind=kind, label=label, call=call, **more)


def cold_calls() -> list[ColdCall]:
    """Return the calls of every function that is exported, in name order."""
    return [call for name in sorted(main.__all__) for call in _Kinds(name, _endpoint(name)).calls()]


def memory_limits() -> dict[str, int]:
    """Return the megabytes that each function is deployed with."""
    return {name: int(_endpoint(name).availableMemoryMb) for name in main.__all__}


def _endpoint(name: str) -> Any:
    return getattr(main, name).__firebase_endpoint__


def _task(data: Mapping[str, str]) -> Call:
    return Call(headers=_JSON, body=json.dumps({"data": dict(data)}))
