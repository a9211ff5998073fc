"""``maestro backup`` and ``restore``: the same bytes, while ticks run, after damage, through a kill in the middle."""

import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon_desk import DaemonDesk, daemon_desk, until
from tests.integration.maestro_process import Ended, start

SETTINGS = "orchestrator:\n  scoring: {systemic_sell_threshold: 4}\n"
STORE = ".maestro/maestro.db"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DaemonDesk]:
    with daemon_desk(tmp_path) as laid_out:
        (tmp_path / "maestro.yaml").write_text(SETTINGS)
        (tmp_path / ".env").write_text("APCA_API_SECRET_KEY=hush\n")
        yield laid_out


def backup(desk: DaemonDesk, *options: str) -> Any:
    return desk.run("backup", "--json", *options).json


def restore(desk: DaemonDesk, timestamp: str, *options: str) -> Ended:
    return desk.run("restore", "--timestamp", timestamp, "--yes", "--json", *options)


def digests(desk: DaemonDesk) -> dict[str, str]:
    """Return what lies in the folder and belongs to a backup."""
    names = ["maestro.yaml", ".env", "own_rules/__init__.py", STORE, f"{STORE}-wal"]
    more = [path.relative_to(desk.folder).as_posix() for path in (desk.folder / "own_rules").rglob("*.py")]
    files = {name: desk.folder / name for name in {*names, *more}}
    return {name: sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items()) if path.is_file()}


def damage(desk: DaemonDesk) -> None:
    """Truncate the store, break the settings, and change what strategies there are."""
    os.truncate(desk.folder / STORE, 5000)
    (desk.folder / "maestro.yaml").write_text("orchestrator: [\n")
    (desk.folder / "own_rules" / "__init__.py").unlink()
    (desk.folder / "own_rules" / "rogue.py").write_text("raise SystemExit\n")


def test_backup_that_is_restored_over_damage_gives_the_same_bytes(desk: DaemonDesk) -> None:
    desk.run("tick")
    kept = backup(desk)
    expected = {each["target"]: each["sha256"] for each in kept["files"]}
    assert sorted(expected) == [".env", STORE, "maestro.yaml", "own_rules/__init__.py"]
    before = digests(desk)
    assert {name: before[name] for name in expected if name != STORE} == {
        name: digest for name, digest in expected.items() if name != STORE
    }
    status = desk.run("status", "--json").json
    damage(desk)
    assert desk.run("status").status == 2  # the settings do not parse
    damaged = digests(desk)
    done = restore(desk, kept["timestamp"]).json
    assert digests(desk) == expected
    assert done["removed"] == ["own_rules/rogue.py"]
    assert stat.S_IMODE((desk.folder / ".env").stat().st_mode) == 0o600
    assert desk.run("status", "--json").json == status
    assert desk.run("audit", "verify").status == 0

    # what was replaced, damaged as it was, is a backup of its own
    for log in ("-wal", "-shm"):
        (desk.folder / f"{STORE}{log}").unlink(missing_ok=True)
    assert restore(desk, done["before"]).status == 0
    assert digests(desk) == damaged


def test_backup_is_only_for_its_owner(desk: DaemonDesk) -> None:
    folder = desk.folder / backup(desk)["folder"]
    rights = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if path.is_dir()}
    assert rights == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_backup_of_a_store_that_ticks_is_consistent(desk: DaemonDesk) -> None:
    desk.daemon()
    for number in range(3):
        desk.ticks(1)
        kept = backup(desk)
        copy = desk.folder / f"copy{number}.db"
        shutil.copyfile(desk.folder / kept["folder"] / "files" / STORE, copy)
        assert desk.run("audit", "verify", "--store", str(copy)).status == 0
        assert desk.run("backup", "verify", kept["timestamp"]).status == 0
    listed = desk.run("backup", "list", "--json").json["backups"]
    assert (len(listed), listed[0]["timestamp"]) == (3, kept["timestamp"])


