"""Copies are whole and private; the way back checks everything before it writes anything."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from maestro.migration.backup import BACKUPS, KEPT, backups, chosen_backup, roll_back, save

AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LATER = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)
BOT = b"strategies: {}\r\n# \xc3\xa4 comment\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "bot.yaml").write_bytes(BOT)
    (tmp_path / ".env").write_bytes(b"KEY=secret\n")
    (tmp_path / ".env").chmod(0o640)
    return tmp_path


def files(root: Path) -> list[Path]:
    return [root / "config" / "bot.yaml", root / ".env"]


def test_save_copies_byte_for_byte_with_hashes_that_another_tool_confirms(root: Path) -> None:
    saved = save(files(root), root=root, at=AT, why="test")
    manifest = json.loads((saved.folder / "manifest.json").read_text())
    assert saved.folder == root / BACKUPS / "20260105T150000Z"
    assert [each["path"] for each in manifest["files"]] == ["config/bot.yaml", ".env"]
    for each, path in zip(manifest["files"], files(root), strict=True):
        copy = saved.folder / each["copy"]
        assert copy.read_bytes() == path.read_bytes()
        assert each["sha256"] == sha256(path.read_bytes()).hexdigest()
        assert copy.stat().st_mode & 0o777 == 0o600
    assert saved.folder.stat().st_mode & 0o777 == 0o700


def test_save_twice_in_a_second_keeps_both(root: Path) -> None:
    first, second = (save(files(root), root=root, at=AT, why="test") for _ in range(2))
    assert [first.timestamp, second.timestamp] == ["20260105T150000Z", "20260105T150000Z-2"]
    assert [each.timestamp for each in backups(root)] == [second.timestamp, first.timestamp]


def test_save_of_a_missing_file_leaves_no_backup(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected to copy"):
        save([root / "none.yaml"], root=root, at=AT, why="test")
    assert backups(root) == ()


def test_roll_back_restores_bytes_and_modes_and_keeps_what_it_replaces(root: Path) -> None:
    saved = save(files(root), root=root, at=AT, why="test", absent=[root / "maestro.yaml"])
    (root / "config" / "bot.yaml").write_text("strategies: {changed: {}}\n")
    (root / ".env").unlink()
    (root / "maestro.yaml").write_text("orchestrator: {}\n")
    done = roll_back(saved, root=root, at=LATER)
    assert (root / "config" / "bot.yaml").read_bytes() == BOT
    assert (root / ".env").read_bytes() == b"KEY=secret\n"
    assert (root / ".env").stat().st_mode & 0o777 == 0o640
    assert not (root / "maestro.yaml").exists()
    assert (done.restored, done.removed) == (("config/bot.yaml", ".env"), ("maestro.yaml",))
    kept = {each.path: (done.kept.folder / each.copy).read_text() for each in done.kept.files}
    assert kept == {"config/bot.yaml": "strategies: {changed: {}}\n", "maestro.yaml": "orchestrator: {}\n"}


def test_roll_back_of_a_roll_back_is_where_it_was(root: Path) -> None:
    saved = save(files(root), root=root, at=AT, why="test", absent=[root / "maestro.yaml"])
    (root / "config" / "bot.yaml").write_text("changed\n")
    (root / ".env").unlink()
    (root / "maestro.yaml").write_text("orchestrator: {}\n")
    kept = roll_back(saved, root=root, at=LATER).kept
    roll_back(kept, root=root, at=LATER)
    assert (root / "config" / "bot.yaml").read_text() == "changed\n"
    assert not (root / ".env").exists()
    assert (root / "maestro.yaml").read_text() == "orchestrator: {}\n"


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_roll_back_to_a_damaged_copy_changes_nothing(root: Path, damage: str) -> None:
    saved = save(files(root), root=root, at=AT, why="test")
    copy = saved.folder / saved.files[1].copy
    copy.write_bytes(b"KEY=other\n") if damage == "altered" else copy.unlink()
    (root / "config" / "bot.yaml").write_text("changed\n")
    with pytest.raises(ConfigurationError, match="choose another backup"):
        roll_back(saved, root=root, at=LATER)
    assert (root / "config" / "bot.yaml").read_text() == "changed\n"
    assert [each.timestamp for each in backups(root)] == [saved.timestamp]


def test_chosen_backup_is_the_named_one_else_the_newest_that_no_rollback_kept(root: Path) -> None:
    first = save(files(root), root=root, at=AT, why="test")
    save(files(root), root=root, at=LATER, why=KEPT)
    assert chosen_backup(root, None).timestamp == first.timestamp
    assert chosen_backup(root, "20260105T160000Z").why == KEPT
    with pytest.raises(ConfigurationError, match="there are 20260105T160000Z, 20260105T150000Z"):
        chosen_backup(root, "20250101T000000Z")


def test_manifest_that_cannot_be_read_is_named(root: Path) -> None:
    saved = save(files(root), root=root, at=AT, why="test")
    (saved.folder / "manifest.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"manifest\.json: expected the manifest"):
        backups(root)
