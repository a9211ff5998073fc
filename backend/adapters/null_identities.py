"""Users where there is no identity provider: everybody is who they say, and nobody's token carries a claim."""

from collections.abc import Mapping
from typing import Any

from backend.domain.tenant import Identity


class NullIdentities:
    """``Identities`` of a store without accounts, such as a file on one machine."""

    def by_uid(self, uid: str) -> Identity | None:
        return Identity(uid=uid, email=None, is_verified=True, claims={})

    def by_email(self, email: str) -> Identity | None:
        return Identity(uid=email, email=email, is_verified=True, claims={})

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        """Do nothing: there is no token to carry them."""

    def revoke(self, uid: str) -> None:
        """Do nothing: there is no token to end."""
