"""The tenant of ``make dev``: a portfolio that ticks, and people of each role who can sign in."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TENANT = "demo"
PORTFOLIO = "main"
PASSWORD = "only-for-dev"  # pragma: allowlist secret
COMMAND_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who can sign in with ``PASSWORD``; without a role, an operator of the platform."""

    uid: str
    role: str | None = None

    @property
    def email(self) -> str:
        return f"{self.uid}@{TENANT}.example"


OWNER = Person(uid="owner", role="owner")
OTHERS = (Person(uid="operator", role="operator"), Person(uid="viewer", role="viewer"), Person(uid="platform"))


def seed_tenant(project: str, environment: Mapping[str, str]) -> None:
    """Sign people up with the Auth emulator, and let the commands make a tenant of them.

    Parameters
    ----------
    environment : of the commands; it names the store, and holds the settings that the tenant's configuration is made of
    """
    for person in (OWNER, *OTHERS):
        _sign_up(person, project)
    _maestro(environment, "tenant", "create", TENANT, "--name=Demo", f"--owner={OWNER.email}")
    for person in OTHERS:
        if person.role is None:
            _maestro(environment, "operator", "add", person.email)
        else:
            _maestro(environment, "member", "add", TENANT, person.email, f"--role={person.role}")


def _sign_up(person: Person, project: str) -> None:
    from firebase_admin import auth

    auth.create_user(
        uid=person.uid, email=person.email, email_verified=True, password=PASSWORD, app=_firebase_app(project)
    )


def _firebase_app(project: str) -> Any:
    import firebase_admin

    name = f"maestro-dev-{project}"
    try:
        return firebase_admin.get_app(name)
    except ValueError:  # its word for "there is none yet"
        return firebase_admin.initialize_app(options={"projectId": project}, name=name)


def _maestro(environment: Mapping[str, str], *arguments: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "maestro", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"maestro {' '.join(arguments)}: expected exit status 0, found:\n{answer.stderr}")
