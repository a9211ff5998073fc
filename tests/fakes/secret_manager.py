"""A loopback server that speaks what is needed of Secret Manager's REST, and Google's own client of it."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.http_server import Answer, Request, ScriptedServer, json_answer

PROJECT = "demo-secrets"


@dataclass(kw_only=True)
class StoredVersion:
    data: str
    state: str = "ENABLED"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class SecretManagerServer(ScriptedServer):
    """Secrets of one project in memory; ``fail_next`` gives an answer in place of the next one that matches."""

    def __init__(self) -> None:
        super().__init__(json_answer({}))
        self.secrets: dict[str, list[StoredVersion]] = {}
        self._failures: list[tuple[str, Answer]] = []

    def fail_next(self, part: str, answer: Answer, times: int = 1) -> None:
        """Fail the next requests whose method and path hold ``part``."""
        self._failures += [(part, answer)] * times

    def answer_to(self, request: Request) -> Answer:
        path = unquote(urlsplit(request.path).path)
        for failure in self._failures:
            if failure[0] in f"{request.method} {path}":
                self._failures.remove(failure)
                return failure[1]
        prefix = f"/v1/projects/{PROJECT}/secrets"
        assert path.startswith(prefix), path
        rest = path.removeprefix(prefix).strip("/")
        if not rest:
            return self._create(parse_qs(urlsplit(request.path).query)["secretId"][0])
        name, _, version = rest.partition("/")
        name, _, action = name.partition(":")
        if name not in self.secrets:
            return refusal(404, "NOT_FOUND", f"Secret [{name}] not found.")
        if action == "addVersion":
            self.secrets[name].append(StoredVersion(data=request.json()["payload"]["data"]))
            return json_answer(self._version(name, len(self.secrets[name])))
        if version.startswith("versions/"):
            return self._one(name, *version.removeprefix("versions/").partition(":")[::2])
        if version == "versions":
            numbers = range(len(self.secrets[name]), 0, -1)
            return json_answer({"versions": [self._version(name, number) for number in numbers]})
        if request.method == "DELETE":
            del self.secrets[name]
            return json_answer({})
        return json_answer({"name": f"projects/{PROJECT}/secrets/{name}"})

    def payloads(self) -> list[bytes]:
        """Everything that is stored and not destroyed."""
        return [b64decode(each.data) for versions in self.secrets.values() for each in versions if each.data]

    def _create(self, name: str) -> Answer:
        if name in self.secrets:
            return refusal(409, "ALREADY_EXISTS", f"Secret [{name}] already exists.")
        self.secrets[name] = []
        return json_answer({"name": f"projects/{PROJECT}/secrets/{name}"})

    def _one(self, name: str, number: str, action: str) -> Answer:
        versions = self.secrets[name]
        index = len(versions) if number == "latest" else int(number)
        if not 0 < index <= len(versions):
            return refusal(404, "NOT_FOUND", f"Secret Version [{name}/versions/{number}] not found.")
        found = versions[index - 1]
        if action == "destroy":
            found.state, found.data = "DESTROYED", ""
        if action == "access":
            if found.state != "ENABLED":
                return refusal(400, "FAILED_PRECONDITION", f"Secret Version is in {found.state} state.")
            return json_answer({"name": self._version(name, index)["name"], "payload": {"data": found.data}})
        return json_answer(self._version(name, index))

    def _version(self, name: str, number: int) -> dict[str, Any]:
        found = self.secrets[name][number - 1]
        return {
            "name": f"projects/{PROJECT}/secrets/{name}/versions/{number}",
            "state": found.state,
            "createTime": found.created_at.isoformat().replace("+00:00", "Z"),
        }


def refusal(status: int, code: str, message: str) -> Answer:
    """Return an error as Google's APIs write it."""
    return json_answer({"error": {"code": status, "message": message, "status": code}}, status)


@contextmanager
def secret_manager_client(url: str) -> Iterator[Any]:
    """Give Google's client of that server."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceRestTransport,
    )

    transport = SecretManagerServiceRestTransport(
        host=urlsplit(url).netloc, url_scheme="http", credentials=AnonymousCredentials()
    )
    with SecretManagerServiceClient(transport=transport) as client:
        yield client
