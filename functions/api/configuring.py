"""What is configured: read, changed as a whole or not at all, for all of it or for one strategy."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from backend.configuration.edits import Edits, key_path
from backend.domain.audit import AuditEntry
from backend.domain.configuration_version import changes
from backend.domain.errors import NotFound, RequestInvalid
from backend.domain.mode_override import ModeOverride
from backend.engine.configuring import Order
from backend.ports.receipts import Once
from functions import interventions, stores
from functions.api import answers
from functions.api.calls import Call, Deed
from functions.api.takes import (
    ConfigurationBody,
    OverrideBody,
    ReasonBody,
    ReasonQuery,
    StrategyPath,
    TenantPath,
    VersionsQuery,
)


def configuration(call: Call, path: TenantPath) -> answers.Configuration:
    """What the tenant has set, and what holds."""
    found = stores.configurations(call.settings).configuration(call.tenant_id)
    return answers.Configuration(
        tenant_id=call.tenant_id,
        version=found.number,
        values=dict(found.values),
        effective=interventions.effective(call.settings, found.values).model_dump(mode="json"),
    )


def versions(call: Call, path: TenantPath, query: VersionsQuery) -> answers.Versions:
    """Who changed the configuration, when, what and why, newest first."""
    found = stores.configurations(call.settings).versions(call.tenant_id, last=query.limit + 1)
    before = [*(each.values for each in found[1:]), {}][: len(found)]
    return answers.Versions(
        versions=[
            answers.Version(
                version=each.number,
                updated_at=each.updated_at.isoformat(),
                updated_by=each.updated_by,
                reason=each.reason,
                changes=_changes(interventions.changes_json(changes(earlier, each.values))),
            )
            for each, earlier in zip(found, before, strict=True)
        ][: query.limit]
    )


def configure(call: Call, path: TenantPath, body: ConfigurationBody) -> Deed:
    """Set keys and take keys out, where the configuration still has the version that was read."""
    if not body.set and not body.unset:
        raise RequestInvalid("configuration: expected something to set or unset, found nothing; name a key")
    sets = {key_path(key): value for key, value in body.set.items()}
    edits = Edits(sets=sets, unsets=list(map(key_path, body.unset)))
    return _deed(call, edits, body.reason, body.expected_version)


def pause(call: Call, path: StrategyPath, body: ReasonBody) -> Deed:
    """Let a strategy place no order, neither entry nor exit, until it is resumed; it keeps what it holds."""
    _require(call, path.strategy)
    return _deed(call, interventions.switch(call.settings, call.tenant_id, [path.strategy], on=False), body.reason)


def resume(call: Call, path: StrategyPath, body: ReasonBody) -> Deed:
    """Let a strategy place orders again."""
    _require(call, path.strategy)
    return _deed(call, interventions.switch(call.settings, call.tenant_id, [path.strategy], on=True), body.reason)


def override_mode(call: Call, path: StrategyPath, body: OverrideBody) -> Deed:
    """Put a strategy in a mode until an instant, whatever its record says."""
    _require(call, path.strategy)
    found = ModeOverride(mode=body.mode, until=body.until, reason=body.reason, by=call.caller.name)
    return _deed(call, interventions.override(call.settings, call.tenant_id, path.strategy, found), body.reason)


def restore_mode(call: Call, path: StrategyPath, query: ReasonQuery) -> Deed:
    """Leave a strategy's mode to its record again."""
    _require(call, path.strategy)
    return _deed(call, interventions.clear_override(call.settings, call.tenant_id, path.strategy), query.reason)


def _require(call: Call, strategy: str) -> None:
    running = interventions.strategies_in(call.settings, interventions.stored(call.settings, call.tenant_id))
    if strategy not in running["known"]:
        raise NotFound(f"strategy: expected one that runs, found {strategy!r}; see GET strategies")


def _deed(call: Call, edits: Edits, reason: str, expected: int | None = None) -> Deed:
    order = Order(
        tenant_id=call.tenant_id,
        by=call.caller.name,
        reason=reason,
        change=edits.applied,
        expected_number=expected,
    )
    return Deed(order=partial(_configured, call, order), wording=_worded)


def _configured(call: Call, order: Order, once: Once) -> Mapping[str, Any]:
    done = interventions.configured(call.settings, order, once.configurations)
    unchanged = answers.Configured(tenant_id=call.tenant_id, version=done.number, changes=[], audit_sequence=None)
    return unchanged.model_dump(mode="json")


def _worded(entry: AuditEntry) -> Mapping[str, Any]:
    facts = entry.body["facts"]
    return answers.Configured(
        tenant_id=entry.tenant_id,
        version=facts["version"],
        changes=_changes(facts["changes"]),
        audit_sequence=entry.sequence,
    ).model_dump(mode="json")


def _changes(found: list[dict[str, Any]]) -> list[answers.Change]:
    return [answers.Change(**each) for each in found]
