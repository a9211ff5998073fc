"""The files of a bot are found where genebot reads them, and nothing beside its folder is."""

from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from maestro.migration.discovery import found_files, named_files


def lay_out(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(root: Path, paths: tuple[Path, ...]) -> list[str]:
    return [str(path.absolute().relative_to(root)) for path in paths]


def test_found_files_are_configurations_then_accounts_then_variables(tmp_path: Path) -> None:
    lay_out(tmp_path, "config/trading_bot_config.yaml", "config/accounts.yaml", ".env", "maestro.yaml", "notes.yaml")
    assert names(tmp_path, found_files(tmp_path)) == ["config/trading_bot_config.yaml", ".env", "config/accounts.yaml"]


def test_found_files_of_several_bots_are_all_theirs_each_once(tmp_path: Path) -> None:
    lay_out(tmp_path, "config/bot1_config.yaml", "config/bot2_config.yml", "trading_bot_config.yaml")
    assert sorted(names(tmp_path, found_files(tmp_path))) == [
        "config/bot1_config.yaml",
        "config/bot2_config.yml",
        "trading_bot_config.yaml",
    ]


def test_found_files_of_a_folder_without_a_bot_says_what_to_name(tmp_path: Path) -> None:
    lay_out(tmp_path, ".env", "accounts.yaml")
    with pytest.raises(ConfigurationError, match="name it with --config"):
        found_files(tmp_path)


def test_named_files_bring_what_lies_beside_them(tmp_path: Path) -> None:
    lay_out(tmp_path, "config/mine.yaml", "config/accounts.yaml", ".env", "config/other.yaml")
    found = named_files([tmp_path / "config" / "mine.yaml"])
    assert names(tmp_path, found) == ["config/mine.yaml", "config/accounts.yaml", ".env"]


def test_named_files_never_bring_what_lies_above_the_bots_folder(tmp_path: Path) -> None:
    lay_out(tmp_path, "bot/mine.yaml", ".env", "accounts.yaml")
    assert names(tmp_path, named_files([tmp_path / "bot" / "mine.yaml"])) == ["bot/mine.yaml"]
