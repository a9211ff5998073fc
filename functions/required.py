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


def credentials(settings: "Settings") -> tuple[str, str]:
    """Return Alpaca's key id and secret key.

    Raises
    ------
    ConfigurationError
        One of the two is not set.
    """
    key, secret = (each.get_secret_value() for each in (settings.alpaca.key, settings.alpaca.secret))
    if not key:
        raise _missing("alpaca.key", "Alpaca's key id", "APCA_API_KEY_ID or MAESTRO_ALPACA__KEY")
    if not secret:
        raise _missing("alpaca.secret", "Alpaca's secret key", "APCA_API_SECRET_KEY or MAESTRO_ALPACA__SECRET")
    return key, secret


def _missing(key: str, expected: str, variables: str) -> Exception:
    from backend.domain.errors import ConfigurationError

    return ConfigurationError(f"{key}: expected {expected}, found none; set {variables}, or {key} in maestro.yaml")
