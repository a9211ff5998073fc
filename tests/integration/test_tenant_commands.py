"""``maestro tenant``, ``member`` and ``operator`` as a person runs them on one machine, with no account."""

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.adapters.documents import paths
from backend.adapters.documents.seam import create
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import ConfigurationError
from maestro.cli.main import app
from tests.contract.sample_tenants import fill
from tests.contract.tenant_office import Bureau
from tests.fakes.identities import FakeIdentities
from tests.integration.maestro_process import environment, maestro
from tests.integration.tenant_desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    documents = SqliteDocuments(tmp_path / ".maestro" / "maestro.db")
    yield Desk(tmp_path, documents)
    documents.close()


def test_first_command_of_a_new_user_says_what_to_do(tmp_path: Path) -> None:
    for arguments in (("tenant", "list"), ("member", "list", "acme"), ("operator", "list"), ("tenant", "show", "acme")):
        ended = maestro(*arguments, folder=tmp_path)
        assert (ended.status, "run maestro tenant create first" in ended.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_tenant_lives_from_create_to_delete(desk: Desk) -> None:
    made = desk.run(
        "tenant", "create", "acme", "--name", "Acme Capital", "--owner", "ann@example.com",
        "--schedule", "CRON_TZ=Europe/Berlin */15 9-17 * * 1-5", "--json",
    )  # fmt: skip
    assert made.json == {
        "tenant_id": "acme",
        "owner": {"uid": "ann@example.com", "email": "ann@example.com"},
        "portfolios": {"main": "active"},
        "configuration_version": 1,
        "was_begun": False,
    }
    portfolio = desk.documents.read([paths.portfolio("acme", "main")])[paths.portfolio("acme", "main")].fields
    assert portfolio["schedule"] == "CRON_TZ=Europe/Berlin */15 9-17 * * 1-5"
    assert desk.run("tenant", "create", "beta", "--name", "Beta", "--owner", "bob", "--paused").status == 0
    listed = desk.run("tenant", "list", "--json").json
    assert [(each["tenant_id"], each["portfolios"], each["members"]) for each in listed["tenants"]] == [
        ("acme", {"main": "active"}, 1),
        ("beta", {"main": "paused"}, 1),
    ]
    assert desk.run("tenant", "list", "--limit", "1", "--json").json["next"] == "acme"
    assert [each["tenant_id"] for each in desk.run("tenant", "list", "--after", "acme", "--json").json["tenants"]] == [
        "beta"
    ]

    refused = desk.run("tenant", "delete", "acme", "--yes")
    assert (refused.status, "maestro tenant suspend acme" in refused.err) == (2, True)
    suspended = desk.run("tenant", "suspend", "acme", "--reason", "invoice unpaid", "--json").json
    assert (suspended["status"], suspended["portfolios"], suspended["reason"]) == (
        "suspended",
        {"main": "suspended"},
        "invoice unpaid",
    )
    assert suspended["suspended_by"].startswith("eve@")
    resumed = desk.run("tenant", "resume", "acme", "--json").json
    assert (resumed["status"], resumed["portfolios"], resumed["reason"]) == ("active", {"main": "active"}, None)

    desk.run("tenant", "suspend", "acme", "--reason", "leaves")
    early = desk.run("tenant", "delete", "acme", "--yes")
    assert (early.status, "may still write until" in early.err) == (2, True)
    desk.settle("acme")
    planned = desk.run("tenant", "delete", "acme", "--dry-run", "--json").json
    assert (planned["is_dry_run"], planned["objections"], planned["members"]) == (True, [], ["ann@example.com"])
    removed = desk.run("tenant", "delete", "acme", "--yes", "--json").json
    assert (removed["is_dry_run"], removed["members"], removed["total"]) == (
        False,
        planned["members"],
        planned["total"] + 1,
    )
    assert desk.run("tenant", "show", "acme").status == 2
    assert [each["tenant_id"] for each in desk.run("tenant", "list", "--json").json["tenants"]] == ["beta"]


def test_tenant_shows_itself_in_lines(desk: Desk) -> None:
    desk.run("tenant", "create", "acme", "--name", "Acme Capital", "--owner", "ann@example.com")
    shown = desk.run("tenant", "show", "acme").out
    for line in (
        "tenant        acme  Acme Capital",
        "portfolios    main active",
        "member        owner     ann@example.com",
    ):
        assert line in shown
    assert "acme" in desk.run("tenant", "list").out
    assert "audit" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tenant", "create", "Acme", "--name", "A", "--owner", "ann"), "choose another"),
        (("tenant", "create", "acme", "--name", "", "--owner", "ann"), "name: expected one line"),
        (("tenant", "create", "acme", "--name", "A", "--owner", "a/b"), "uid or e-mail"),
        (("tenant", "create", "acme", "--name", "A", "--owner", "a", "--schedule", "* * *"), "3 fields"),
        (("tenant", "create", "acme", "--name", "A", "--owner", "a", "--schedule", "CRON_TZ=Mars * * * * *"), "Mars"),
        (("tenant", "suspend", "acme", "--reason", "x"), "none called 'acme'"),
        (("tenant", "export", "acme"), "found nothing"),
        (("tenant", "delete", "acme", "--yes"), "found nothing"),
        (("member", "add", "acme", "ann", "--role", "viewer"), "none called 'acme'"),
        (("member", "remove", "acme", "ann"), "none called 'acme'"),
        (("operator", "remove", "ann"), "maestro operator list"),
    ],
)
def test_slip_is_answered_with_what_was_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.setenv("MAESTRO_SQLITE_PATH", str(tmp_path / "maestro.db"))
    documents = SqliteDocuments(tmp_path / "maestro.db")
    ended = CliRunner().invoke(app, arguments)
    assert isinstance(ended.exception, ConfigurationError)
    assert words in str(ended.exception)
    assert documents.query("tenants") == []
    documents.close()


