"""Trading is halted, reduced, flattened and resumed from another process than the one that trades."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk
from tests.integration.maestro_process import Ended, maestro


class Desk:
    """A folder with two strategies that always buy, in front of a paper broker."""

    def __init__(self, folder: Path, broker: PaperBrokerServer) -> None:
        self.folder = folder
        self.broker = broker

    def run(self, *arguments: str, **changes: str) -> Ended:
        variables = {**buying_desk.variables(self.broker.url), "USER": "ann", "LOGNAME": "ann"}
        return maestro(*arguments, folder=self.folder, **{**variables, **changes})

    def orders(self, *arguments: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.run("orders", "--json", *arguments).json["orders"]
        return listed

    def positions(self) -> set[str]:
        return {each["symbol"] for each in self.broker.state()["positions"]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path))) as server:
        yield Desk(tmp_path, server)


def test_halt_stops_the_ticks_of_other_processes_until_resume(desk: Desk) -> None:
    desk.run("tick")
    assert desk.positions() == {"AAPL", "AMD"}
    halted = desk.run("halt", "--reason", "broken feed", "--yes", "--json").json
    assert (halted["state_before"], halted["state"], halted["epoch"]) == ("ACTIVE", "HALTED", 1)
    assert (halted["why"], halted["in_flight"], halted["seconds_to_flat"] < 1) == ("operator: broken feed", [], True)
    assert halted["by"].startswith("ann@")
    (restriction,) = desk.run("status", "--json").json["restrictions"].values()
    assert (restriction["state"], restriction["reason"]) == ("HALTED", "broken feed")

    held = desk.run("tick", "--json").json
    assert held["orders"] == []
    resumed = desk.run("resume", "--reason", "feed is back", "--by", "ben", "--yes", "--json").json
    assert (resumed["state"], resumed["epoch"], resumed["by"]) == ("ACTIVE", 2, "ben")


def test_halt_lists_what_is_in_flight_and_cancels_it(desk: Desk) -> None:
    desk.broker.set_faults(["POST /v2/orders:timeout-after-accept", "GET /v2/orders:by_client_order_id:500"])
    assert desk.run("tick").status == 4
    assert [each["status"] for each in desk.orders("--unresolved")] == ["unresolved"] * 2
    assert {each["holds"] for each in desk.orders("--unresolved")} == {"10000.00"}
    desk.broker.set_faults([])
    halted = desk.run("halt", "--reason", "doubt", "--yes", "--json").json
    assert [each["status"] for each in halted["in_flight"]] == ["unresolved"] * 2
    assert [each["status"] for each in halted["withdrawn"]] == ["filled"] * 2  # they had been, before the halt
    assert halted["unsettled"] == []
    assert desk.orders("--unresolved") == []


def test_halt_holds_even_when_the_broker_is_down_and_says_what_is_left(desk: Desk) -> None:
    desk.broker.set_faults(["POST /v2/orders:drop-before", "GET /v2/orders:by_client_order_id:500"])
    desk.run("tick")
    desk.broker.set_faults(["ANY /v2/*:500"])
    answer = desk.run("halt", "--reason", "doubt", "--yes", "--wait", "0", "--json")
    said = json.loads(answer.out)
    assert (answer.status, said["state"], len(said["unsettled"])) == (4, "HALTED", 2)
    assert said["faults"]
    assert desk.run("status", "--json").json["trading_state"] == "HALTED"


def test_halt_needs_no_credentials_to_hold_and_names_what_it_could_not_cancel(desk: Desk) -> None:
    desk.run("tick")
    nobody = {"APCA_API_KEY_ID": "", "APCA_API_SECRET_KEY": ""}
    answer = desk.run("halt", "--reason", "stop", "--yes", **nobody)
    assert answer.status == 0, answer.err
    assert "trading HALTED" in answer.out
    desk.run("resume", "--reason", "go", "--yes")
    desk.run("flatten", "--all", "--reason", "out", "--yes")
    desk.run("resume", "--reason", "go", "--yes")
    desk.broker.set_faults(["POST /v2/orders:drop-before", "GET /v2/orders:by_client_order_id:500"])
    desk.run("tick")
    answer = desk.run("halt", "--reason", "stop", "--yes", **nobody)
    assert (answer.status, "unresolved  buy $10000.00 AAPL" in answer.out) == (4, True)
    assert "expected Alpaca's key id" in answer.out


def test_flatten_sells_the_strategies_and_stays_flat(desk: Desk) -> None:
    desk.run("tick")
    shown = desk.run("flatten", "--all", "--reason", "out", "--dry-run", "--json").json
    assert {(each["strategy"], each["symbol"]) for each in shown["holdings"]} == {
        ("buys_apple", "AAPL"),
        ("buys_amd", "AMD"),
    }
    assert desk.positions() == {"AAPL", "AMD"}  # a dry run sells nothing
    done = desk.run("flatten", "--all", "--reason", "out", "--yes", "--json").json
    assert (done["is_flat"], len(done["exits"]), done["left"]) == (True, 2, {})
    assert desk.positions() == set()
    assert desk.run("tick", "--json").json["orders"] == []
    assert desk.run("status", "--json").json["trading_state"] == "REDUCING"


def test_flatten_of_one_strategy_leaves_the_others(desk: Desk) -> None:
    desk.run("tick")
    desk.run("flatten", "--strategy", "buys_amd", "--reason", "model broke", "--yes")
    assert desk.positions() == {"AAPL"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["halt", "--reason", "x"], "add --yes if it is meant"),
        (["halt", "--reason", " ", "--yes"], "expected a text for the audit log"),
        (["resume", "--reason", "x", "--yes"], "expected a halt, reduce-only or flatten by an operator"),
        (["flatten", "--reason", "x", "--yes"], "either --all or --strategy"),
        (["flatten", "--strategy", "nobody", "--reason", "x", "--yes"], "buys_amd, buys_apple"),
    ],
)
def test_command_that_cannot_be_meant_changes_nothing(desk: Desk, arguments: list[str], expected: str) -> None:
    desk.run("tick")
    answer = desk.run(*arguments)
    assert answer.status == 2
    assert expected in " ".join(answer.err.split())
    assert desk.run("status", "--json").json["epoch"] == 0


def test_halt_in_a_folder_without_a_store_says_so_and_takes_no_demo_for_it(tmp_path: Path) -> None:
    (tmp_path / ".maestro").mkdir()
    (tmp_path / ".maestro" / "demo.db").touch()
    answer = maestro("halt", "--reason", "x", "--yes", folder=tmp_path)
    assert answer.status == 2
    assert "expected a store at .maestro/maestro.db, found none" in answer.err


def test_dead_price_feed_holds_entries_at_once_trips_at_the_third_look_and_is_reset(desk: Desk) -> None:
    dead = {"MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "5", "MAESTRO_ORCHESTRATOR__RISK__JUMP_CONFIRMATIONS": "1"}
    desk.run("tick")
    held = desk.run("tick", "--json", **dead).json
    assert held["orders"] == []
    (restriction,) = desk.run("status", "--json").json["restrictions"].values()
    assert (restriction["state"], restriction["by"]) == ("REDUCING", "breaker")
    assert "the newest daily bar is of 2024-01-03" in restriction["reason"]
    wrong = desk.run("reset", "--breaker", "drawdown", "--reason", "seen", "--yes")
    assert (wrong.status, "found market_data" in wrong.err) == (2, True)
    done = desk.run("reset", "--breaker", "market_data", "--reason", "feed is back", "--yes", "--json").json
    assert (done["state_before"], done["state"], done["command"]) == ("REDUCING", "ACTIVE", "reset")
    listed = desk.run("audit", "list", "--json").json
    assert [each["kind"] for each in listed["entries"]] == ["reset"]
    assert desk.run("audit", "verify").status == 0


def test_reconcile_books_what_was_filled_and_names_what_is_external(desk: Desk) -> None:
    desk.broker.set_faults(["POST /v2/orders:timeout-after-accept", "GET /v2/orders:by_client_order_id:500"])
    desk.run("tick")
    answer = desk.run("reconcile", "--json")
    assert (answer.status, "BrokerUnavailable" in answer.out) == (4, True)
    desk.broker.set_faults([])
    (found,) = desk.run("reconcile", "--json").json["portfolios"]
    assert [each["status"] for each in found["moved"]] == ["filled", "filled"]
    assert (found["open"], found["external"], found["differences"]) == ([], {}, [])
    assert {each["status"] for each in desk.orders()} == {"filled"}
