"""``maestro tick`` against the local paper broker: one set of orders, whatever the broker and the caller do."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.sqlite import SqliteDocuments
from backend.domain.tick import PortfolioKey
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.cycle import buy
from tests.integration import buying_desk
from tests.integration.maestro_process import ROOT, Ended, finish, maestro, start
from tests.integration.past_days import past_sessions, trade

BAD_RULES = """
class Broken(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        raise ValueError("no idea")

class Wild(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        return self.buy("AAPL", 0.1, 0.9, "wild") | {"allocation": 7}
"""
FIRST, SECOND = "2026-01-05T15:00:00-05:00", "2026-01-06T20:00:00Z"
LOOKUP = "GET /v2/orders:by_client_order_id"
ORDER_KEYS = ["client_order_id", "strategy", "symbol", "side", "qty", "notional", "status", "filled_qty", "reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder with settings, prices and two strategies that always buy, in front of a paper broker."""

    folder: Path
    broker: PaperBrokerServer

    def variables(self) -> dict[str, str]:
        return buying_desk.variables(self.broker.url)

    def tick(self, at: str = FIRST, *options: str, **changes: str) -> Ended:
        return maestro("tick", "--at", at, *options, folder=self.folder, **{**self.variables(), **changes})

    def said(self, at: str = FIRST) -> Any:
        """Return what one tick said; it exits with 4 when an order was rejected or is in doubt."""
        answer = self.tick(at, "--json")
        said = json.loads(answer.out)
        in_trouble = {"rejected", "unresolved"} & {order["status"] for order in said["orders"]}
        assert answer.status == (4 if in_trouble else 0), answer.err
        return said

    def status(self) -> Any:
        return maestro("status", "--json", folder=self.folder).json

    def ordered(self) -> dict[str, str]:
        """Return what the broker has, by symbol; two orders in one symbol are two too many."""
        orders = self.broker.state()["orders"]
        by_symbol = {each["symbol"]: each["client_order_id"] for each in orders}
        assert len(by_symbol) == len(orders), orders
        return by_symbol

    def held(self) -> dict[str, Decimal]:
        return {each["symbol"]: Decimal(each["qty"]) for each in self.broker.state()["positions"]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path))) as broker:
        yield Desk(folder=tmp_path, broker=broker)


def statuses(said: Any) -> dict[str, str]:
    return {each["symbol"]: each["status"] for each in said["orders"]}


def test_tick_orders_once_and_the_same_time_again_sends_nothing(desk: Desk) -> None:
    first = desk.said()
    assert list(first) == ["tick_id", "status", "was_resumed", "summary", "unresolved", "orders"]
    assert (first["tick_id"], first["status"]) == ("main-20260105T200000.000000Z", "done")
    assert (first["was_resumed"], first["unresolved"]) == (False, [])
    assert [list(each) for each in first["orders"]] == [ORDER_KEYS] * 2
    assert {each["strategy"]: (each["symbol"], each["side"], each["notional"]) for each in first["orders"]} == {
        "buys_apple": ("AAPL", "buy", "10000.00"),
        "buys_amd": ("AMD", "buy", "10000.00"),
    }
    sent = {each["symbol"]: each["client_order_id"] for each in first["orders"]}
    assert desk.ordered() == sent

    again = desk.said("2026-01-05T20:00:00+00:00")  # the same instant in other words
    assert (again["was_resumed"], again["orders"]) == (True, first["orders"])
    assert desk.ordered() == sent
    assert desk.held() == {"AAPL": 100, "AMD": 200}


def test_tick_in_words_tells_each_order(desk: Desk) -> None:
    answer = desk.tick()
    assert (answer.status, answer.err) == (0, "")
    assert "tick main-20260105T200000.000000Z done" in answer.out
    assert "filled  buy $10000.00 AAPL for buys_apple" in answer.out


def test_later_tick_orders_nothing_more_for_a_target_that_is_reached(desk: Desk) -> None:
    desk.said()
    assert desk.said(SECOND)["orders"] == []
    assert desk.held() == {"AAPL": 100, "AMD": 200}


