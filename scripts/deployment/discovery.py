"""The functions as firebase-tools discovers them, how long that takes, and what each of them asks for."""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.deployment.check import Check, Status, failed
from scripts.deployment.firebase_tools import ToolRefused, discover

DISCOVERY = "discovery"
LIMIT_SECONDS = 10.0  # firebase-tools waits no longer for the code to be imported
_PROJECT = "demo-discovery"  # a project of this kind needs no login
_TRIGGERS = {"scheduleTrigger": "schedule", "taskQueueTrigger": "task queue", "httpsTrigger": "HTTP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """What one function asks of the platform."""

    name: str
    trigger: str
    region: str
    memory_mb: int | None
    timeout_seconds: int | None
    max_instances: int | None
    secrets: tuple[str, ...]

    def __str__(self) -> str:
        memory = "default memory" if self.memory_mb is None else f"{self.memory_mb} MB"
        limit = "default time limit" if self.timeout_seconds is None else f"{self.timeout_seconds} s"
        instances = "" if self.max_instances is None else f", at most {self.max_instances} at once"
        secrets = f"; secrets: {', '.join(self.secrets)}" if self.secrets else ""
        return f"{self.name} ({self.trigger}, {self.region}): {memory}, {limit}{instances}{secrets}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What discovery found: the functions, and the parameters that they read from ``deploy/.env``."""

    functions: tuple[Function, ...] = ()
    parameters: tuple[str, ...] = ()


def check_discovery(root: Path) -> tuple[Check, Discovered]:
    """Discover as ``firebase deploy`` does; functions and parameters are empty when that fails."""
    try:
        answer, seconds = discover(root, _PROJECT)
    except ToolRefused as e:
        return failed(DISCOVERY, str(e), "correct the import: nothing may happen when functions.main is imported"), (
            Discovered()
        )
    found = _discovered(answer)
    details = tuple(map(str, found.functions))
    names, exported = {each.name for each in found.functions}, set(exported_names(root / "functions" / "main.py"))
    if names != exported:
        difference = [f"{name} is not exported" for name in sorted(names - exported)]
        difference += [f"{name} is not discovered" for name in sorted(exported - names)]
        remedy = "bring __all__ of functions/main.py and the decorated functions together"
        return failed(DISCOVERY, "; ".join(difference), remedy, details), found
    said = f"{len(names)} functions, {seconds:.1f} s of {LIMIT_SECONDS:.0f} s until the code answered"
    status = Status.WARNING if seconds > LIMIT_SECONDS / 2 else Status.OK
    remedy = "import vendors inside the functions that use them" if status is Status.WARNING else ""
    return Check(name=DISCOVERY, status=status, found=said, remedy=remedy, details=details), found


def exported_names(main: Path) -> Iterator[str]:
    """Yield the names in ``__all__`` of ``functions/main.py``, without importing anything."""
    for node in ast.parse(main.read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["__all__"]:
            yield from ast.literal_eval(node.value)


def _discovered(answer: str) -> Discovered:
    builds = json.loads(answer[answer.index("{") :])["result"].values()
    functions = [_function(name, each) for build in builds for name, each in build["endpoints"].items()]
    parameters = [each["name"] for build in builds for each in build["params"]]
    return Discovered(
        functions=tuple(sorted(functions, key=lambda each: each.name)), parameters=tuple(sorted(parameters))
    )


def _function(name: str, endpoint: Mapping[str, Any]) -> Function:
    return Function(
        name=name,
        trigger=next((kind for key, kind in _TRIGGERS.items() if key in endpoint), "event"),
        region=", ".join(endpoint["region"]),
        memory_mb=endpoint.get("availableMemoryMb"),
        timeout_seconds=endpoint.get("timeoutSeconds"),
        max_instances=endpoint.get("maxInstances"),
        secrets=tuple(each["secret"] for each in endpoint.get("secretEnvironmentVariables") or ()),
    )
