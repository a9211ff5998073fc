"""A tick that fails, whatever fails: its secret is in no log, no error, no document and no answer."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.secret_file import SecretFile
from backend.adapters.system_clock import SystemClock
from backend.domain.access import BrokerAccess, Secret
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk
from tests.integration.maestro_process import TIME_LIMIT_SECONDS, environment, maestro

pytestmark = pytest.mark.firestore

KEY, HUSH = "PKAAAABBBBCCCCDDDD01", "hush-9fK2mQ7xL4"
TICK = """
import sys
from firebase_functions.https_fn import CallableRequest
from flask import Request
from werkzeug.test import EnvironBuilder
from functions.triggers.tasks import tenanttick

payload = {
    "tenant_id": "acme",
    "portfolio_id": "main",
    "uid": "default",
    "scheduled_at": "2026-03-02T15:05:00+00:00",
    "correlation_id": "0" * 32,
}
builder = EnvironBuilder(headers={"X-CloudTasks-TaskRetryCount": sys.argv[1]})
print(tenanttick.__wrapped__(CallableRequest(data=payload, raw_request=Request(builder.get_environ()))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A tenant on the Firestore emulator with credentials in a file, in front of a broker that insists on them."""

    folder: Path
    broker: PaperBrokerServer
    firestore: Any
    variables: dict[str, str]

    @property
    def file(self) -> Path:
        return self.folder / "private" / "secrets.json"

    def deliver(self) -> str:
        """Deliver one task twice: the first time, and the last, after which it is a dead letter.

        Returns all that the task function printed, tracebacks too.
        """
        return self._delivered(0) + self._delivered(4)

    def _delivered(self, retries: int) -> str:
        ended = subprocess.run(
            [sys.executable, "-c", TICK, str(retries)],
            cwd=self.folder,
            env=environment(self.folder, **self.variables),
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
        return ended.stdout + ended.stderr

    def documents(self) -> str:
        return " ".join(f"{each.id} {each.get().to_dict()}" for each in _everything(self.firestore))


@pytest.fixture
def desk(
    tmp_path: Path,
    firestore_host: str,
    firestore_project: str,
    firestore_client_factory: Callable[[], Any],
) -> Iterator[Desk]:
    config = PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path), key=KEY, secret=HUSH)
    access = BrokerAccess(key=KEY, secret=Secret(HUSH), paper=True)
    file = tmp_path / "private" / "secrets.json"
    SecretFile(file, SystemClock()).store_broker_access("acme", access)
    with PaperBrokerServer(config) as broker:
        given = buying_desk.variables(broker.url)
        del given["APCA_API_KEY_ID"], given["APCA_API_SECRET_KEY"]
        own = {
            "MAESTRO_CREDENTIALS__SOURCE": "file",
            "MAESTRO_CREDENTIALS__FILE": str(file),
            "MAESTRO_STORE": "firestore",
            "MAESTRO_PROJECT": firestore_project,
            "MAESTRO_TENANT_ID": "acme",
            "FIRESTORE_EMULATOR_HOST": firestore_host,
        }
        yield Desk(folder=tmp_path, broker=broker, firestore=firestore_client_factory(), variables={**given, **own})


def test_tick_that_succeeds_writes_documents_without_the_secret(desk: Desk) -> None:
    """What the others look for would be found: this one has the documents, the account and the orders."""
    printed, stored = desk.deliver(), desk.documents()
    assert "'status': 'done'" in printed
    assert "mae-" in stored
    _assert_hushed(printed, stored)


def fault(spec: str) -> Callable[[Desk], None]:
    return lambda desk: desk.broker.set_faults([spec])


def rotated(desk: Desk) -> None:
    desk.broker.rotate("PKNEW", "new-secret")


def spoiled(desk: Desk) -> None:
    desk.file.write_text(desk.file.read_text().replace(HUSH, f"{HUSH}\\n"))


def cut_short(desk: Desk) -> None:
    desk.file.write_text(desk.file.read_text()[:-8])


def opened_to_all(desk: Desk) -> None:
    desk.file.chmod(0o644)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (rotated, "expected Alpaca to accept the credentials"),
        (fault("GET /v2/account:garbage"), "JSONDecodeError"),
        (fault("GET /v2/account:drop-before"), "ConnectionError"),
        (fault("GET /v2/account:hang=5"), "ReadTimeout"),
        (fault("POST /v2/orders:garbage"), "'unresolved': 2"),
        (spoiled, "expected a secret key of letters"),
        (cut_short, "expected a JSON object"),
        (opened_to_all, "run `chmod 600"),
    ],
)
def test_tick_that_fails_says_the_secret_nowhere(desk: Desk, happens: Callable[[Desk], None], words: str) -> None:
    happens(desk)
    printed, stored = desk.deliver(), desk.documents()
    assert words in printed
    _assert_hushed(printed, stored)
    at = "2026-03-03T15:05:00+00:00"
    for arguments in (("tick", "--at", at, "--json"), ("credentials", "show", "acme")):
        answer = maestro(*arguments, folder=desk.folder, **desk.variables)
        _assert_hushed(answer.out, answer.err)
    _assert_hushed(desk.documents())


def _assert_hushed(*texts: str) -> None:
    for text in texts:
        assert HUSH not in text
        for start in range(3):  # base64 of it, however it is aligned
            assert b64encode(HUSH[start:].encode()).decode()[:12] not in text


def _everything(place: Any) -> Iterator[Any]:
    for collection in place.collections():
        for document in collection.list_documents():
            yield document
            yield from _everything(document)