def test_restore_is_refused_while_a_process_runs(desk: DaemonDesk) -> None:
    pid = desk.daemon()
    desk.ticks(1)
    answer = restore(desk, backup(desk)["timestamp"])
    assert (answer.status, f"found process {pid}" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda folder: (folder / "files/maestro.yaml").write_text(SETTINGS.replace("4", "9")), "expected SHA-256"),
        (lambda folder: (folder / "files/.env").unlink(), "files/.env: expected the file, found none"),
        (lambda folder: (folder / "files/own_rules/more.py").write_text(""), "expected no such file, found one"),
        (lambda folder: os.truncate(folder / "files" / STORE, 100), "bytes, found 100"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "expected the manifest of a backup"),
        (
            lambda folder: (folder / "manifest.json").write_text(
                (folder / "manifest.json").read_text().replace('"target": ".env"', '"target": "../.env"')
            ),
            "expected a plain path",
        ),
    ],
)
def test_backup_that_was_manipulated_is_refused_and_nothing_is_touched(
    desk: DaemonDesk, change: Any, found: str
) -> None:
    desk.run("tick")
    kept = backup(desk)
    change(desk.folder / kept["folder"])
    damage(desk)
    before = digests(desk)
    answer = restore(desk, kept["timestamp"])
    assert (answer.status, found in answer.err) == (2, True), answer.err
    assert digests(desk) == before
    assert desk.run("backup", "verify", kept["timestamp"]).status in (1, 2)


def test_kill_in_the_middle_of_a_restore_leaves_both_states_recoverable(desk: DaemonDesk) -> None:
    rules = desk.folder / "own_rules"
    for number in range(400):
        (rules / f"rule_{number:04d}.py").write_text(f"NUMBER = {number}\n")
    desk.run("tick")
    kept = backup(desk)
    expected = {each["target"]: each["sha256"] for each in kept["files"]}
    for number in range(400):
        (rules / f"rule_{number:04d}.py").write_text(f"NUMBER = -{number}\n")
    damage(desk)
    damaged = digests(desk)
    note = desk.folder / ".maestro" / "restore.json"

    process = start("restore", "--timestamp", kept["timestamp"], "--yes", folder=desk.folder, **desk.variables())
    until(note.exists)
    until(lambda: not (rules / "rogue.py").exists() and digests(desk) != damaged)
    process.send_signal(signal.SIGKILL)
    with process:
        process.communicate()
    half = digests(desk)
    assert half not in (expected, damaged)
    before = Path(json.loads(note.read_text())["before"]).name
    for arguments in (("tick",), ("start",), ("backup",)):
        answer = desk.run(*arguments)
        assert (answer.status, before in answer.err, kept["timestamp"] in answer.err) == (2, True, True)

    assert restore(desk, before).status == 0
    assert digests(desk) == damaged
    assert not note.exists()
    assert restore(desk, kept["timestamp"]).status == 0
    assert digests(desk) == expected


def test_backup_without_a_store_says_so(desk: DaemonDesk) -> None:
    answer = desk.run("backup")
    assert (answer.status, "without a store" in answer.out) == (0, True)


def test_backup_of_firestore_is_refused_rather_than_half_done(desk: DaemonDesk) -> None:
    answer = desk.run("backup", MAESTRO_STORE="firestore", MAESTRO_PROJECT="acme")
    assert (answer.status, "gcloud firestore export" in answer.err) == (2, True)
    kept = desk.run("backup", "--without-store", "--json", MAESTRO_STORE="firestore", MAESTRO_PROJECT="acme").json
    assert (kept["store"], {each["target"] for each in kept["files"]}) == (
        None,
        {"maestro.yaml", ".env", "own_rules/__init__.py"},
    )


def test_backup_of_a_damaged_store_is_refused_and_leaves_nothing(desk: DaemonDesk) -> None:
    desk.run("tick")
    os.truncate(desk.folder / STORE, 5000)
    (desk.folder / f"{STORE}-wal").unlink(missing_ok=True)
    answer = desk.run("backup")
    assert (answer.status, "expected a sound store" in answer.err) == (3, True)
    assert list((desk.folder / ".maestro" / "backups").iterdir()) == []


def test_restore_names_the_newest_backup_where_there_is_no_such(desk: DaemonDesk) -> None:
    kept = backup(desk)
    answer = restore(desk, "20200101T000000Z")
    assert (answer.status, f"the newest is {kept['timestamp']}" in answer.err) == (2, True)
