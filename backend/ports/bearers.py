"""Who presents a token."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """What a token claims of its bearer; what of that counts is for the store to say."""

    uid: str
    email: str | None = None
    tenant_id: str | None = None
    is_platform_operator: bool = False


class Bearers(Protocol):
    def verified(self, token: str, *, check_revoked: bool) -> Bearer:
        """Return whose token it is.

        Parameters
        ----------
        check_revoked : ask, too, whether it was revoked before its hour was over: one request more

        Raises
        ------
        NotAuthenticated
            It does not hold.
        IdentityUnavailable
            That could not be found out.
        """
        ...
