"""With what the commands about tenants work: the configured store, and Firebase Auth where that is Firestore."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from backend.domain.errors import ConfigurationError
from backend.domain.tenant import Member
from backend.engine.deletion import Clearance
from backend.engine.tenant_changes import Office
from backend.settings import Settings, load_settings
from functions import access, stores
from maestro.cli.operator import operator

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's id.")]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user's uid or e-mail.")]


def office(settings: Settings, by: str | None) -> Office:
    return Office(
        tenants=stores.tenants(settings),
        identities=stores.identities(settings),
        now=lambda: datetime.now(UTC),
        by=operator(by),
    )


def clearance(settings: Settings, by: str | None) -> Clearance:
    return Clearance(
        office=office(settings, by), archive=stores.archive(settings), secrets=access.secret_removal(settings)
    )


def settings_of_store() -> Settings:
    """Return the settings, of a store that is there: looking at a tenant makes none.

    Raises
    ------
    ConfigurationError
        There is none yet.
    """
    settings = load_settings()
    if settings.store == "sqlite" and not settings.sqlite_path.exists():
        raise ConfigurationError(
            f"expected a store at {settings.sqlite_path}, found none; run maestro tenant create first, or set "
            "MAESTRO_STORE=firestore"
        )
    return settings


def has_claims(settings: Settings) -> bool:
    """Say whether users have tokens that carry claims: a file on one machine has none."""
    return settings.store == "firestore"


def member_json(member: Member) -> dict[str, Any]:
    return {
        "uid": member.uid,
        "email": member.email,
        "role": member.role.value,
        "added_at": instant(member.added_at),
        "added_by": member.added_by,
    }


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def warn_unverified(user: str, *, is_verified: bool) -> None:
    """Say that anybody may have signed up under an e-mail that nobody has confirmed."""
    if "@" in user and not is_verified:
        print(
            f"warning: {user} is not verified in Firebase Auth; make sure that who signed up with it is who you mean",
            file=sys.stderr,
        )
