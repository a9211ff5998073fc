"""Where it stands who may trade which strategies of a broker account, whatever the tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.domain.book import PortfolioBook
from backend.domain.lease import AccountLeases, LeaseChange
from backend.domain.tick import PortfolioKey


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderBook:
    """A holder's book, with the version that was read."""

    key: PortfolioKey
    book: PortfolioBook
    version: object


class Leases(Protocol):
    def leases(self, account_id: str) -> tuple[AccountLeases, object | None]:
        """Read an account's leases, with the version that a change of them is conditional on; None where none is."""
        ...

    def book(self, holder: str) -> HolderBook | None:
        """Read the book on which a holder's commits depend; None where it has none yet."""
        ...

    def change(self, change: LeaseChange, *, fenced: HolderBook | None = None) -> None:
        """Write an account's leases, and at once a holder's book, so that no commit based on an earlier one succeeds.

        Raises
        ------
        CommitConflict
            One of them moved; nothing was written.
        """
        ...

    def accounts(self) -> Sequence[AccountLeases]:
        """Return the leases of every account of this store, by account."""
        ...
