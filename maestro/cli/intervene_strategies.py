"""What ``maestro intervene`` does to single strategies and to weights: configured, audited, from the next tick on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from backend.configuration import configuration_of
from backend.configuration.mode_overrides import PATH
from backend.domain.allocation_policy import AllocationMethod
from backend.domain.command import SetWeights
from backend.domain.errors import ConfigurationError
from backend.domain.mode_override import ModeOverride
from backend.engine.configuring import Configured, Order, configure
from backend.engine.control import command
from functions import stores
from functions.strategies.maestro_controller import MaestroController
from maestro.cli.chosen_store import ChosenStore
from maestro.cli.config_changes import changes_json
from maestro.cli.config_edits import Edits
from maestro.cli.config_layers import effective, stored
from maestro.cli.config_update import strategies_in
from maestro.cli.operator import operator

StrategiesArgument = Annotated[
    list[str] | None, typer.Argument(help="Strategies; without one, all trading of the account.", metavar="[STRATEGY]…")
]
BASE_WEIGHTS = ("allocation", "base_weights")


def switch(chosen: ChosenStore, names: Sequence[str], *, on: bool, by: str | None, reason: str) -> Configured:
    """Let strategies place orders again, or none, neither entries nor exits; what they hold is kept."""
    edits = Edits(
        enabled=names if on else (),
        disabled=() if on else names,
        **strategies_in(chosen.settings, stored(chosen.settings, chosen.key.tenant_id)),
    )
    return _configured(chosen, edits, by, reason)


def adjust(chosen: ChosenStore, strategy: str, weight: float | None, *, by: str | None, reason: str) -> Configured:
    """Set a strategy's base weight over what the method gives it; without one, leave it to the method again.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the weight is not from 0 to 1.
    """
    values = stored(chosen.settings, chosen.key.tenant_id)
    known = strategies_in(chosen.settings, values)["known"]
    if strategy not in known:
        raise ConfigurationError(f"expected a strategy that runs ({', '.join(sorted(known))}), found {strategy!r}")
    weights = dict(effective(chosen.settings, values).allocation.base_weights)
    weights.pop(strategy, None)
    if weight is not None:
        weights[strategy] = weight
    return _configured(chosen, Edits(sets={BASE_WEIGHTS: weights}), by, reason)


def override(chosen: ChosenStore, strategy: str, found: ModeOverride, *, reason: str) -> Configured:
    """Put a strategy into a mode until an instant, over what scoring says.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the instant is past.
    """
    if not found.is_live(now := datetime.now(UTC)):
        raise ConfigurationError(
            f"--until: expected an instant after {now.isoformat(timespec='seconds')}, found "
            f"{found.until.isoformat()}; give a later one"
        )
    known = strategies_in(chosen.settings, stored(chosen.settings, chosen.key.tenant_id))["known"]
    if strategy not in known:
        raise ConfigurationError(f"expected a strategy that runs ({', '.join(sorted(known))}), found {strategy!r}")
    value = {"mode": found.mode.value, "until": found.until.isoformat(), "reason": found.reason, "by": found.by}
    return _configured(chosen, Edits(sets={(*PATH, strategy): value}), found.by, reason)


def clear_override(chosen: ChosenStore, strategy: str, *, by: str | None, reason: str) -> Configured:
    """End a strategy's override now; scoring has the word again.

    Raises
    ------
    ConfigurationError
        The stored configuration overrides no such strategy.
    """
    overrides = configuration_of(stored(chosen.settings, chosen.key.tenant_id)).scoring.mode_overrides
    if strategy not in overrides:
        raise ConfigurationError(
            f"--clear: expected a strategy that is overridden ({', '.join(sorted(overrides)) or 'none'}), found "
            f"{strategy!r}; see maestro config show"
        )
    return _configured(chosen, Edits(unsets=[(*PATH, strategy)]), by, reason)


def rebalance(chosen: ChosenStore, *, by: str | None, reason: str) -> dict[str, Any]:
    """Order new weights from the method, in the next tick of every portfolio.

    Raises
    ------
    ConfigurationError
        The method is ``full``, which has no weights to set.
    """
    method = effective(chosen.settings, stored(chosen.settings, chosen.key.tenant_id)).allocation.method
    if method is AllocationMethod.FULL:
        raise ConfigurationError(
            "rebalance: expected a method that shares the account, found full, which gives all of it to each; "
            "see maestro config update --allocation-method"
        )
    found = frozenset(key.portfolio_id for key in chosen.control.portfolios(chosen.key.tenant_id))
    portfolios = found or frozenset({chosen.key.portfolio_id})
    order = SetWeights(by=operator(by), reason=reason, portfolios=portfolios)
    done = command(order, tenant_id=chosen.key.tenant_id, control=chosen.control, now=lambda: datetime.now(UTC))
    return {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "method": method.value,
        "portfolios": sorted(portfolios),
        "audit_sequence": done.entry.sequence,
    }


def configured_json(chosen: ChosenStore, done: Configured) -> Mapping[str, Any]:
    """Return a change as JSON-ready values."""
    return {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "version": done.number,
        "changes": changes_json(done.changes),
    }


def _configured(chosen: ChosenStore, edits: Edits, by: str | None, reason: str) -> Configured:
    order = Order(tenant_id=chosen.key.tenant_id, by=operator(by), reason=reason, change=edits.applied)
    defaults = chosen.settings.policy(MaestroController.default_policy())
    configurations = stores.configurations(chosen.settings)
    return configure(order, configurations, defaults=defaults, now=lambda: datetime.now(UTC))
