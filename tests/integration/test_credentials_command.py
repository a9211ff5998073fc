"""``maestro credentials`` as a person and a script use it: nothing that it says, stores or logs is the secret."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk
from tests.integration.maestro_process import TIME_LIMIT_SECONDS, Ended, environment, finish, start

KEY, HUSH = "PKAAAABBBBCCCCDDDD01", "hush-9fK2mQ7xL4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    folder: Path
    broker: PaperBrokerServer

    @property
    def file(self) -> Path:
        return self.folder / "private" / "secrets.json"

    def variables(self) -> dict[str, str]:
        given = buying_desk.variables(self.broker.url)
        del given["APCA_API_KEY_ID"], given["APCA_API_SECRET_KEY"]
        own = {"MAESTRO_CREDENTIALS__SOURCE": "file", "MAESTRO_CREDENTIALS__FILE": str(self.file)}
        return {**given, **own, "MAESTRO_TENANT_ID": "acme"}

    def run(self, *arguments: str, said: str = "", **changes: str) -> Ended:
        """Run a command with ``said`` on its standard input; whatever it prints, it is not the secret."""
        reading, writing = os.pipe()
        os.write(writing, said.encode())
        os.close(writing)
        with os.fdopen(reading) as given:
            ended = finish(start(*arguments, folder=self.folder, stdin=given, **{**self.variables(), **changes}))
        assert HUSH not in ended.out + ended.err
        return ended

    def set(self, *options: str, said: str = f"{HUSH}\n", **changes: str) -> Ended:
        return self.run("credentials", "set", "acme", "--key-id", KEY, *options, said=said, **changes)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    config = PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path), key=KEY, secret=HUSH)
    with PaperBrokerServer(config) as broker:
        yield Desk(folder=tmp_path, broker=broker)


def test_credentials_are_checked_stored_shown_used_and_removed(desk: Desk) -> None:
    answer = desk.set("--json")
    said = answer.json
    account = said["account"]
    assert account
    assert said == {
        "tenant": "acme",
        "place": str(desk.file),
        "version": 1,
        "since": said["since"],
        "key_id": "PK…DD01",
        "kind": "paper",
        "account": account,
    }
    assert desk.run("credentials", "show", "acme", "--json").json == {**said, "fault": None}
    assert json.loads(desk.file.read_text())["broker"]["acme"]["secret"] == HUSH

    shown = desk.run("credentials", "show", "acme")
    assert f"kept in {desk.file}, version 1 since {said['since']}" in shown.out
    assert f"key PK…DD01 of a paper account: {account}" in shown.out

    assert desk.run("tick", "--at", "2026-01-05T15:00:00-05:00", "--json").json["orders"]

    assert desk.run("credentials", "remove", "acme").status == 2  # nobody to ask
    assert desk.run("credentials", "remove", "acme", "--yes").status == 0
    gone = desk.run("credentials", "show", "acme")
    assert gone.status == 2
    assert "found none; set them with `maestro credentials set acme`" in gone.err
    assert desk.run("tick", "--at", "2026-01-06T15:00:00-05:00").status == 2


def test_credentials_that_the_broker_refuses_are_not_stored(desk: Desk) -> None:
    answer = desk.set(said="wrong-secret\n")
    assert (answer.status, desk.file.exists()) == (4, False)
    assert "expected Alpaca to accept the credentials" in answer.err
    assert "wrong-secret" not in answer.out + answer.err
    assert desk.set("--no-check", "--json", said="wrong-secret\n").json["account"] is None
    shown = desk.run("credentials", "show", "acme", "--json")
    assert shown.status == 4
    assert json.loads(shown.out)["fault"].startswith("BrokerRefused: /account: expected Alpaca to accept")
    assert desk.run("credentials", "show", "acme", "--no-check", "--json").json["account"] is None


def test_credentials_are_of_a_paper_account_unless_live_is_said(desk: Desk) -> None:
    assert desk.set("--live", "--json").json["kind"] == "live"
    assert json.loads(desk.file.read_text())["broker"]["acme"]["paper"] is False
    # what the process says of its own account plays no part
    assert desk.set("--json", MAESTRO_ALPACA__PAPER="false").json["kind"] == "paper"
    assert json.loads(desk.file.read_text())["broker"]["acme"]["paper"] is True


@pytest.mark.parametrize(
    ("arguments", "said", "changes", "words"),
    [
        (
            ["acme", "--key-id", KEY],
            HUSH,
            {"MAESTRO_CREDENTIALS__SOURCE": "environment"},
            "expected file or secret_man",
        ),
        (["acme"], HUSH, {}, "--key-id: expected a key id, found no terminal to ask at"),
        (["acme", "--key-id", KEY], "", {}, "expected a secret key of letters, digits and signs"),
        (["acme", "--key-id", KEY], f"{HUSH}\n{HUSH}", {}, "expected a secret key of letters, digits and signs"),
        (["a/b", "--key-id", KEY], HUSH, {}, "TENANT: expected an id without slash and space"),
        (["acme", "--key-id", KEY], HUSH, {"MAESTRO_CREDENTIALS__FILE": "firebase/s.json"}, "outside of every project"),
        (["acme", "--key-id", KEY], HUSH, {"MAESTRO_CREDENTIALS__SOURCE": "secret_manager"}, "a Google Cloud project"),
    ],
)
def test_credentials_that_cannot_be_kept_are_refused(
    desk: Desk, arguments: list[str], said: str, changes: dict[str, str], words: str
) -> None:
    (desk.folder / "firebase").mkdir()
    (desk.folder / "firebase" / "firebase.json").write_text("{}")
    answer = desk.run("credentials", "set", *arguments, said=said, **changes)
    assert answer.status == 2
    assert words in " ".join(answer.err.split())
    assert not desk.file.exists()


def test_credentials_are_asked_for_at_a_terminal_and_the_secret_is_not_shown(desk: Desk) -> None:
    terminal, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "maestro", "credentials", "set", "acme"],
        cwd=desk.folder,
        env=environment(desk.folder, **desk.variables()),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # so that no other terminal is asked
    ) as process:
        os.close(theirs)
        said = _conversation(terminal, [("Key id:", KEY), ("Secret key (not shown):", HUSH)])
        assert process.wait(TIME_LIMIT_SECONDS) == 0, said
    os.close(terminal)
    assert f"stored in {desk.file}, version 1" in said
    assert KEY in said  # what was typed at a plain prompt is echoed
    assert HUSH not in said
    assert json.loads(desk.file.read_text())["broker"]["acme"]["secret"] == HUSH


def _conversation(terminal: int, script: list[tuple[str, str]]) -> str:
    """Answer each prompt when it has come, and return everything that the terminal showed."""
    shown, waiting = "", list(script)
    while True:
        ready, _, _ = select.select([terminal], [], [], TIME_LIMIT_SECONDS)
        assert ready, shown
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is gone
            return shown
        if not piece:
            return shown
        shown += piece.decode(errors="replace")
        if waiting and waiting[0][0] in shown:
            os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
