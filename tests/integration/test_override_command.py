"""``maestro intervene override``: in force from the next tick on, audited, ended by hand, and derived again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon_desk import DaemonDesk, daemon_desk

OVERRIDE = ("intervene", "override", "buys_apple")
WHY = ("--reason", "a new data feed", "--yes")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DaemonDesk]:
    with daemon_desk(tmp_path) as laid_out:
        yield laid_out


def tick(desk: DaemonDesk, day: int) -> Any:
    """Run the tick of a day of January, and return what is said of the strategy then."""
    assert desk.run("tick", "--at", f"2026-01-{day:02d}T15:00:00-05:00").status == 0
    (found,) = [each for each in desk.run("status", "--json").json["strategies"] if each["strategy"] == "buys_apple"]
    return found


def test_override_is_in_force_until_it_is_cleared_and_its_decisions_are_derived_again(desk: DaemonDesk) -> None:
    assert tick(desk, 5)["mode"] == "ACTIVE"
    begun = datetime.now(UTC)
    done = desk.run(*OVERRIDE, "shadow_mode", "--for", "2d", "--by", "ann", *WHY, "--json").json
    values = {each["key"].rpartition(".")[2]: each["after"] for each in done["changes"]}
    assert all(each["key"].startswith("scoring.mode_overrides.buys_apple.") for each in done["changes"])
    assert (values["mode"], values["reason"], values["by"]) == ("SHADOW_MODE", "a new data feed", "ann")
    until = datetime.fromisoformat(values["until"])
    assert begun + timedelta(days=2) <= until <= datetime.now(UTC) + timedelta(days=2)

    found = tick(desk, 6)
    assert found["mode"] == "SHADOW_MODE"
    assert found["reason"].startswith(
        f"override by ann until {until.isoformat()}: a new data feed; scoring says ACTIVE"
    )
    assert found["virtual_positions"]

    desk.run(*OVERRIDE, "--clear", *WHY, "--json").json  # noqa: B018 - that it succeeded
    found = tick(desk, 7)
    assert (found["mode"], "override" in found["reason"]) == ("ACTIVE", False)
    assert [each["kind"] for each in desk.run("audit", "list", "--json").json["entries"]] == ["configured"] * 2
    assert desk.run("replay", "--all", "--json").json["identical"] == 3


def test_override_that_cannot_be_changes_nothing(desk: DaemonDesk) -> None:
    desk.run("tick", "--at", "2026-01-05T15:00:00-05:00")
    for arguments, words in (
        (["buys_apple", "--clear"], "expected a strategy that is overridden (none), found 'buys_apple'"),
        (["buys_apple", "ACTIVE", "--until", "2020-01-01T00:00:00Z"], "until: expected an instant after"),
        (["buys_apple", "SLEEPY", "--for", "2d"], "SLEEPY"),
        (["buys_pear", "ACTIVE", "--for", "2d"], "expected a strategy that runs"),
    ):
        answer = desk.run("intervene", "override", *arguments, *WHY)
        assert answer.status == 2
        assert words in " ".join(answer.err.split())
    assert desk.run("config", "history", "--json").json == []
