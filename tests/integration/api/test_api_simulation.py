"""A simulated tick decides what a tick would decide, and leaves no trace: in the store, at the broker, in the log."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from backend.adapters.documents.read_only import ReadOnlyDocuments
from backend.adapters.documents.seam import create
from backend.domain.errors import OrderRejected, StoreError
from backend.domain.order import ClientOrderId
from backend.engine.simulating import Onlooker, simulated
from functions import stores
from maestro.servers.paper_broker import PaperBrokerServer
from tests.contract.recording import RecordingDocuments
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of
from tests.integration.api.desk import TENANT, ApiDesk
from tests.integration.api.test_api_writes import AT_ONCE, LOOK_UP, positions, tick


def everything(desk: ApiDesk) -> list[Any]:
    with closing(sqlite3.connect(desk.settings.sqlite_path)) as connection:
        return connection.execute("SELECT path, fields, version FROM documents ORDER BY path").fetchall()


def orders_at(broker: PaperBrokerServer) -> list[str]:
    return [each["client_order_id"] for each in broker.state()["orders"]]


def test_simulation_says_what_a_tick_would_order(trading_desk: ApiDesk) -> None:
    said = trading_desk.request("POST", "simulate").json
    assert {each["ticker"] for each in said["decision"]["orders"]} == {"AAPL", "AMD"}
    assert (said["tenant_id"], said["portfolio_id"], said["decision"]["trading_state"]) == (TENANT, "main", "ACTIVE")
    ordered = {(each.intent.symbol, each.intent.notional) for each in tick(trading_desk).orders}
    simulated = {(each["ticker"], each["notional"]) for each in said["decision"]["orders"]}
    assert {(symbol, str(notional)) for symbol, notional in ordered} == simulated


def test_simulation_writes_nothing_and_sends_nothing(trading_desk: ApiDesk, broker: PaperBrokerServer) -> None:
    before = everything(trading_desk), orders_at(broker)
    assert trading_desk.request("POST", "simulate").status_code == 200
    assert (everything(trading_desk), orders_at(broker)) == before

    broker.set_faults(["POST /v2/orders:timeout-after-accept*99", f"{LOOK_UP}:500*99"])
    tick(trading_desk)  # and with orders whose fills a tick would find and book
    broker.set_faults([])
    before = everything(trading_desk), orders_at(broker)
    said = trading_desk.request("POST", "simulate").json
    assert said["decision"]["orders"] == []  # for the fills were found: both hold what they want
    assert (everything(trading_desk), orders_at(broker)) == before
    assert positions(broker) == {"AAPL", "AMD"}


def test_simulation_shows_a_halt(trading_desk: ApiDesk) -> None:
    trading_desk.post("halt", AT_ONCE)
    said = trading_desk.request("POST", "simulate").json
    assert (said["decision"]["trading_state"], said["decision"]["orders"]) == ("HALTED", [])


def test_simulation_that_takes_too_long_is_given_up(trading_desk: ApiDesk) -> None:
    api = trading_desk.settings.api.model_copy(update={"simulation_seconds": 0.001})
    slow = ApiDesk(trading_desk.settings.model_copy(update={"api": api}), trading_desk.served.gate, "olga")
    answer = slow.request("POST", "simulate")
    assert (answer.status_code, answer.json["error"]) == (504, "TookTooLong")
    slow.served.simulations.shutdown(wait=True)


def test_simulation_without_prices_or_broker_says_so(trading_desk: ApiDesk, broker: PaperBrokerServer) -> None:
    broker.set_faults(["GET /v2/account:500*99"])
    answer = trading_desk.request("POST", "simulate")
    assert (answer.status_code, answer.json["error"]) == (502, "BrokerUnavailable")
    assert "secret" not in answer.get_data(as_text=True)


def test_simulation_of_an_unknown_portfolio_is_not_found(trading_desk: ApiDesk) -> None:
    assert trading_desk.request("POST", "simulate", query={"portfolio_id": "other"}).status_code == 404


def test_simulated_tick_reads_only() -> None:
    from backend.adapters.documents import DocumentStore
    from backend.adapters.sqlite import SqliteDocuments

    recording = RecordingDocuments(SqliteDocuments(":memory:"))
    broker = FakeBroker(PRICES[AAPL] * 1000, PRICES)
    cycle = cycle_of(DocumentStore(recording), ScriptedStrategies(a=buy("AAPL", 0.1)), broker, SetClock())
    draft = simulated(KEY, cycle)
    assert [order.intent.symbol for order in draft.tick.orders] == ["AAPL"]
    assert (recording.written, list(broker.account().positions)) == ([], [])
    assert recording.reads


def test_store_and_broker_of_a_simulation_refuse_to_write(desk: ApiDesk) -> None:
    with pytest.raises(StoreError, match="tenants/acme/x/y"):
        ReadOnlyDocuments(desk.documents).commit([create("tenants/acme/x/y", {})])
    store, leases = stores.unwritable(desk.settings)
    assert store.trading(TENANT)[0].epoch == 0
    assert leases.accounts() == []
    onlooker = Onlooker(FakeBroker(PRICES[AAPL], PRICES))
    with pytest.raises(OrderRejected, match="nothing to be cancelled"):
        onlooker.cancel(ClientOrderId("mae-1"))
