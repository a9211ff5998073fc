"""Where each tenant's credentials for the broker are kept."""

from typing import Protocol

from backend.domain.access import AccessRecord, BrokerAccess


class Credentials(Protocol):
    """No method says a secret, in an answer's repr or in an error.

    All raise StoreUnavailable when the place does not answer, and ConfigurationError when it may not be used.
    """

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        """Return what opens the tenant's account.

        Raises
        ------
        ConfigurationError
            None is stored; the message names the command that stores it.
        StoreCorrupt
            What is stored is no credentials.
        """
        ...

    def record(self, tenant_id: str) -> AccessRecord | None:
        """Return where the tenant's credentials are kept and since when; None where there are none."""
        ...

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        """Put ``access`` in the place of the tenant's; whoever reads from here on gets it, and the old is gone."""
        ...

    def remove(self, tenant_id: str) -> None:
        """Forget the tenant's credentials for good.

        Raises
        ------
        ConfigurationError
            None are stored.
        """
        ...

    def forget(self, access: BrokerAccess) -> None:
        """Drop what is held in memory of an access that the broker refused; the next read asks the place."""
        ...
