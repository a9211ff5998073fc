"""Where it stands who may trade which strategies of a broker account, whatever the tenant."""

from collections.abc import Sequence
from typing import Protocol

from backend.domain.lease import AccountLeases


class Leases(Protocol):
    def leases(self, account_id: str) -> tuple[AccountLeases, object | None]:
        """Read an account's leases, with the version that a change of them is conditional on; None where none is."""
        ...

    def change(self, leases: AccountLeases, *, expected: object | None) -> None:
        """Write an account's leases.

        Raises
        ------
        CommitConflict
            They moved; nothing was written.
        """
        ...

    def accounts(self) -> Sequence[AccountLeases]:
        """Return the leases of every account of this store, by account."""
        ...
