"""What people do to single strategies, to weights and to the configuration: audited, from the next tick on.

The command line and the HTTP API both do it here. Each function says what is to change; ``configured`` changes it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backend.configuration import OrchestratorSettings, configuration_of
from backend.configuration.document import named
from backend.configuration.edits import Edits
from backend.configuration.mode_overrides import PATH
from backend.domain.allocation_policy import AllocationMethod
from backend.domain.command import SetWeights
from backend.domain.configuration_version import Change
from backend.domain.errors import ConfigurationError
from backend.domain.mode_override import ModeOverride
from backend.engine.configuring import Configured, Order, configure
from backend.ports.configurations import Configurations
from backend.ports.control import TradingControl
from backend.settings import Settings
from backend.settings_sources import merged
from functions import bootstrap, stores
from functions.strategies.maestro_controller import MaestroController

BASE_WEIGHTS = ("allocation", "base_weights")


def stored(settings: Settings, tenant_id: str) -> Mapping[str, Any]:
    """Return what the tenant has configured; nothing where there is no store yet."""
    if settings.store == "sqlite" and not settings.sqlite_path.exists():
        return {}
    return stores.configurations(settings).configuration(tenant_id).values


def effective(settings: Settings, values: Mapping[str, Any]) -> OrchestratorSettings:
    """Lay the stored configuration over the settings of the process."""
    below = settings.orchestrator.model_dump(mode="json", exclude_unset=True)
    return configuration_of(merged(below, named(values, OrchestratorSettings)))


def strategies_in(settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the strategies that run as ``Edits`` wants them: those that are listed, else all that are found."""
    listed = [each.model_dump(mode="json", exclude_unset=True) for each in effective(settings, values).strategies]
    if listed:
        return {"listed": listed, "known": frozenset(each["name"] for each in listed)}
    found = bootstrap.loader(settings, settings.tenant_id, settings.uid).strategies
    return {"known": frozenset(each.name for each in found)}


def switch(settings: Settings, tenant_id: str, names: Sequence[str], *, on: bool) -> Edits:
    """Let strategies place orders again, or none, neither entries nor exits; what they hold is kept."""
    return Edits(
        enabled=names if on else (),
        disabled=() if on else names,
        **strategies_in(settings, stored(settings, tenant_id)),
    )


def weigh(settings: Settings, tenant_id: str, strategy: str, weight: float | None) -> Edits:
    """Set a strategy's base weight over what the method gives it; without one, leave it to the method again.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the weight is not from 0 to 1.
    """
    values = stored(settings, tenant_id)
    require_running(strategy, settings, values)
    weights = dict(effective(settings, values).allocation.base_weights)
    weights.pop(strategy, None)
    if weight is not None:
        weights[strategy] = weight
    return Edits(sets={BASE_WEIGHTS: weights})


def override(settings: Settings, tenant_id: str, strategy: str, found: ModeOverride) -> Edits:
    """Put a strategy into a mode until an instant, over what scoring says.

    Raises
    ------
    ConfigurationError
        No such strategy runs, or the instant is past.
    """
    if not found.is_live(now := datetime.now(UTC)):
        raise ConfigurationError(
            f"until: expected an instant after {now.isoformat(timespec='seconds')}, found {found.until.isoformat()}; "
            "give a later one"
        )
    require_running(strategy, settings, stored(settings, tenant_id))
    value = {"mode": found.mode.value, "until": found.until.isoformat(), "reason": found.reason, "by": found.by}
    return Edits(sets={(*PATH, strategy): value})


def clear_override(settings: Settings, tenant_id: str, strategy: str) -> Edits:
    """End a strategy's override now; scoring has the word again.

    Raises
    ------
    ConfigurationError
        The stored configuration overrides no such strategy.
    """
    overrides = configuration_of(stored(settings, tenant_id)).scoring.mode_overrides
    if strategy not in overrides:
        raise ConfigurationError(
            f"override: expected a strategy that is overridden ({', '.join(sorted(overrides)) or 'none'}), found "
            f"{strategy!r}; see maestro config show"
        )
    return Edits(unsets=[(*PATH, strategy)])


def require_running(strategy: str, settings: Settings, values: Mapping[str, Any]) -> None:
    known = strategies_in(settings, values)["known"]
    if strategy not in known:
        raise ConfigurationError(f"expected a strategy that runs ({', '.join(sorted(known))}), found {strategy!r}")


def set_weights(
    settings: Settings, tenant_id: str, control: TradingControl, *, by: str, reason: str
) -> tuple[SetWeights, AllocationMethod]:
    """Order new weights from the method, in the next tick of every portfolio.

    Raises
    ------
    ConfigurationError
        The method is ``full``, which has no weights to set.
    """
    method = effective(settings, stored(settings, tenant_id)).allocation.method
    if method is AllocationMethod.FULL:
        raise ConfigurationError(
            "rebalance: expected a method that shares the account, found full, which gives all of it to each; "
            "see maestro config update --allocation-method"
        )
    found = frozenset(key.portfolio_id for key in control.portfolios(tenant_id))
    return SetWeights(by=by, reason=reason, portfolios=found or frozenset({settings.portfolio_id})), method


def configured(
    settings: Settings, order: Order, configurations: Configurations, *, is_rehearsal: bool = False
) -> Configured:
    """Change the configuration, which must not contradict the settings of the process."""
    defaults = settings.policy(MaestroController.default_policy())
    return configure(order, configurations, defaults=defaults, now=lambda: datetime.now(UTC), is_rehearsal=is_rehearsal)


def changes_json(found: Sequence[Change]) -> list[dict[str, Any]]:
    return [{"key": each.key, "before": each.before, "after": each.after} for each in found]
