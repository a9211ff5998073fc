"""What a move writes: off in the bot's file, on in Maestro's, and all else as it was."""

from pathlib import Path

import pytest
import yaml

from backend.domain.errors import ConfigurationError
from maestro.migration.mapping import Choices, migrated
from maestro.migration.moving import Move, expect_known, move_of
from maestro.migration.reading import read_files
from maestro.migration.steps import steps_of

BOT = """\
strategies:
  ma: {type: MovingAverageStrategy, symbols: [KO]}   # first
  rsi:
    enabled: yes   # second
  ml:
    type: MLPatternStrategy
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "bot.yaml").write_text(BOT)
    return tmp_path


def move(root: Path, *only: str) -> Move:
    files = read_files([root / "bot.yaml"], root=root)
    migration = migrated(files, Choices(only=frozenset(only) if only else None))
    return move_of(files, migration, output=root / "maestro.yaml", root=root)


def carry_out(done: Move) -> None:
    for path, text in done.texts:
        path.write_text(text)


def flags(root: Path) -> dict[str, bool]:
    listed = yaml.safe_load((root / "maestro.yaml").read_text())["orchestrator"]["strategies"]
    return {each["name"]: each["enabled"] for each in listed}


def test_move_of_one_strategy_switches_it_off_with_the_bot_first(root: Path) -> None:
    done = move(root, "rsi")
    assert [path.name for path, _ in done.texts] == ["bot.yaml", "maestro.yaml"]
    carry_out(done)
    assert (root / "bot.yaml").read_text() == BOT.replace("enabled: yes", "enabled: false")
    assert flags(root) == {"ma": False, "rsi": True}


def test_moves_one_after_another_keep_what_a_person_changed_in_between(root: Path) -> None:
    carry_out(move(root, "rsi"))
    changed = (root / "maestro.yaml").read_text().replace("method: performance_based", "method: equal_weight  # mine")
    (root / "maestro.yaml").write_text(changed)
    carry_out(move(root, "ma"))
    assert flags(root) == {"ma": True, "rsi": True}
    assert "method: equal_weight  # mine" in (root / "maestro.yaml").read_text()
    read = yaml.safe_load((root / "bot.yaml").read_text())["strategies"]
    assert (read["ma"]["enabled"], read["rsi"]["enabled"], "enabled" in read["ml"]) == (False, False, False)
    assert "# first" in (root / "bot.yaml").read_text()


def test_move_of_all_leaves_with_the_bot_what_could_not_run(root: Path) -> None:
    done = move(root)
    assert done.strategies == ("ma", "rsi")
    carry_out(done)
    assert "enabled" not in yaml.safe_load((root / "bot.yaml").read_text())["strategies"]["ml"]


def test_move_of_nothing_is_refused(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="found none"):
        move(root, "ml")
    carry_out(move(root))
    with pytest.raises(ConfigurationError, match="found none"):
        move(root)


def test_move_into_a_file_without_the_strategy_is_refused(root: Path) -> None:
    (root / "maestro.yaml").write_text("orchestrator: {strategies: [{type: RsiReversion, name: other}]}\n")
    with pytest.raises(ConfigurationError, match=r"maestro\.yaml: expected a strategy rsi, found other"):
        move(root, "rsi")


def test_names_that_no_strategy_has_are_refused(root: Path) -> None:
    migration = migrated(read_files([root / "bot.yaml"], root=root), Choices())
    expect_known(migration, ["ma", "ml"])
    with pytest.raises(ConfigurationError, match="expected some of ma, ml, rsi, found mo"):
        expect_known(migration, ["ma", "mo"])


def test_steps_move_one_strategy_first_and_name_the_class_to_bring(root: Path) -> None:
    migration = migrated(read_files([root / "bot.yaml"], root=root), Choices())
    steps = steps_of(migration, named=("bot.yaml",))
    commands = [each.command for each in steps]
    assert "maestro migrate migrate --strategies ma --config bot.yaml" in commands
    assert "maestro migrate migrate --strategies rsi --config bot.yaml" in commands
    assert any("Bring the class of ml (MLPatternStrategy)" in each.what for each in steps)