def test_two_processes_with_one_time_make_one_set_of_orders(desk: Desk) -> None:
    arguments = ("tick", "--at", FIRST, "--json")
    processes = [start(*arguments, folder=desk.folder, **desk.variables()) for _ in range(2)]
    answers = [finish(process).json for process in processes]
    assert sorted(each["was_resumed"] for each in answers) == [False, True]
    assert set(desk.ordered()) == {"AAPL", "AMD"}
    assert desk.held() == {"AAPL": 100, "AMD": 200}
    status = desk.status()
    assert (status["open_orders"], status["reserved"]) == ([], "0")


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("504", "HTTP 504"),
        ("429", "HTTP 429"),
        ("garbage", "JSONDecodeError"),
        ("hang=30", "Timeout"),
    ],
)
def test_order_in_doubt_is_unresolved_and_never_sent_again(desk: Desk, fault: str, found: str) -> None:
    desk.broker.set_faults([f"POST /v2/orders:{fault}*1"])
    said = desk.said()
    assert sorted(statuses(said).values()) == ["filled", "unresolved"]
    (doubtful,) = (each for each in said["orders"] if each["status"] == "unresolved")
    assert said["unresolved"] == [doubtful["client_order_id"]]
    assert found in doubtful["reason"]
    assert "do not send it again" in doubtful["reason"]
    for at in (FIRST, SECOND):
        assert desk.said(at)["orders"] == (said["orders"] if at == FIRST else [])
    assert doubtful["symbol"] not in desk.ordered()
    status = desk.status()
    assert [each["client_order_id"] for each in status["open_orders"]] == said["unresolved"]
    assert Decimal(status["reserved"]) >= Decimal("10000.00")


def test_order_whose_answer_was_lost_is_found_in_the_same_tick(desk: Desk) -> None:
    desk.broker.set_faults(["POST /v2/orders:timeout-after-accept*1"])
    assert statuses(desk.said()) == {"AAPL": "filled", "AMD": "filled"}
    assert desk.held() == {"AAPL": 100, "AMD": 200}


def test_order_that_could_not_be_looked_up_is_reconciled_by_the_next_tick(desk: Desk) -> None:
    desk.broker.set_faults(["POST /v2/orders:timeout-after-accept*2", f"{LOOKUP}:500*6"])
    assert statuses(desk.said()) == {"AAPL": "unresolved", "AMD": "unresolved"}
    assert desk.held() == {"AAPL": 100, "AMD": 200}
    assert desk.said(SECOND)["orders"] == []
    assert set(desk.ordered()) == {"AAPL", "AMD"}
    status = desk.status()
    assert (status["open_orders"], status["reserved"]) == ([], "0")
    positions = {each["strategy"]: each["positions"] for each in status["strategies"] if each["positions"]}
    assert positions == {"buys_apple": {"AAPL": "100"}, "buys_amd": {"AMD": "200"}}


@pytest.mark.parametrize(
    ("fault", "found"),
    [("401", "check key and secret"), ("403", "HTTP 403"), ("422", "HTTP 422")],
)
def test_refused_order_is_rejected_and_asked_for_anew_by_the_next_tick(desk: Desk, fault: str, found: str) -> None:
    desk.broker.set_faults([f"POST /v2/orders:{fault}*1"])
    said = desk.said()
    assert sorted(statuses(said).values()) == ["filled", "rejected"]
    (refused,) = (each for each in said["orders"] if each["status"] == "rejected")
    assert found in refused["reason"]
    assert desk.said(FIRST)["orders"] == said["orders"]
    (anew,) = desk.said(SECOND)["orders"]
    assert (anew["symbol"], anew["status"]) == (refused["symbol"], "filled")
    assert desk.held() == {"AAPL": 100, "AMD": 200}
    assert desk.status()["reserved"] == "0"


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        ("401", ("BrokerRefused", "expected Alpaca to accept the credentials", "check key and secret")),
        ("403", ("BrokerRefused", "check key and secret")),
        ("500", ("BrokerUnavailable", "HTTP 500", "try again later")),
        ("garbage", ("BrokerUnavailable", "check URL and network")),
        ("hang=30", ("BrokerUnavailable", "Timeout")),
    ],
)
def test_broker_without_an_account_ends_the_tick_before_it_decides(
    desk: Desk, fault: str, parts: tuple[str, ...]
) -> None:
    desk.broker.set_faults([f"GET /v2/account:{fault}"])
    answer = desk.tick()
    assert (answer.status, answer.out) == (4, "")
    assert [part for part in parts if part not in answer.err] == []
    assert desk.ordered() == {}


def test_tick_that_met_no_broker_can_be_run_again(desk: Desk) -> None:
    desk.broker.set_faults(["GET /v2/account:500*3"])
    assert desk.tick().status == 4
    said = desk.said()
    assert (said["was_resumed"], statuses(said)) == (False, {"AAPL": "filled", "AMD": "filled"})


