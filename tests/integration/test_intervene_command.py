"""``maestro intervene`` beside a process that ticks: from another one, on whatever store it works, dry or not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon_desk import DRY_RUN, DaemonDesk, daemon_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DaemonDesk]:
    with daemon_desk(tmp_path) as laid_out:
        yield laid_out


def test_emergency_stop_from_another_process_lets_the_next_cycles_order_nothing(desk: DaemonDesk) -> None:
    desk.broker.set_faults(["POST /v2/orders:422"])  # so that every tick would order anew
    desk.daemon()
    desk.ticks(1)
    said = desk.run("intervene", "emergency-stop", "--reason", "doubt", "--yes", "--json").json
    assert [(each["store"], each["state"]) for each in said["stores"]] == [(".maestro/maestro.db", "HALTED")]
    halted_at = said["stores"][0]["at"]
    desk.broker.set_faults([])
    state = desk.ticked(after=halted_at)
    state = desk.ticked(after=state["last_tick"]["scheduled_at"])
    assert state["last_tick"]["orders"] == 0
    assert desk.ordered() == []
    assert desk.run("status", "--json").json["trading_state"] == "HALTED"


def test_intervene_resumes_what_it_paused(desk: DaemonDesk) -> None:
    desk.daemon("--dry-run")
    desk.ticks(1)
    for name, state in (("pause", "HALTED"), ("resume", "ACTIVE")):
        (done,) = desk.run("intervene", name, "--reason", "lunch", "--yes", "--json").json["stores"]
        assert (done["store"], done["state"]) == (DRY_RUN, state)


def test_emergency_stop_halts_the_configured_store_and_that_of_a_dry_run(desk: DaemonDesk) -> None:
    desk.run("tick")
    desk.daemon("--dry-run")
    desk.ticks(1)
    said = desk.run("intervene", "emergency-stop", "--reason", "doubt", "--yes", "--json").json
    assert [each["store"] for each in said["stores"]] == [".maestro/maestro.db", DRY_RUN]
    for store in (".maestro/maestro.db", DRY_RUN):
        assert desk.run("status", "--json", "--store", store).json["trading_state"] == "HALTED"


def test_emergency_stop_works_while_the_settings_file_is_broken_and_says_what_it_could_not_reach(
    desk: DaemonDesk,
) -> None:
    desk.daemon("--dry-run")
    desk.ticks(1)
    (desk.folder / "maestro.yaml").write_text("no_such_key: 1\n")
    answer = desk.run("intervene", "emergency-stop", "--reason", "doubt", "--yes", "--json")
    said = json.loads(answer.out)
    assert (answer.status, [each["state"] for each in said["stores"]]) == (4, ["HALTED"])
    assert "no_such_key" in said["faults"][0]


def test_emergency_stop_that_flattens_a_dry_run_sells_nothing_at_the_broker(desk: DaemonDesk) -> None:
    desk.run("tick")
    assert len(desk.ordered()) == 2
    desk.daemon("--dry-run")
    desk.ticks(1)
    arguments = ("emergency-stop", "--flatten", "--reason", "out", "--yes", "--json", "--store", DRY_RUN)
    (done,) = desk.run("intervene", *arguments).json["stores"]
    assert done["is_flat"]
    held = desk.run("status", "--json", "--store", DRY_RUN).json["strategies"]
    assert [each["positions"] for each in held if each["positions"]] == []  # sold by the command, or by a tick
    assert len(desk.ordered()) == 2
