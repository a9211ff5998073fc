"""Users in memory, who have claims."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.domain.tenant import Identity


class FakeIdentities:
    """``Identities`` whose users are given by uid; ``revoked`` lists whose sessions were ended."""

    def __init__(self, *uids: str) -> None:
        self.users = {uid: Identity(uid=uid, email=f"{uid}@example.com", is_verified=True, claims={}) for uid in uids}
        self.revoked: list[str] = []

    def by_uid(self, uid: str) -> Identity | None:
        return self.users.get(uid)

    def by_email(self, email: str) -> Identity | None:
        return next((each for each in self.users.values() if each.email == email), None)

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        self.users[uid] = replace(self.users[uid], claims=dict(claims))

    def revoke(self, uid: str) -> None:
        self.revoked.append(uid)

    def claims(self, uid: str) -> Mapping[str, Any]:
        return self.users[uid].claims
