"""Broker credentials from the settings of the process: one account, which serves every tenant."""

from backend.domain.access import AccessRecord, BrokerAccess, Secret
from backend.domain.errors import ConfigurationError

_PLACE = "the process's settings"


class EnvironmentCredentials:
    """``Credentials`` that are given with the process, and change with it.

    Parameters
    ----------
    key, secret : Alpaca's credentials; empty where none are set
    paper : paper account or live
    """

    def __init__(self, key: str, secret: Secret, *, paper: bool) -> None:
        self._key = key
        self._secret = secret
        self._paper = paper

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        if not self._key:
            raise _missing("alpaca.key", "Alpaca's key id", "APCA_API_KEY_ID or MAESTRO_ALPACA__KEY")
        if not self._secret.reveal():
            raise _missing("alpaca.secret", "Alpaca's secret key", "APCA_API_SECRET_KEY or MAESTRO_ALPACA__SECRET")
        return BrokerAccess(key=self._key, secret=self._secret, paper=self._paper)

    def record(self, tenant_id: str) -> AccessRecord | None:
        return AccessRecord(place=_PLACE) if self._key and self._secret.reveal() else None

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        raise one_for_all(tenant_id)

    def remove(self, tenant_id: str) -> None:
        raise one_for_all(tenant_id)

    def forget(self, access: BrokerAccess) -> None:
        """Forget nothing: what the process was given is all that it has."""


def one_for_all(tenant_id: str) -> ConfigurationError:
    """Return what is said to who would store a tenant's own."""
    return ConfigurationError(
        f"credentials.source: expected file or secret_manager to keep {tenant_id}'s own credentials, found "
        "environment, whose one account serves every tenant; set credentials.source, or APCA_API_KEY_ID and "
        "APCA_API_SECRET_KEY for all"
    )


def _missing(key: str, expected: str, variables: str) -> ConfigurationError:
    return ConfigurationError(f"{key}: expected {expected}, found none; set {variables}, or {key} in maestro.yaml")
