"""``maestro start`` and ``stop``: one process that ticks by itself, dry or with orders, through kills and restarts."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon_desk import DRY_RUN, DaemonDesk, daemon_desk, until
from tests.integration.maestro_process import environment, finish, start


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DaemonDesk]:
    with daemon_desk(tmp_path) as laid_out:
        yield laid_out


def test_dry_run_daemon_orders_nothing_and_its_store_shows_what_would_have_been_done(desk: DaemonDesk) -> None:
    pid = desk.daemon("--dry-run")
    desk.ticks(2)
    said = desk.run("status", "--json").json
    assert said["store"] == DRY_RUN  # there is no other yet
    process = said["process"]
    assert (process["running"], process["pid"], process["dry_run"], process["status"]) == (True, pid, True, "running")
    assert process["next_tick_at"] > process["started_at"]
    held = {each["strategy"]: each["positions"] for each in said["strategies"] if each["positions"]}
    assert held == {"buys_apple": {"AAPL": "100"}, "buys_amd": {"AMD": "200"}}
    orders = desk.run("orders", "--json", "--store", DRY_RUN).json["orders"]
    assert {(each["symbol"], each["status"], each["filled_qty"]) for each in orders} == {
        ("AAPL", "filled", "100"),
        ("AMD", "filled", "200"),
    }
    assert desk.ordered() == []
    assert not (desk.folder / ".maestro" / "maestro.db").exists()


def test_daemon_orders_once_and_goes_on(desk: DaemonDesk) -> None:
    desk.daemon()
    desk.ticks(3)
    assert sorted(each["symbol"] for each in desk.ordered()) == ["AAPL", "AMD"]
    process = desk.process()
    assert (process["dry_run"], process["store"]) == (False, ".maestro/maestro.db")


@pytest.mark.firestore
def test_daemon_ticks_on_firestore_and_can_be_rehearsed(
    desk: DaemonDesk, firestore_host: str, firestore_project: str
) -> None:
    cloud = {
        "MAESTRO_STORE": "firestore",
        "MAESTRO_PROJECT": firestore_project,
        "FIRESTORE_EMULATOR_HOST": firestore_host,
    }
    desk.daemon("--dry-run", **cloud)
    desk.ticks(1)
    assert (desk.run("stop").status, desk.ordered()) == (0, [])
    desk.daemon(**cloud)
    until(lambda: len(desk.ordered()) == 2)
    said = desk.run("intervene", "emergency-stop", "--reason", "doubt", "--yes", "--json", **cloud).json
    assert [(each["store"], each["state"]) for each in said["stores"]] == [
        (f"Firestore project {firestore_project}", "HALTED")
    ]


def test_kill_and_restart_keep_halt_and_positions_of_a_dry_run(desk: DaemonDesk) -> None:
    desk.daemon("--dry-run")
    desk.ticks(1)
    desk.run("intervene", "emergency-stop", "--reason", "doubt", "--yes")
    before = desk.run("status", "--json").json
    desk.kill()
    killed = desk.process()
    assert (killed["running"], killed["status"], killed["next_tick_at"]) == (False, "killed", None)
    desk.daemon("--dry-run")
    desk.ticks(1)
    after = desk.run("status", "--json").json
    assert (after["trading_state"], after["restrictions"]) == ("HALTED", before["restrictions"])
    positions = [{each["strategy"]: each["positions"] for each in said["strategies"]} for said in (before, after)]
    assert positions[0] == positions[1]
    assert positions[1]["buys_apple"] == {"AAPL": "100"}


def test_every_command_on_the_store_of_a_dry_run_is_dry(desk: DaemonDesk) -> None:
    desk.daemon("--dry-run")
    desk.ticks(1)
    assert desk.run("stop").status == 0
    dry = {"MAESTRO_SQLITE_PATH": DRY_RUN}
    assert desk.run("flatten", "--all", "--reason", "out", "--yes", **dry).status == 0
    assert desk.run("resume", "--reason", "in", "--yes", **dry).status == 0
    assert len(desk.run("tick", "--json", **dry).json["orders"]) == 2
    assert desk.run("reconcile", **dry).status == 0
    assert desk.ordered() == []


def test_second_start_is_refused_in_the_folder_and_on_the_store(desk: DaemonDesk, tmp_path: Path) -> None:
    pid = desk.daemon()
    again = desk.run("start", "--daemon")
    assert (again.status, f"found process {pid}" in again.err) == (2, True)
    other = tmp_path / "other"
    other.mkdir()
    store = str(tmp_path / ".maestro" / "maestro.db")
    prices = str(tmp_path / "prices.csv")
    elsewhere = {**desk.variables(), "MAESTRO_SQLITE_PATH": store, "MAESTRO_PRICES_FILE": prices}
    answer = finish(start("start", "--daemon", folder=other, **elsewhere))
    assert (answer.status, f"found process {pid}" in answer.err) == (2, True)
    assert "expected no other process on the store" in answer.err


def test_daemon_that_cannot_start_says_why_and_leaves_no_process(desk: DaemonDesk) -> None:
    answer = desk.run("start", "--daemon", APCA_API_KEY_ID="")
    assert (answer.status, "expected Alpaca's key id" in answer.err) == (2, True)
    answer = desk.run("start", "--daemon", "--strategies", "buys_aple")
    assert (answer.status, "did you mean buys_apple?" in answer.err) == (2, True)
    answer = desk.run("start", "--interval", "soon")
    assert (answer.status, "like 30s, found 'soon'" in answer.err) == (2, True)
    answer = desk.run("start", MAESTRO_SCHEDULE__TICK="every minute")
    assert (answer.status, "schedule.tick: expected a cron line" in answer.err) == (2, True)
    assert desk.files.running_pid() is None


def test_strategies_that_are_not_named_keep_their_positions_and_are_not_asked(desk: DaemonDesk) -> None:
    desk.run("tick")
    desk.daemon("--strategies", "buys_apple")
    desk.ticks(1)
    said = desk.run("status", "--json").json
    assert said["process"]["strategies"] == ["buys_apple"]
    held = {each["strategy"]: each["positions"] for each in said["strategies"] if each["positions"]}
    assert held == {"buys_apple": {"AAPL": "100"}, "buys_amd": {"AMD": "200"}}
    (newest,) = desk.run("decisions", "--json", "--last", "1").json["decisions"]
    assert [each["strategy_name"] for each in newest["allocation_decisions"]] == ["buys_apple"]


def test_settings_file_of_its_own_is_the_processs_and_intervene_finds_its_store(desk: DaemonDesk) -> None:
    (desk.folder / "other.yaml").write_text("sqlite_path: books/other.db\ntenant_id: acme\n")
    desk.daemon("--config", "other.yaml")
    desk.ticks(1)
    process = desk.process("books/other.db")
    assert (process["config_file"], process["store"], process["tenant"]) == ("other.yaml", "books/other.db", "acme")
    said = desk.run("intervene", "pause", "--reason", "lunch", "--yes", "--json").json
    assert [(each["store"], each["tenant"], each["state"]) for each in said["stores"]] == [
        ("books/other.db", "acme", "HALTED")
    ]
    answer = desk.run("start", "--config", "none.yaml")
    assert answer.status == 2


def test_settings_are_read_anew_and_the_last_good_ones_stay(desk: DaemonDesk) -> None:
    settings = desk.folder / "maestro.yaml"
    settings.write_text("orchestrator:\n  scoring: {systemic_sell_threshold: 4}\n")
    desk.daemon("--dry-run")
    desk.ticks(1)
    settings.write_text("orchestrator:\n  scoring: {systemic_sell_treshold: 5}\n")
    fault = until(lambda: desk.files.read_state()["settings_error"])
    assert "did you mean orchestrator.scoring.systemic_sell_threshold?" in fault
    state = desk.ticks(2)
    assert (state["last_tick"]["is_done"], state["settings_error"]) == (True, fault)
    settings.write_text("orchestrator:\n  disabled_strategies: [buys_amd, buys_apple]\n")
    until(lambda: desk.files.read_state()["settings_error"] is None)
    desk.ticks(2)
    modes = {
        each["strategy"]: each["mode"] for each in desk.run("status", "--json", "--store", DRY_RUN).json["strategies"]
    }
    assert (modes["buys_amd"], modes["buys_apple"]) == ("DISABLED", "DISABLED")
    settings.write_text("tenant_id: somebody-else\n")
    until(lambda: "restart it" in (desk.files.read_state()["settings_error"] or ""))


def test_failing_tick_is_logged_and_the_next_one_runs(desk: DaemonDesk) -> None:
    desk.broker.set_faults(["GET /v2/account:500*8"])
    desk.daemon()
    state = until(lambda: s if (s := desk.files.read_state()).get("last_error") else None)
    assert "BrokerUnavailable" in state["last_error"]["message"]
    desk.broker.set_faults([])
    until(lambda: desk.files.read_state()["last_tick"]["is_done"])
    assert {"tick_failed", None} <= {each.get("kind") for each in desk.logged()}
    assert sorted(each["symbol"] for each in desk.ordered()) == ["AAPL", "AMD"]


def test_what_maestro_did_not_raise_ends_the_process_with_a_traceback_in_its_log(desk: DaemonDesk) -> None:
    desk.daemon()
    desk.ticks(1)
    desk.files.state.unlink()
    desk.files.state.mkdir()  # so that the state can no longer be written
    until(lambda: desk.files.running_pid() is None)
    (crash,) = [each for each in desk.logged() if each["message"] == "crashed"]
    assert (crash["severity"], "IsADirectoryError" in crash["stack_trace"]) == ("ERROR", True)


def test_stop_ends_it_after_the_job_in_hand_and_says_when_nothing_runs(desk: DaemonDesk) -> None:
    pid = desk.daemon("--dry-run")
    answer = desk.run("stop", "--wait", "20")
    assert (answer.status, answer.out) == (0, f"process {pid} has ended\n")
    assert desk.process(DRY_RUN)["status"] == "stopped"
    assert desk.logged()[-1]["message"] == "stopped"
    again = desk.run("stop")
    assert (again.status, again.err) == (1, "no process runs in this folder\n")


def hang(desk: DaemonDesk) -> None:
    """Let the tick in hand wait for the broker."""
    desk.ticks(1)
    desk.broker.set_faults(["GET /v2/account:hang=60"])
    newest = desk.ticked()["heartbeat_at"]

    def is_still() -> bool:
        nonlocal newest
        before, newest = newest, desk.ticked()["heartbeat_at"]
        time.sleep(1.5)
        return bool(newest == before)

    until(is_still)


def test_stop_waits_for_the_job_in_hand_and_a_second_one_ends_it_at_once(desk: DaemonDesk) -> None:
    pid = desk.daemon(MAESTRO_ALPACA__TIMEOUT_SECONDS="60")
    hang(desk)
    answer = desk.run("stop", "--wait", "2")
    assert (answer.status, f"process {pid} has not ended within 2 s" in answer.err) == (1, True)
    answer = desk.run("stop", "--wait", "5")
    assert (answer.status, answer.out) == (0, f"process {pid} has ended\n")


def test_stop_kills_when_forced(desk: DaemonDesk) -> None:
    pid = desk.daemon(MAESTRO_ALPACA__TIMEOUT_SECONDS="60")
    hang(desk)
    answer = desk.run("stop", "--wait", "1", "--force")
    assert (answer.status, answer.out) == (0, f"process {pid} was killed\n")


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_foreground_process_shows_what_it_does_and_ends_on_a_signal(desk: DaemonDesk, first: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "maestro", "start", "--dry-run", "--interval", "1s"],
        cwd=desk.folder,
        env=environment(desk.folder, **desk.variables()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    desk.ticks(1)
    process.send_signal(first)
    answer = finish(process)
    assert answer.status == 0
    assert "tick finished" in answer.err
    assert "stopped" in answer.err.splitlines()[-1]
