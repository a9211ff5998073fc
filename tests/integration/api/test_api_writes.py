"""Commands and changes over HTTP do what the command line does, and stand in the audit log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.domain.order import OrderStatus
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.domain.trading_state import TradingState
from backend.engine.cycle import run_cycle
from functions import bootstrap
from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.api.desk import TENANT, ApiDesk

WHY = {"reason": "a test"}
AT_ONCE = {**WHY, "wait_seconds": 0}
KEY = PortfolioKey(tenant_id=TENANT)
LOOK_UP = "GET /v2/orders:by_client_order_id"


def tick(desk: ApiDesk) -> TickResult:
    cycle = bootstrap.cycle(desk.settings, tenant_id=TENANT, portfolio_id="main", uid="default")
    return run_cycle(TickRequest(key=KEY, scheduled_at=datetime.now(UTC)), cycle)


def positions(broker: PaperBrokerServer) -> set[str]:
    return {each["symbol"] for each in broker.state()["positions"]}


def test_halt_and_resume_are_commands_with_their_author(desk: ApiDesk) -> None:
    said = desk.post("halt", AT_ONCE).json
    assert (said["state_before"], said["state"], said["epoch"]) == ("ACTIVE", "HALTED", 1)
    assert (said["by"], said["reason"]) == ("olga@example.com (olga)", "a test")
    restriction = desk.get("status").json["restrictions"]["operator"]
    assert (restriction["state"], restriction["by"]) == ("HALTED", "olga@example.com (olga)")
    assert desk.post("resume", WHY).json["state"] == "ACTIVE"
    refused = desk.post("resume", WHY)
    assert (refused.status_code, refused.json["error"]) == (422, "ConfigurationError")
    assert desk.audit() == ["halt", "resume"]


def test_halt_cancels_what_is_in_flight_and_says_what_became_of_it(
    trading_desk: ApiDesk, broker: PaperBrokerServer
) -> None:
    broker.set_faults(["POST /v2/orders:timeout-after-accept*99", f"{LOOK_UP}:500*99"])
    tick(trading_desk)
    assert {each["status"] for each in trading_desk.get("orders", open=True).json["orders"]} == {"unresolved"}
    broker.set_faults([])
    said = trading_desk.post("halt", WHY).json
    assert len(said["in_flight"]) == len(said["withdrawn"]) == 2
    assert ({each["status"] for each in said["withdrawn"]}, said["unsettled"]) == ({"filled"}, [])
    assert trading_desk.get("orders", open=True).json["orders"] == []
    assert len(trading_desk.get("orders", status="filled").json["orders"]) == 2


def test_halt_holds_when_the_broker_is_down_and_names_what_is_left(
    trading_desk: ApiDesk, broker: PaperBrokerServer
) -> None:
    broker.set_faults(["POST /v2/orders:drop-before*99", f"{LOOK_UP}:500*99"])
    tick(trading_desk)
    broker.set_faults(["ANY /v2/*:500*99"])
    answer = trading_desk.post("halt", AT_ONCE)
    assert (answer.status_code, answer.json["state"], len(answer.json["unsettled"])) == (200, "HALTED", 2)
    assert answer.json["faults"]
    assert trading_desk.store.trading(TENANT)[0].state is TradingState.HALTED


def test_flatten_sells_out_everybody_and_lets_nothing_in(trading_desk: ApiDesk, broker: PaperBrokerServer) -> None:
    tick(trading_desk)
    assert positions(broker) == {"AAPL", "AMD"}
    said = trading_desk.post("flatten", {**WHY, "all": True}).json
    assert (said["is_flat"], len(said["exits"]), said["left"]) == (True, 2, {})
    assert (positions(broker), said["state"]) == (set(), "REDUCING")
    assert tick(trading_desk).orders == ()


def test_flatten_of_one_strategy_leaves_the_others(trading_desk: ApiDesk, broker: PaperBrokerServer) -> None:
    tick(trading_desk)
    said = trading_desk.post("flatten", {**WHY, "strategies": ["buys_amd"]}).json
    assert (positions(broker), said["state"]) == ({"AAPL"}, "ACTIVE")
    unknown = trading_desk.post("flatten", {**WHY, "strategies": ["nobody"]})
    assert (unknown.status_code, "buys_amd, buys_apple" in unknown.json["detail"]) == (422, True)


@pytest.mark.parametrize("body", [{"all": True, "strategies": ["a"]}, {}, {"all": False}])
def test_flatten_needs_all_or_some(desk: ApiDesk, body: dict[str, Any]) -> None:
    assert desk.post("flatten", {**WHY, **body}).status_code == 422


def test_strategy_is_paused_and_resumed_by_configuration(desk: ApiDesk) -> None:
    paused = desk.post("strategies/rsi_reversion/pause", WHY).json
    change = {"key": "disabled_strategies", "before": None, "after": ["rsi_reversion"]}
    assert (paused["version"], paused["changes"]) == (1, [change])
    listed = {each["strategy"]: each for each in desk.get("strategies").json["strategies"]}
    assert (listed["rsi_reversion"]["is_enabled"], listed["donchian_breakout"]["is_enabled"]) == (False, True)
    assert desk.post("strategies/rsi_reversion/resume", WHY).json["version"] == 2
    assert desk.post("strategies/nobody/pause", WHY).status_code == 404
    assert desk.audit() == ["configured", "configured"]


def test_configuration_is_changed_where_the_version_is_the_one_that_was_read(desk: ApiDesk) -> None:
    changed = {**WHY, "set": {"risk.max_portfolio_drawdown": 0.2, "allocation.method": "equal_weight"}}
    first = desk.request("PATCH", "configuration", {**changed, "expected_version": 0}, key="a")
    assert (first.status_code, first.json["version"], len(first.json["changes"])) == (200, 1, 2)
    late = desk.request("PATCH", "configuration", {**changed, "expected_version": 0, "unset": ["risk"]}, key="b")
    assert (late.status_code, late.json["error"]) == (409, "CommitConflict")
    found = desk.get("configuration").json
    assert (found["version"], found["values"]["risk"]) == (1, {"max_portfolio_drawdown": 0.2})
    assert found["effective"]["allocation"]["method"] == "equal_weight"
    taken = {**WHY, "expected_version": 1, "unset": ["risk.max_portfolio_drawdown"]}
    assert desk.request("PATCH", "configuration", taken, key="c").json["version"] == 2
    newest, oldest = desk.get("configuration/versions").json["versions"]
    assert (newest["version"], newest["changes"][0]["before"]) == (2, 0.2)
    assert (oldest["version"], oldest["updated_by"]) == (1, "olga@example.com (olga)")
    assert len(desk.get("configuration/versions", limit=1).json["versions"]) == 1


@pytest.mark.parametrize(
    "keys",
    [
        {"risk.max_drawdwon": 0.2},
        {"risk.max_portfolio_drawdown": "much"},
        {"scoring.sharpe_threshold_reduce": 0.1},
        {"": 1},
        {"version": 7},
    ],
)
def test_configuration_that_is_none_is_refused_whole(desk: ApiDesk, keys: dict[str, Any]) -> None:
    body = {**WHY, "expected_version": 0, "set": {**keys, "allocation.method": "equal_weight"}}
    answer = desk.request("PATCH", "configuration", body, key="a")
    assert (answer.status_code, answer.json["error"]) == (422, "ConfigurationError"), answer.json
    assert (desk.get("configuration").json["version"], desk.audit()) == (0, [])


def test_rebalance_is_ordered_for_every_portfolio(desk: ApiDesk) -> None:
    refused = desk.post("rebalance", WHY)
    body = {**WHY, "expected_version": 0, "set": {"allocation.method": "equal_weight"}}
    if refused.status_code == 422:  # the default method has no weights to set
        assert desk.request("PATCH", "configuration", body, key="a").status_code == 200
        assert desk.post("rebalance", WHY).json["command"] == "rebalance"
    assert desk.store.trading(TENANT)[0].rebalances == {"main"}


def test_reset_names_the_breakers_that_have_not_tripped(desk: ApiDesk) -> None:
    answer = desk.post("reset", {**WHY, "breakers": ["drawdown"]})
    assert (answer.status_code, "none that has" in answer.json["detail"]) == (422, True)


def test_mode_is_overridden_until_an_instant_and_restored(desk: ApiDesk) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {**WHY, "mode": "SHADOW_MODE", "until": until}
    assert desk.post("strategies/rsi_reversion/mode-override", body).json["version"] == 1
    overrides = desk.get("configuration").json["values"]["scoring"]["mode_overrides"]
    by = "olga@example.com (olga)"
    assert overrides == {"rsi_reversion": {"mode": "SHADOW_MODE", "until": until, "reason": "a test", "by": by}}
    restored = desk.request("DELETE", "strategies/rsi_reversion/mode-override", query=WHY, key="d")
    assert restored.json["version"] == 2
    again = desk.request("DELETE", "strategies/rsi_reversion/mode-override", query=WHY, key="e")
    assert (again.status_code, again.json["error"]) == (422, "ConfigurationError")


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00", 1_900_000_000])
def test_mode_override_that_is_over_already_or_no_instant_is_refused(desk: ApiDesk, until: Any) -> None:
    answer = desk.post("strategies/rsi_reversion/mode-override", {**WHY, "mode": "ACTIVE", "until": until})
    assert (answer.status_code, "until" in answer.json["detail"], desk.audit()) == (422, True, [])


def test_order_statuses_that_are_final_are_queried_and_others_are_looked_up(desk: ApiDesk) -> None:
    for status in OrderStatus:
        assert desk.get("orders", status=status.value).json == {"orders": []}
    both = desk.get("orders", status="filled", open=True)
    assert both.status_code == 422
