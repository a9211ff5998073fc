"""What the chosen adapters need of the settings, or an error that says how to set it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.settings import Settings


def project(settings: "Settings") -> str:
    """Return the Google Cloud project.

    Raises
    ------
    ConfigurationError
        None is set.
    """
    if settings.project is None:
        raise _missing("project", "a Google Cloud project", "GCLOUD_PROJECT or MAESTRO_PROJECT")
    return settings.project


def _missing(key: str, expected: str, variables: str) -> Exception:
    from backend.domain.errors import ConfigurationError

    return ConfigurationError(f"{key}: expected {expected}, found none; set {variables}, or {key} in maestro.yaml")
