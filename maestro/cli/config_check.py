"""What is wrong or doubtful about a configuration whose keys and values are right each by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.policy import DecisionPolicy
from backend.domain.timeframe import read_timeframe
from backend.settings import Settings
from functions import bootstrap
from functions.strategies.listing import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    key: str
    severity: Literal["ok", "warning", "error"]
    message: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


def findings(settings: Settings) -> list[Finding]:
    """Check strategies, constraints and limits against one another."""
    policy = settings.policy()
    loader = bootstrap.loader(settings, settings.tenant_id, settings.uid)
    names = {str(each.name) for each in policy.strategies or loader.strategies}
    found = [
        *_ok(policy),
        *_strategies(settings, policy),
        *_constraints(policy, names),
        *_limits(settings, policy),
    ]
    rank = {"error": 0, "warning": 1, "ok": 2}
    return sorted(found, key=lambda each: rank[each.severity])


def _ok(policy: DecisionPolicy) -> Iterator[Finding]:
    allocation, breakers = policy.allocation, policy.breakers
    said = (
        f"{allocation.method}, {allocation.min_weight:.1%} to {allocation.max_weight:.1%} each, {allocation.rebalance}"
    )
    yield Finding(key="allocation", severity="ok", message=said)
    levels = (
        f"warns at {breakers.warning_level:.1%}, reduces at {breakers.reduce_level:.1%}, at {breakers.max_drawdown:.1%}"
    )
    yield Finding(key="risk.max_portfolio_drawdown", severity="ok", message=f"{levels} it stops")


def _strategies(settings: Settings, policy: DecisionPolicy) -> Iterator[Finding]:
    loader = bootstrap.loader(settings, settings.tenant_id, settings.uid)
    for source, reason in loader.load_errors.items():
        yield Finding(key=f"strategies.packages: {source}", severity="error", message=reason)
    roster = listed(policy.strategies, loader.classes)
    for i, each in enumerate(policy.strategies):
        key = f"orchestrator.strategies.{i} ({each.name})"
        if each.name in roster.load_errors:
            yield Finding(key=key, severity="error", message=roster.load_errors[each.name])
        elif settings.prices_file is not None and read_timeframe(each.timeframe).is_intraday:
            message = f"fails at every tick: it needs bars of {each.timeframe}, and prices_file holds daily closes only"
            yield Finding(key=key, severity="warning", message=message)
        else:
            on = "enabled" if each.is_enabled else "disabled"
            yield Finding(key=key, severity="ok", message=f"{each.kind}, {on}, weight {each.weight:g}")


def _constraints(policy: DecisionPolicy, names: set[str]) -> Iterator[Finding]:
    allocation, place = policy.allocation, "orchestrator.allocation"
    for name in allocation.caps:
        if name not in names and name not in allocation.groups:
            message = "no strategy and no group has this name: it holds nobody; list its members under groups"
            yield Finding(key=f"{place}.allocation_constraints.{name}", severity="warning", message=message)
    for group, members in allocation.groups.items():
        unknown = sorted(members - names)
        if unknown:
            yield Finding(key=f"{place}.groups.{group}", severity="warning", message=f"unknown: {', '.join(unknown)}")
        if group not in allocation.caps:
            message = "has no cap under allocation_constraints: it changes nothing"
            yield Finding(key=f"{place}.groups.{group}", severity="warning", message=message)
    for name in {*allocation.base_weights, *policy.disabled, *policy.mode_overrides} - names:
        yield Finding(key=f"strategy {name}", severity="warning", message="configured, and none of this name runs")
    running = len(names - policy.disabled_names(datetime.now(UTC)))
    if running and allocation.method is not AllocationMethod.FULL:
        most = allocation.max_weight * running
        if most < 1.0:
            message = f"{running} strategies of at most {allocation.max_weight:.1%} leave {1 - most:.1%} in cash"
            yield Finding(key=f"{place}.max_allocation", severity="warning", message=message)
        if allocation.min_weight * running > 1.0:
            message = f"{running} strategies of at least {allocation.min_weight:.1%} ask for more than all: scaled down"
            yield Finding(key=f"{place}.min_allocation", severity="warning", message=message)


def _limits(settings: Settings, policy: DecisionPolicy) -> Iterator[Finding]:
    urls = settings.notifications
    for channel in policy.alerts.channels:
        if channel != "console" and not getattr(urls, channel).get_secret_value():
            message = f"nothing goes out: set MAESTRO_NOTIFICATIONS__{channel.upper()} to an Apprise URL"
            yield Finding(key=f"notifications.{channel}", severity="warning", message=message)
    stops, limit = policy.breakers.emergency_stops, policy.risk.max_strategy_correlation
    if "correlation_too_high" in stops and limit >= 1.0:
        message = "can never happen while risk.max_strategy_correlation is 1"
        yield Finding(key="risk.emergency_stop_conditions: correlation_too_high", severity="warning", message=message)
    if policy.risk.position_size_limit > policy.risk.max_concentration:
        message = "is above max_concentration, which holds first"
        yield Finding(key="risk.position_size_limit", severity="warning", message=message)
