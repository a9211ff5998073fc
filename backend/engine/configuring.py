"""Change a tenant's configuration: read, change, check, commit with its audit entry, and again when others were first.

Overrides of modes that have ended are dropped on the way.

The commit is conditional on the trading document, and moves it: whatever a tick decided under the old configuration can
no longer be committed, so the next tick that is goes by the new one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.configuration import configuration_of, configured
from backend.configuration.mode_overrides import without_expired
from backend.domain.audit import AuditKind, audited
from backend.domain.configuration_version import Change, ConfigurationVersion, changes
from backend.domain.errors import CommitConflict, ConfigurationError
from backend.domain.policy import DecisionPolicy
from backend.ports.configurations import Configurations

ATTEMPTS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who changes the configuration of whom, why, and how: from the values set now to those to be set.

    ``expected_number`` is the version that the change is meant for; whichever stands when None.
    """

    tenant_id: str
    by: str
    reason: str
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    expected_number: int | None = None

    def __post_init__(self) -> None:
        for name, text in (("reason", self.reason), ("by", self.by)):
            if not text.strip():
                raise ConfigurationError(f"{name}: expected a text for the audit log, found none; say it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What is set now and what that changed; without a change nothing was written and ``number`` is the old one."""

    number: int
    values: Mapping[str, Any]
    changes: tuple[Change, ...]


def configure(
    order: Order,
    configurations: Configurations,
    *,
    defaults: DecisionPolicy,
    now: Callable[[], datetime],
    is_rehearsal: bool = False,
) -> Configured:
    """Carry out a change.

    Parameters
    ----------
    defaults : the policy that the configuration is laid over, which it must not contradict
    is_rehearsal : check and say what would change, write nothing

    Raises
    ------
    ConfigurationError
        The result would be no valid configuration; nothing was changed.
    CommitConflict
        Another version stands than the one expected, or others moved the trading document at every attempt; nothing
        was changed.
    """
    for _ in range(ATTEMPTS):
        standing = configurations.configuration(order.tenant_id)
        if order.expected_number not in (None, standing.number):
            raise CommitConflict(
                f"{order.tenant_id}: expected version {order.expected_number} of the configuration, found "
                f"{standing.number}; read it again and decide anew"
            )
        at, values = now(), dict(order.change(standing.values))
        wanted = configuration_of(values)
        configured(defaults, values)
        if changes(standing.values, values):
            values = without_expired(values, wanted.scoring.mode_overrides, at)
        found = changes(standing.values, values)
        if not found or is_rehearsal:
            return Configured(number=standing.number, values=values, changes=found)
        version = ConfigurationVersion(
            number=standing.number + 1, values=values, updated_at=at, updated_by=order.by, reason=order.reason
        )
        facts = {
            "version": version.number,
            "changes": [{"key": each.key, "before": each.before, "after": each.after} for each in found],
        }
        trading, entry = audited(
            standing.trading,
            AuditKind.CONFIGURED,
            tenant_id=order.tenant_id,
            at=at,
            actor=order.by,
            reason=order.reason,
            facts=facts,
        )
        try:
            configurations.configure(version, trading, entry, expected=standing.expected)
        except CommitConflict:
            continue
        return Configured(number=version.number, values=values, changes=found)
    raise CommitConflict(
        f"{order.tenant_id}: expected to change the configuration within {ATTEMPTS} attempts, lost every one; "
        "nothing was changed, run the command again"
    )
