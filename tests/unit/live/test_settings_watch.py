"""Settings that are read anew, and what a running process does not take over."""

from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from backend.settings import load_settings
from maestro.live.settings_watch import SettingsWatch


def watch(folder: Path) -> SettingsWatch:
    return SettingsWatch(lambda: load_settings({}, folder))


def test_watch_takes_over_a_change_once(tmp_path: Path) -> None:
    watched = watch(tmp_path)
    assert (watched.refresh(), watched.settings.history_days) == (False, 260)
    (tmp_path / "maestro.yaml").write_text("history_days: 100\n")
    assert (watched.refresh(), watched.settings.history_days) == (True, 100)
    assert watched.refresh() is False


def test_watch_keeps_the_last_good_settings_and_says_so_once(tmp_path: Path) -> None:
    file = tmp_path / "maestro.yaml"
    file.write_text("history_days: 100\n")
    watched = watch(tmp_path)
    file.write_text("schedule: {tick: never}\n")
    assert (watched.refresh(), watched.settings.history_days) == (True, 100)
    assert "found 'never'" in watched.fault
    assert watched.refresh() is False
    file.write_text("history_days: 100\n")
    assert (watched.refresh(), watched.fault) == (True, "")


@pytest.mark.parametrize("line", ["tenant_id: acme", "sqlite_path: other.db", "portfolio_id: second"])
def test_watch_refuses_another_store_or_tenant_under_a_running_process(tmp_path: Path, line: str) -> None:
    watched = watch(tmp_path)
    (tmp_path / "maestro.yaml").write_text(f"{line}\n")
    assert watched.refresh() is True
    assert watched.fault.startswith(f"{line.partition(':')[0]}: expected what the process was started with")


def test_watch_of_settings_that_are_wrong_from_the_start_raises(tmp_path: Path) -> None:
    (tmp_path / "maestro.yaml").write_text("no_such: 1\n")
    with pytest.raises(ConfigurationError, match="no_such"):
        watch(tmp_path)