def test_broker_that_is_not_there_is_named(desk: Desk) -> None:
    answer = desk.tick(MAESTRO_ALPACA__URL="http://127.0.0.1:1")
    assert answer.status == 4
    assert "try again later, or check URL and network" in answer.err


def test_damaged_prices_end_the_tick_without_an_order(desk: Desk) -> None:
    (desk.folder / "prices.csv").write_text("date,AAPL\n2024-01-02,-5\n")
    answer = desk.tick()
    assert answer.status == 5
    assert "prices.csv, line 2: expected a positive close of AAPL" in answer.err
    assert desk.ordered() == {}


def test_failing_strategies_are_in_the_log_and_the_others_trade(desk: Desk) -> None:
    (desk.folder / "own_rules" / "__init__.py").write_text(buying_desk.RULES + BAD_RULES)
    assert statuses(desk.said()) == {"AAPL": "filled", "AMD": "filled"}
    (entry,) = maestro("decisions", "--json", folder=desk.folder).json["decisions"]
    assert "no idea" in entry["failures"]["broken"]
    assert "found 7" in entry["failures"]["wild"]


def test_resumed_tick_tells_the_summary_again(desk: Desk) -> None:
    assert desk.said()["summary"] == desk.said()["summary"] != ""


def test_days_are_closed_once_and_make_the_record(tmp_path: Path) -> None:
    first, *rest = past_sessions(4)
    prices = tmp_path / "prices.csv"
    closes = zip([first, *rest], (100, 100, 110, 99), (50, 50, 50, 51), strict=True)
    prices.write_text("date,AAPL,AMD\n" + "".join(f"{each.day},{aapl},{amd}\n" for each, aapl, amd in closes))
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, start=first.closes_at)) as broker:
        desk = Desk(folder=tmp_path, broker=broker)
        documents = SqliteDocuments(tmp_path / ".maestro" / "maestro.db")
        signals = {"buys_apple": buy("AAPL", 0.1), "buys_amd": buy("AMD", 0.1)}
        opening = rest[0].opens_at + timedelta(minutes=5)
        trade(documents, broker, prices, key=PortfolioKey(tenant_id="default"), at=opening, signals=signals)
        documents.close()
        broker.advance(datetime.now(UTC))
        variables = {**desk.variables(), "MAESTRO_STRATEGIES__PACKAGES": ""}

        def close(*options: str) -> Ended:
            return maestro("close-day", *options, folder=tmp_path, **variables)

        until = str(rest[1].day)
        early = close("--day", until, "--json").json
        assert early["through"] == until
        assert [each["day"] for each in early["days"]] == [str(each.day) for each in rest[:2]]
        assert [each["daily_returns"] for each in early["days"]] == [
            {"buys_amd": 0.0, "buys_apple": 0.0},
            {"buys_amd": 0.0, "buys_apple": 0.01},  # 100 shares, 10 dearer, on 100,000
        ]
        assert [each["equity"] for each in early["days"]] == ["100000.0", "101000.0"]
        assert {Decimal(each[name]) for each in early["days"] for name in ("external", "residual")} == {0}
        answer = close()
        assert answer.out == f"{rest[2].day}: equity 100,100.00, 2 daily returns\n"
        again = close("--json").json
        assert again["days"] == []
        assert close().out == f"nothing to close through {again['through']}\n"
        assert maestro("status", "--json", folder=tmp_path).json["external"] == {}


def test_second_tenant_of_an_account_fails_and_is_told_who_trades_its_strategies(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    buying_desk.lay_out(folder)
    shared = {"MAESTRO_SQLITE_PATH": str(tmp_path / "shared.db"), "PYTHONPATH": str(ROOT)}
    sent = statuses(json.loads(desk.tick(FIRST, "--json", **shared, MAESTRO_TENANT_ID="acme").out))
    assert sent == {"AAPL": "filled", "AMD": "filled"}
    second = {**desk.variables(), **shared, "MAESTRO_TENANT_ID": "beta"}
    refused = maestro("tick", "--at", SECOND, folder=folder, **second)
    assert (refused.status, refused.out) == (1, "")
    said = " ".join(refused.err.split())
    found = re.search(r"expected (.+) to be free for beta/main, found held by acme/main since", said)
    assert found is not None, said
    names = found[1].split(", ")
    assert {"buys_amd", "buys_apple"} < set(names)
    assert len(desk.ordered()) == 2

    second["MAESTRO_ORCHESTRATOR__DISABLED_STRATEGIES"] = ",".join(names)
    again = maestro("tick", "--at", SECOND, folder=folder, **second)
    assert again.status == 0, again.err
