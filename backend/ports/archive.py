"""Everything that is kept of one tenant, wherever it lies: to take it along, and to remove it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedDocument:
    """A document as JSON has it: values that JSON lacks are maps with one key, such as ``$timestamp``."""

    path: str
    fields: Mapping[str, Any]


class Archive(Protocol):
    def documents(self, tenant_id: str) -> Iterator[ArchivedDocument]:
        """Read every document of a tenant, and of those that tenants share its part, in little memory."""
        ...

    def names(self, tenant_id: str) -> Iterator[str]:
        """Return the paths of the documents that are the tenant's alone, its own document last."""
        ...

    def remove(self, paths: Sequence[str]) -> None:
        """Remove documents at once; those that are gone already are no error."""
        ...

    def leases(self, tenant_id: str) -> Sequence[str]:
        """Return the broker accounts whose leases name the tenant."""
        ...

    def release(self, tenant_id: str, account_id: str) -> None:
        """Take the tenant out of an account's leases.

        Raises
        ------
        CommitConflict
            Another tenant changed them at the same time; nothing was written.
        """
        ...


class SecretRemoval(Protocol):
    """What is kept of a tenant that is no document: its credentials. Neither method says a secret."""

    def held(self, tenant_id: str) -> Sequence[str]:
        """Return the names of what is kept."""
        ...

    def remove(self, tenant_id: str) -> Sequence[str]:
        """Remove it for good and return the names of what was removed; nothing when it is gone already."""
        ...
