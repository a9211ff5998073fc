"""Whose fund it is, who may look at it and command it, and who runs the platform under it.

Access takes two things that are written at two places, a claim in the user's token and a document. The document is
written first and removed first, so that whatever is done by half denies access, and so that wherever a claim may be,
a document says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.domain.errors import ConfigurationError
from backend.domain.role import Role

MOST_MEMBERS = 1000  # they are read whole before one of them is changed
TENANT_CLAIM = "tenant_id"
ROLE_CLAIM = "role"
OPERATOR_CLAIM = "operator"

_TENANT_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_UID_LENGTH = 128  # what Firebase Auth allows
_NAME_LENGTH = 200
_REASON_LENGTH = 1000


class TenantStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"  # its portfolios do not run until it is resumed


class PortfolioState(StrEnum):
    """What a portfolio's document may say; whatever it says but ``active``, the schedule leaves the portfolio out."""

    NEW = "new"  # its tenant is being created
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"  # it was active when its tenant was suspended


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """``suspended_at``, ``suspended_by`` and ``reason`` say so of a tenant that is suspended, and are None else."""

    tenant_id: str
    name: str
    status: TenantStatus
    created_at: datetime
    created_by: str
    suspended_at: datetime | None = None
    suspended_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who may do in a tenant what ``role`` says; whoever was written by hand may lack all but the uid."""

    uid: str
    role: Role
    email: str | None
    added_at: datetime | None
    added_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who runs the platform: all tenants together, and none of their money."""

    uid: str
    email: str | None
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user as the identity provider knows them, with the claims that their next token carries.

    ``is_verified`` says whether the e-mail was shown to be theirs.
    """

    uid: str
    email: str | None
    is_verified: bool
    claims: Mapping[str, Any]

    @property
    def tenant_id(self) -> str | None:
        """The tenant that the claims name."""
        found = self.claims.get(TENANT_CLAIM)
        return found if isinstance(found, str) and found else None


def member_claims(claims: Mapping[str, Any], tenant_id: str, role: Role) -> dict[str, Any]:
    """Return a user's claims as a member's, with all that others put there."""
    return {**claims, TENANT_CLAIM: tenant_id, ROLE_CLAIM: role.value}


def stranger_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return a user's claims as those of no tenant's member."""
    return {name: value for name, value in claims.items() if name not in (TENANT_CLAIM, ROLE_CLAIM)}


def checked_tenant_id(text: str) -> str:
    """Return a new tenant's id: it stands in paths of documents and of URLs, in claims, and in names of secrets.

    Raises
    ------
    ConfigurationError
        It has other characters, or too many.
    """
    if not _TENANT_ID.fullmatch(text):
        raise ConfigurationError(
            f"tenant: expected 1 to 63 of a–z, 0–9, - and _, with a letter or digit at both ends, found {text[:80]!r}; "
            "choose another"
        )
    return text


def checked_uid(text: str) -> str:
    """Return a user's id; ConfigurationError when it cannot be one."""
    if not text or len(text) > _UID_LENGTH or not text.isprintable() or any(each in text for each in "/ "):
        raise ConfigurationError(
            f"user: expected a uid of 1 to {_UID_LENGTH} characters without space and slash, found {text[:140]!r}; "
            "name the user by uid or e-mail"
        )
    return text


def checked_name(text: str) -> str:
    """Return a tenant's name for people; ConfigurationError when it is none."""
    return _line("name", text, _NAME_LENGTH)


def checked_reason(text: str) -> str:
    """Return why something is done; ConfigurationError when it says nothing."""
    return _line("reason", text, _REASON_LENGTH)


def _line(what: str, text: str, most: int) -> str:
    stripped = text.strip()
    if not stripped or len(stripped) > most or not stripped.isprintable():
        raise ConfigurationError(
            f"{what}: expected one line of 1 to {most} characters, found {text[:80]!r} ({len(text)} characters); "
            "correct it"
        )
    return stripped
