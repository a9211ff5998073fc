"""Faults on purpose, by a small grammar::

    FAULT  := METHOD " " PATH ":" ACTION [ "*" COUNT ] [ "%" PROBABILITY ]
    METHOD := GET | POST | PATCH | PUT | DELETE | ANY
    PATH   := exact path such as /v2/orders, or a beginning of one followed by "*", such as /v2/*
    ACTION := 400 … 599               answer with this status and Alpaca's JSON
            | garbage [ "=" STATUS ]    answer with HTML (status 200 unless given)
            | hang "=" SECONDS          wait, then handle the request; dropped if the client leaves meanwhile
            | drop-before               close the connection; the request is not handled
            | timeout-after-accept [ "=" SECONDS ]
                                      handle the request, withhold the answer, then close the connection
            | status-after-accept "=" STATUS
                                      handle the request, but answer as a gateway that lost the answer

COUNT is how often the fault happens (always, when not given); PROBABILITY in (0, 1] is drawn from the seed.
The first fault in the list that matches and happens wins.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from maestro.servers.paper_broker.errors import FaultSpecError

_GRAMMAR = re.compile(
    r"(?P<method>GET|POST|PATCH|PUT|DELETE|ANY) (?P<path>/[^\s*%]*\*?):"
    r"(?P<action>\d{3}|garbage|hang|drop-before|timeout-after-accept|status-after-accept)(?:=(?P<argument>\d+(?:\.\d+)?))?"
    r"(?:\*(?P<count>[1-9]\d*))?(?:%(?P<probability>\d*\.?\d+))?"
)
_EXAMPLES = "'POST /v2/orders:429*2', 'GET /v2/*:hang=30' or 'POST /v2/orders:timeout-after-accept%0.1'"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; ``status`` is set for those that answer, ``seconds`` for those that wait."""

    spec: str
    method: str
    path: str
    action: str
    status: int = 0
    seconds: float = 0.0
    remaining: int | None = None
    probability: float = 1.0

    def matches(self, method: str, path: str) -> bool:
        if self.remaining == 0 or self.method not in ("ANY", method):
            return False
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


class FaultPlan:
    """The faults in force; `pick` decides which one a request meets."""

    def __init__(self, specs: Iterable[str], seed: int) -> None:
        self._seed = seed
        self.replace(specs)

    def replace(self, specs: Iterable[str]) -> None:
        """Put `specs` in the place of all faults; raises `FaultSpecError` and changes nothing if one is wrong."""
        self.faults = [parse_fault(spec) for spec in specs]
        self._random = Random(self._seed)

    def pick(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if not fault.matches(method, path):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            return fault
        return None

    def to_document(self) -> list[dict[str, object]]:
        return [{"fault": fault.spec, "remaining": fault.remaining} for fault in self.faults]


def parse_fault(spec: str) -> Fault:
    """Read one fault.

    Raises
    ------
    FaultSpecError
        When `spec` does not follow the grammar of this module.
    """
    found = _GRAMMAR.fullmatch(spec)
    if found is None:
        raise FaultSpecError(
            f"fault {spec!r}: expected 'METHOD PATH:ACTION[*COUNT][%PROBABILITY]' with METHOD one of GET, POST, PATCH, "
            "PUT, DELETE, ANY and ACTION a status, garbage[=STATUS], hang=SECONDS, drop-before, "
            "timeout-after-accept[=SECONDS] or status-after-accept=STATUS; "
            f"write for instance {_EXAMPLES}."
        )
    action = found["action"]
    probability = float(found["probability"] or 1)
    if not 0 < probability <= 1:
        raise FaultSpecError(
            f"fault {spec!r}: expected a probability above 0, up to 1, found {probability}; correct it."
        )
    fault = Fault(
        spec=spec,
        method=found["method"],
        path=found["path"],
        action="status" if action.isdigit() else action,
        remaining=int(found["count"]) if found["count"] else None,
        probability=probability,
    )
    _set_argument(fault, found["argument"], action)
    return fault


def _set_argument(fault: Fault, argument: str | None, action: str) -> None:
    spec = fault.spec
    if fault.action in ("status", "drop-before") and argument:
        raise FaultSpecError(f"fault {spec!r}: {action} takes no argument; remove '={argument}'.")
    if action in ("hang", "status-after-accept") and not argument:
        example = "hang=30" if action == "hang" else "status-after-accept=504"
        raise FaultSpecError(f"fault {spec!r}: {action} needs an argument; write {example}.")
    if fault.action == "status":
        fault.status = _status(spec, action, lowest=400)
    elif action == "garbage":
        fault.status = _status(spec, argument or "200", lowest=200)
    elif action == "status-after-accept":
        fault.status = _status(spec, argument or "", lowest=400)
    else:
        fault.seconds = float(argument or 0)


def _status(spec: str, text: str, lowest: int) -> int:
    if not (text.isdigit() and lowest <= int(text) <= 599):
        raise FaultSpecError(f"fault {spec!r}: expected a status from {lowest} to 599, found {text}; correct it.")
    return int(text)
