"""What ``maestro intervene`` does to single strategies and to weights."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from backend.configuration.edits import Edits
from backend.domain.mode_override import ModeOverride
from backend.engine.configuring import Configured, Order
from backend.engine.control import command
from functions import interventions, stores
from maestro.cli.chosen_store import ChosenStore
from maestro.cli.operator import operator

StrategiesArgument = Annotated[
    list[str] | None, typer.Argument(help="Strategies; without one, all trading of the account.", metavar="[STRATEGY]…")
]


def switch(chosen: ChosenStore, names: Sequence[str], *, on: bool, by: str | None, reason: str) -> Configured:
    """Let strategies place orders again, or none, neither entries nor exits; what they hold is kept."""
    return _configured(chosen, interventions.switch(chosen.settings, chosen.key.tenant_id, names, on=on), by, reason)


def adjust(chosen: ChosenStore, strategy: str, weight: float | None, *, by: str | None, reason: str) -> Configured:
    """Set a strategy's base weight over what the method gives it; without one, leave it to the method again.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the weight is not from 0 to 1.
    """
    edits = interventions.weigh(chosen.settings, chosen.key.tenant_id, strategy, weight)
    return _configured(chosen, edits, by, reason)


def override(chosen: ChosenStore, strategy: str, found: ModeOverride, *, reason: str) -> Configured:
    """Put a strategy into a mode until an instant, over what scoring says.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the instant is past.
    """
    edits = interventions.override(chosen.settings, chosen.key.tenant_id, strategy, found)
    return _configured(chosen, edits, found.by, reason)


def clear_override(chosen: ChosenStore, strategy: str, *, by: str | None, reason: str) -> Configured:
    """End a strategy's override now; scoring has the word again.

    Raises
    ------
    ConfigurationError
        The stored configuration overrides no such strategy.
    """
    edits = interventions.clear_override(chosen.settings, chosen.key.tenant_id, strategy)
    return _configured(chosen, edits, by, reason)


def rebalance(chosen: ChosenStore, *, by: str | None, reason: str) -> dict[str, Any]:
    """Order new weights from the method, in the next tick of every portfolio.

    Raises
    ------
    ConfigurationError
        The method is ``full``, which has no weights to set.
    """
    tenant_id, control = chosen.key.tenant_id, chosen.control
    order, method = interventions.set_weights(chosen.settings, tenant_id, control, by=operator(by), reason=reason)
    done = command(order, tenant_id=tenant_id, control=control, now=lambda: datetime.now(UTC))
    return {
        "store": chosen.name,
        "tenant": tenant_id,
        "method": method.value,
        "portfolios": sorted(order.portfolios),
        "audit_sequence": done.entry.sequence,
    }


def configured_json(chosen: ChosenStore, done: Configured) -> Mapping[str, Any]:
    """Return a change as JSON-ready values."""
    return {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "version": done.number,
        "changes": interventions.changes_json(done.changes),
    }


def _configured(chosen: ChosenStore, edits: Edits, by: str | None, reason: str) -> Configured:
    order = Order(tenant_id=chosen.key.tenant_id, by=operator(by), reason=reason, change=edits.applied)
    return interventions.configured(chosen.settings, order, stores.configurations(chosen.settings))
