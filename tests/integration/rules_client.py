"""Requests to the emulator's REST door as end users send them, and the rules that it is to judge them by."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.integration.rules_table import Operation, Row, Subject, Whose

TENANT, OTHER = "acme", "globex"
ALLOWED, DENIED, MISSING = 200, 403, 404
CONTENT = {"theme": {"stringValue": "dark"}}
_DOCUMENT_ROLES = {Subject.VIEWER: "viewer", Subject.OPERATOR: "operator", Subject.OWNER: "owner"}
_CLAIMED_ROLES = {Subject.VIEWER: "owner", Subject.OPERATOR: "viewer", Subject.OWNER: "viewer"}


def uid(subject: Subject) -> str:
    return subject.value.replace(" ", "-").replace("'", "")


def claims(subject: Subject) -> dict[str, Any] | None:
    """Return what a subject's token claims; None without a token."""
    match subject:
        case Subject.ANONYMOUS:
            return None
        case Subject.OTHER_TENANT:
            return {"tenant_id": OTHER, "role": "owner"}
        case Subject.UNCLAIMED_MEMBER | Subject.UNCLAIMED_OPERATOR:
            return {}
        case Subject.PLATFORM_OPERATOR | Subject.FORGED_OPERATOR:
            return {"operator": True}
        case _:
            return {"tenant_id": TENANT, "role": _CLAIMED_ROLES.get(subject, "owner")}


def memberships() -> dict[str, dict[str, str]]:
    """Return the documents that make the subjects what they are, by path."""
    members = {subject: (TENANT, role) for subject, role in _DOCUMENT_ROLES.items()}
    members |= {
        Subject.UNCLAIMED_MEMBER: (TENANT, "owner"),
        Subject.UNKNOWN_ROLE: (TENANT, "administrator"),
        Subject.OTHER_TENANT: (OTHER, "owner"),
        Subject.FORGED_CLAIM: (OTHER, "owner"),
        Subject.FORGED_OPERATOR: (TENANT, "owner"),
    }
    documents = {f"tenants/{tenant}/members/{uid(who)}": {"role": role} for who, (tenant, role) in members.items()}
    documents[f"tenants/{TENANT}/members/{uid(Subject.ROLELESS_MEMBER)}"] = {}
    operators = (Subject.PLATFORM_OPERATOR, Subject.UNCLAIMED_OPERATOR)
    return documents | {f"operators/{uid(who)}": {"uid": uid(who)} for who in operators}


def place(row: Row, subject: Subject | None) -> str:
    """Name a document of the row's kind, as the subject would ask for it."""
    mine = "nobody" if subject is None else uid(subject)
    names = {"t": TENANT, "uid": mine if row.whose is Whose.OWN else "somebody-else", "unlisted": "secrets"}
    parts = row.path.split("/")
    return "/".join(names.get(part.strip("{}"), "x") if part.startswith("{") else part for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesClient:
    """The emulator's documents of one project."""

    http: httpx.Client
    project: str

    def load(self, rules: str) -> Any:
        """Have the project judged by these rules; return the compiler's answer."""
        files = {"rules": {"files": [{"name": "firestore.rules", "content": rules}]}}
        answer = self.http.put(f"/emulator/v1/projects/{self.project}:securityRules", json=files)
        answer.raise_for_status()
        return answer.json()

    def put(self, path: str, fields: Mapping[str, str]) -> None:
        """Write a document past the rules."""
        body = {"fields": {name: {"stringValue": value} for name, value in fields.items()}}
        self.http.patch(self._url(path), headers=ADMIN, json=body).raise_for_status()

    def remove(self, path: str) -> None:
        """Delete a document past the rules."""
        self.http.delete(self._url(path), headers=ADMIN).raise_for_status()

    def ask(self, operation: Operation, path: str, headers: Mapping[str, str], content: Any = None) -> int:
        """Send one request; return its status."""
        parent, _, document_id = path.rpartition("/")
        above, _, collection = parent.rpartition("/")
        fields = {"fields": CONTENT if content is None else content}
        match operation:
            case Operation.GET:
                answer = self.http.get(self._url(path), headers=headers)
            case Operation.LIST:
                answer = self.http.post(self._call(above, "runQuery"), headers=headers, json=_query(collection))
            case Operation.COLLECTION_GROUP:
                group = _query(collection, allDescendants=True)
                answer = self.http.post(self._call("", "runQuery"), headers=headers, json=group)
            case Operation.COUNT:
                count = {**_query(collection), "aggregations": [{"alias": "n", "count": {}}]}
                body = {"structuredAggregationQuery": count}
                answer = self.http.post(self._call(above, "runAggregationQuery"), headers=headers, json=body)
            case Operation.CREATE:
                answer = self.http.post(
                    self._url(parent), params={"documentId": document_id}, headers=headers, json=fields
                )
            case Operation.UPDATE:
                exists = {"currentDocument.exists": "true"}
                answer = self.http.patch(self._url(path), params=exists, headers=headers, json=fields)
            case Operation.DELETE:
                answer = self.http.delete(self._url(path), headers=headers)
        return answer.status_code

    def headers(self, subject: Subject) -> dict[str, str]:
        """Return what a subject's requests carry."""
        return token_headers(self.project, uid(subject), claims(subject))

    def _url(self, path: str) -> str:
        return f"/v1/projects/{self.project}/databases/(default)/documents/{path}".rstrip("/")

    def _call(self, parent: str, method: str) -> str:
        return f"{self._url(parent)}:{method}"


ADMIN = {"Authorization": "Bearer owner"}  # what the emulator takes for a service account


def token_headers(project: str, user: str, given: Mapping[str, Any] | None) -> dict[str, str]:
    """Make the headers of a user with an unsigned ID token, which the emulator takes for a signed one."""
    if given is None:
        return {}
    issuer = f"https://securetoken.google.com/{project}"
    body = {"iss": issuer, "aud": project, "sub": user, "user_id": user, "iat": 0, "exp": 4102444800, **given}
    parts = ({"alg": "none", "typ": "JWT"}, body)
    encoded = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return {"Authorization": f"Bearer {encoded}."}


def _query(collection: str, **options: bool) -> dict[str, Any]:
    return {"structuredQuery": {"from": [{"collectionId": collection, **options}]}}
