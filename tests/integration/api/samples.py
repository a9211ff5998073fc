"""A request to each endpoint that is as it should be, and what it takes to be let in: one table for all suites."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.domain.role import Role

WHY: Mapping[str, Any] = {"reason": "a test"}
RULE = "strategies/rsi_reversion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request, and the role that it takes.

    ``rests`` says whether it may be made of a suspended tenant, ``platform`` whether by platform operators.
    """

    name: str
    method: str
    path: str
    least: Role
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    rests: bool = False
    platform: bool = False

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and self.name != "simulate"


def _get(name: str, path: str, *, platform: bool = False) -> Sample:
    return Sample(name=name, method="GET", path=path, least=Role.VIEWER, rests=True, platform=platform)


def _post(name: str, path: str, body: Any = WHY, *, rests: bool = False, platform: bool = False) -> Sample:
    return Sample(name=name, method="POST", path=path, least=Role.OPERATOR, body=body, rests=rests, platform=platform)


OVERRIDE = {**WHY, "mode": "SHADOW_MODE", "until": "2999-01-01T00:00:00Z"}
CHANGE = {**WHY, "expected_version": 0, "set": {"risk.max_portfolio_drawdown": 0.2}}
SAMPLES = (
    _get("status", "status", platform=True),
    _get("strategies", "strategies"),
    _get("decisions", "decisions"),
    _get("decision", "decisions/main-20260302T150500.000000Z"),
    _get("orders", "orders"),
    _get("performance", "performance"),
    _get("configuration", "configuration"),
    _get("versions", "configuration/versions"),
    _post("halt", "halt", {**WHY, "wait_seconds": 0}, rests=True, platform=True),
    _post("reduce_only", "reduce-only", {**WHY, "wait_seconds": 0}),
    _post("flatten", "flatten", {**WHY, "wait_seconds": 0, "all": True}, rests=True),
    _post("resume", "resume"),
    _post("reset", "reset"),
    _post("rebalance", "rebalance"),
    _post("pause_strategy", f"{RULE}/pause"),
    _post("resume_strategy", f"{RULE}/resume"),
    _post("override_mode", f"{RULE}/mode-override", OVERRIDE),
    Sample(name="restore_mode", method="DELETE", path=f"{RULE}/mode-override", least=Role.OPERATOR, query=WHY),
    Sample(name="configure", method="PATCH", path="configuration", least=Role.OWNER, body=CHANGE),
    _post("simulate", "simulate", None),
)