def test_members_come_change_and_go(desk: Desk) -> None:
    desk.run("tenant", "create", "acme", "--name", "Acme", "--owner", "ann")
    added = desk.run("member", "add", "acme", "ben@example.com", "--role", "viewer", "--json").json
    assert (added["uid"], added["role"], added["was_written"]) == ("ben@example.com", "viewer", True)
    assert (
        "is viewer of acme, as before" in desk.run("member", "add", "acme", "ben@example.com", "--role", "viewer").out
    )
    assert desk.run("member", "role", "acme", "ben@example.com", "owner", "--json").json["role"] == "owner"
    listed = desk.run("member", "list", "acme", "--json").json
    assert [(each["uid"], each["role"]) for each in listed["members"]] == [
        ("ann", "owner"),
        ("ben@example.com", "owner"),
    ]
    assert desk.run("member", "remove", "acme", "ann", "--json").json["was_removed"] is True
    last = desk.run("member", "remove", "acme", "ben@example.com")
    assert (last.status, "expected another owner" in last.err) == (2, True)
    assert desk.run("member", "list", "acme", "--check").status == 0


def test_operators_come_and_go(desk: Desk) -> None:
    assert desk.run("operator", "add", "eve@example.com", "--json").json["was_written"] is True
    assert "is an operator of the platform, as before" in desk.run("operator", "add", "eve@example.com").out
    assert [each["uid"] for each in desk.run("operator", "list", "--json").json["operators"]] == ["eve@example.com"]
    assert desk.run("operator", "remove", "eve@example.com").status == 0
    assert desk.run("operator", "list", "--json").json == {"operators": []}


def test_export_file_is_whole_or_not_there(desk: Desk) -> None:
    fill(Bureau(desk.documents, FakeIdentities("ann")), "acme", "ann")
    ended = desk.run("tenant", "export", "acme", "--output", "out/acme.jsonl")
    file = desk.folder / "out" / "acme.jsonl"
    *lines, last = file.read_bytes().splitlines(keepends=True)
    trailer = json.loads(last)["trailer"]
    assert (ended.status, ended.out) == (0, "")
    assert f"{len(lines)} documents, SHA-256 {trailer['sha256']}" in ended.err
    assert trailer["sha256"] == sha256(b"".join(lines)).hexdigest()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    printed = desk.run("tenant", "export", "acme")
    assert printed.out.encode().splitlines()[:-1] == [line.rstrip(b"\n") for line in lines]
    assert [each.name for each in file.parent.iterdir()] == ["acme.jsonl"]

    whole = file.read_bytes()
    desk.documents.commit(
        [create("tenants/acme/leases", {"n": 1}), create(paths.account_leases("PA9"), {"account_id": 7})]
    )
    broken = desk.run("tenant", "export", "acme", "--output", "out/acme.jsonl")
    assert (broken.status, "account_leases/PA9" in broken.err) == (3, True)
    assert (file.read_bytes(), [each.name for each in file.parent.iterdir()]) == (whole, ["acme.jsonl"])


@pytest.mark.parametrize(("typed", "status"), [("acme", 0), ("Acme Capital", 0), ("yes", 2)])
def test_delete_asks_for_the_name(desk: Desk, typed: str, status: int) -> None:
    desk.run("tenant", "create", "acme", "--name", "Acme Capital", "--owner", "ann")
    desk.run("tenant", "suspend", "acme", "--reason", "leaves")
    unasked = desk.run("tenant", "delete", "acme", "--force")
    assert (unasked.status, "add --yes" in unasked.err) == (2, True)
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "maestro", "tenant", "delete", "acme", "--force"],
        cwd=desk.folder,
        env=environment(desk.folder, **desk.variables),
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(terminal, f"{typed}\n".encode())
        _, err = process.communicate(timeout=60)
    os.close(terminal)
    os.close(inside)
    assert process.returncode == status, err
    assert ("nothing was removed" in err) is (status == 2)
    assert (desk.documents.query("tenants") == []) is (status == 0)
