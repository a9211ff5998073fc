"""The tenant of ``make dev``: a portfolio that ticks, and people of each role who can sign in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.adapters.documents import paths

TENANT = "demo"
PORTFOLIO = "main"
PASSWORD = "only-for-dev"  # pragma: allowlist secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who can sign in with ``PASSWORD``; without a role, an operator of the platform."""

    uid: str
    role: str | None = None

    @property
    def email(self) -> str:
        return f"{self.uid}@{TENANT}.example"


PEOPLE = (
    Person(uid="owner", role="owner"),
    Person(uid="operator", role="operator"),
    Person(uid="viewer", role="viewer"),
    Person(uid="platform"),
)


def seed_tenant(firestore: Any, project: str) -> None:
    """Create the tenant with its people, in the default configuration; the Auth emulator is that of the environment."""
    now = datetime.now(UTC)
    by = {"added_at": now, "added_by": "make dev"}
    firestore.document(f"tenants/{TENANT}").set(
        {"tenant_id": TENANT, "name": "Demo", "status": "active", "created_at": now, "created_by": "make dev"}
    )
    firestore.document(paths.portfolio(TENANT, PORTFOLIO)).set({"state": "active", "uid": "default"})
    for person in PEOPLE:
        who = {"uid": person.uid, "email": person.email, **by}
        if person.role is None:
            firestore.document(f"operators/{person.uid}").set(who)
            _sign_up(person, project, {"operator": True})
        else:
            firestore.document(f"tenants/{TENANT}/members/{person.uid}").set({**who, "role": person.role})
            _sign_up(person, project, {"tenant_id": TENANT, "role": person.role})


def _sign_up(person: Person, project: str, claims: dict[str, Any]) -> None:
    import firebase_admin
    from firebase_admin import auth

    name = f"maestro-dev-{project}"
    try:
        app = firebase_admin.get_app(name)
    except ValueError:  # its word for "there is none yet"
        app = firebase_admin.initialize_app(options={"projectId": project}, name=name)
    auth.create_user(uid=person.uid, email=person.email, password=PASSWORD, app=app)
    auth.set_custom_user_claims(person.uid, claims, app=app)
