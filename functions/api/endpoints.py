"""Every path below ``/v1/tenants/{tenant_id}/``: what it takes and answers, what it needs, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import getdoc, signature
from typing import Any

from backend.domain.permission import Permission
from functions.api import answers, commands, configuring, performance, performance_answers, reading, simulation
from functions.api.calls import Deed
from functions.api.takes import Taken

PREFIX = "/v1/tenants/<tenant_id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation.

    Parameters
    ----------
    act : takes the call and what the request carries, under the names ``path``, ``query`` and ``body``
    is_write : whether it needs an idempotency key; ``act`` then returns a Deed, else the answer
    """

    name: str
    method: str
    path: str
    needs: Permission
    act: Callable[..., Any]
    answer: type[answers.Answer]
    is_write: bool = False
    takes: Mapping[str, type[Taken]] = field(init=False)

    def __post_init__(self) -> None:
        found = {name: each.annotation for name, each in signature(self.act).parameters.items() if name != "call"}
        object.__setattr__(self, "takes", found)

    @property
    def rule(self) -> str:
        return f"{PREFIX}/{self.path}"

    @property
    def meaning(self) -> str:
        return (getdoc(self.act) or "").partition("\n")[0]


def _read(
    name: str, path: str, act: Callable[..., answers.Answer], answer: type[answers.Answer], *, needs: Permission
) -> Endpoint:
    return Endpoint(name=name, method="GET", path=path, needs=needs, act=act, answer=answer)


def _write(
    name: str,
    path: str,
    act: Callable[..., Deed],
    answer: type[answers.Answer],
    *,
    needs: Permission = Permission.OPERATE,
    method: str = "POST",
) -> Endpoint:
    return Endpoint(name=name, method=method, path=path, needs=needs, act=act, answer=answer, is_write=True)


_MODE = "strategies/<strategy>/mode-override"
_READ = Permission.READ

ENDPOINTS = (
    _read("status", "status", reading.status, answers.Status, needs=Permission.STATUS),
    _read("strategies", "strategies", reading.strategies, answers.Strategies, needs=_READ),
    _read("decisions", "decisions", reading.decisions, answers.Decisions, needs=_READ),
    _read("decision", "decisions/<log_id>", reading.decision, answers.Decision, needs=_READ),
    _read("orders", "orders", reading.orders, answers.Orders, needs=_READ),
    _read("performance", "performance", performance.performance, performance_answers.Performance, needs=_READ),
    _read("configuration", "configuration", configuring.configuration, answers.Configuration, needs=_READ),
    _read("versions", "configuration/versions", configuring.versions, answers.Versions, needs=_READ),
    _write("halt", "halt", commands.halt, answers.Restrained, needs=Permission.HALT),
    _write("reduce_only", "reduce-only", commands.reduce_only, answers.Restrained),
    _write("flatten", "flatten", commands.flatten, answers.Flattened, needs=Permission.FLATTEN),
    _write("resume", "resume", commands.resume, answers.Commanded),
    _write("reset", "reset", commands.reset, answers.Commanded),
    _write("rebalance", "rebalance", commands.rebalance, answers.Commanded),
    _write("pause_strategy", "strategies/<strategy>/pause", configuring.pause, answers.Configured),
    _write("resume_strategy", "strategies/<strategy>/resume", configuring.resume, answers.Configured),
    _write("override_mode", _MODE, configuring.override_mode, answers.Configured),
    _write("restore_mode", _MODE, configuring.restore_mode, answers.Configured, method="DELETE"),
    _write(
        "configure",
        "configuration",
        configuring.configure,
        answers.Configured,
        needs=Permission.CONFIGURE,
        method="PATCH",
    ),
    Endpoint(
        name="simulate",
        method="POST",
        path="simulate",
        needs=Permission.OPERATE,
        act=simulation.simulate,
        answer=answers.Simulation,
    ),
)
BY_NAME = {each.name: each for each in ENDPOINTS}
