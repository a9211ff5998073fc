"""The policy that a tenant's decisions are taken by."""

from collections.abc import Mapping
from typing import Any

from backend.domain.policy import DecisionPolicy


def policy_of(defaults: DecisionPolicy, configuration: Mapping[str, Any]) -> DecisionPolicy:
    """Lay a tenant's ``config/orchestrator`` over the policy of the process.

    Raises
    ------
    ConfigurationError
        The document is no valid configuration.
    """
    if not configuration:
        return defaults
    from backend.configuration import configured  # its models are slow to import, and most tenants have no document

    return configured(defaults, configuration)
