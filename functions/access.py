"""Where the tenants' credentials for the broker come from, chosen by the settings."""

from typing import TYPE_CHECKING

from functions import clients
from functions.required import project

if TYPE_CHECKING:
    from backend.ports.archive import SecretRemoval
    from backend.ports.credentials import Credentials
    from backend.settings import Settings


def credentials(settings: "Settings") -> "Credentials":
    """Return each tenant's own, or the one account that the process was given for all.

    Raises
    ------
    ConfigurationError
        Secret Manager without a project.
    """
    chosen = settings.credentials
    if chosen.source == "file":
        return clients.secret_file(chosen.file, chosen.cache_seconds)
    if chosen.source == "secret_manager":
        return clients.secret_manager(project(settings), chosen.cache_seconds)
    from backend.domain.access import Secret

    alpaca = settings.alpaca
    secret = Secret(alpaca.secret.get_secret_value())
    return clients.environment(alpaca.key.get_secret_value(), secret, alpaca.paper)


def secret_removal(settings: "Settings") -> "SecretRemoval":
    """Return what is kept of a tenant beside its documents: nothing, while all tenants share one account."""
    if settings.credentials.source == "environment":
        from backend.adapters.null_secrets import NullSecrets

        return NullSecrets()
    from backend.engine.credential_removal import CredentialRemoval

    return CredentialRemoval(credentials(settings))
