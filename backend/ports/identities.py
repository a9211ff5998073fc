"""Where users sign in, and the claims that their tokens carry."""

from collections.abc import Mapping
from typing import Any, Protocol

from backend.domain.tenant import Identity


class Identities(Protocol):
    """Each raises StoreUnavailable when the provider does not answer, ConfigurationError when it may not be asked."""

    def by_uid(self, uid: str) -> Identity | None:
        """Look a user up; None where there is none."""
        ...

    def by_email(self, email: str) -> Identity | None:
        """Look a user up by e-mail; None where there is none."""
        ...

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        """Give a user exactly these claims; tokens that are out keep theirs until they expire."""
        ...

    def revoke(self, uid: str) -> None:
        """Let no token be renewed that the user has now; each of them ends within the hour."""
        ...
