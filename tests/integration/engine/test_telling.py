"""From schedule to fill in one stream of log lines: one correlation id finds all of a tick, whoever books its fills."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import structlog

from backend.adapters import cloud_log
from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.counted import CountedDocuments
from backend.adapters.documents.tenant_summary_documents import TenantSummaries
from backend.adapters.log_telemetry import LogTelemetry
from backend.domain.errors import BrokerUnavailable, OrderRejected, OrderUnresolved
from backend.domain.tick import TickRequest
from backend.domain.trading_state import TradingState
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.reconciling import Desk, reconcile
from backend.engine.sightings import NoStatements
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, HOLD, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, restrict

FIRST, SECOND = "1" * 32, "2" * 32
Lines = list[dict[str, Any]]


class Ticking:
    """A portfolio whose ticks, and whatever else brings its book up to date, write one stream."""

    def __init__(self, documents: Documents, stream: StringIO) -> None:
        counted = CountedDocuments(documents)
        self.documents, self.store, self._stream = documents, DocumentStore(counted), stream
        self.broker, self.clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
        self.strategies = ScriptedStrategies(trend=buy("AAPL", 0.5), carry=buy("MSFT", 0.1))
        cycle = cycle_of(self.store, self.strategies, self.broker, self.clock)
        self.cycle: Cycle = replace(cycle, telemetry=LogTelemetry(counted.traffic))

    def tick(self, correlation_id: str, *, minute: int = 0) -> None:
        self.clock.time = AT + timedelta(minutes=minute)
        run_cycle(TickRequest(key=KEY, scheduled_at=self.clock.time, correlation_id=correlation_id), self.cycle)

    def reconcile(self) -> None:
        reconcile(KEY, Desk(cycle=self.cycle, store=self.store, statements=NoStatements()))

    def lines(self, correlation_id: str | None = None) -> Lines:
        every: Lines = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        return [line for line in every if correlation_id in (None, line.get("correlation_id"))]

    def told(self, correlation_id: str) -> list[str]:
        return [line["message"] for line in self.lines(correlation_id)]


@pytest.fixture
def open_ticking(store: DocumentStore, documents: Documents) -> Iterator[Callable[[], Ticking]]:
    root, stream = logging.getLogger(), StringIO()
    before, configured = root.handlers[:], structlog.get_config()
    root.handlers[:] = [logging.StreamHandler(stream)]
    cloud_log.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    yield lambda: Ticking(documents, stream)
    root.handlers[:] = before
    structlog.configure(**configured)


def test_one_correlation_id_finds_a_tick_from_its_start_to_its_fills(open_ticking: Callable[[], Ticking]) -> None:
    ticking = open_ticking()
    ticking.tick(FIRST)
    ticking.strategies.signals = {"trend": HOLD}
    ticking.tick(SECOND, minute=5)

    assert ticking.told(FIRST) == [
        "tick started",
        "tick decided",
        *["order submitted"] * 2,
        *["fill booked"] * 2,
        "tick finished",
    ]
    assert ticking.told(SECOND) == ["tick started", "tick decided", "tick finished"]
    lines = ticking.lines(FIRST)
    assert {(line["tenant_id"], line["portfolio_id"], line["tick_id"]) for line in lines} == {
        ("acme", "main", "main-20260130T210100.000000Z")
    }
    decided, first, _, fill = lines[1], lines[2], lines[3], lines[4]
    assert (decided["strategies"], decided["orders"], decided["modes"]) == (2, 2, {"ACTIVE": 2})
    assert {line["client_order_id"] for line in lines[2:4]} == set(ticking.broker.orders)
    assert (first["strategy"], first["symbol"], first["side"]) == ("carry", "MSFT", "buy")
    assert fill["client_order_id"] == first["client_order_id"]
    assert (Decimal(fill["quantity"]), Decimal(fill["price"])) == (200, 50)


def test_tick_finished_is_one_line_of_metrics(open_ticking: Callable[[], Ticking]) -> None:
    ticking = open_ticking()
    ticking.tick(FIRST)
    finished = ticking.lines(FIRST)[-1]
    stages = ["observe", "gather", "strategies", "decide", "commit", "submit", "record"]
    assert sorted(finished["durations_ms"]) == sorted(stages)
    assert all(taken >= 0 for taken in finished["durations_ms"].values())
    assert (finished["round_trips"], finished["orders"], finished["fills"]) == (5, 2, 2)  # two look for daily documents
    assert (finished["documents_read"] >= 8, finished["strategies"], finished["failures"]) == (True, 2, 0)
    assert finished["documents_written"] > 10
    ticking.strategies.signals = {"trend": HOLD}
    ticking.tick(SECOND, minute=5)
    assert (ticking.lines(SECOND)[-1]["round_trips"], ticking.lines(SECOND)[-1]["documents_read"]) == (2, 6)


@pytest.mark.parametrize("books_it", ["the next tick", "reconciliation"])
def test_fill_that_is_found_later_is_told_with_the_correlation_of_its_order(
    open_ticking: Callable[[], Ticking], books_it: str
) -> None:
    ticking = open_ticking()
    ticking.strategies.signals = {"trend": buy("AAPL", 0.5)}
    ticking.broker.fail_next(OrderUnresolved("timed out"), accept_first=True)
    ticking.broker.fail_next(BrokerUnavailable("still down"), on="find")
    ticking.tick(FIRST)
    assert ticking.told(FIRST)[2:] == ["order unresolved", "tick finished"]
    assert ticking.lines(FIRST)[2]["severity"] == "WARNING"

    ticking.strategies.signals = {"trend": HOLD}
    if books_it == "reconciliation":
        ticking.clock.time += timedelta(minutes=1)
        ticking.reconcile()
    else:
        ticking.tick(SECOND, minute=5)
    booked = ticking.lines(FIRST)[-1]
    assert (booked["message"], Decimal(booked["quantity"]), booked["tenant_id"]) == ("fill booked", 500, "acme")
    assert booked["tick_id"] == "main-20260130T210100.000000Z"
    assert "fill booked" not in ticking.told(SECOND)


def test_rejected_order_and_failed_tick_are_told_with_their_reasons(open_ticking: Callable[[], Ticking]) -> None:
    ticking = open_ticking()
    ticking.strategies.signals = {"trend": buy("AAPL", 0.5)}
    ticking.broker.fail_next(OrderRejected("expected a tradable asset, found none"))
    ticking.tick(FIRST)
    rejected = ticking.lines(FIRST)[2]
    assert (rejected["message"], rejected["severity"]) == ("order rejected", "WARNING")
    assert "tradable asset" in rejected["reason"]

    ticking.broker.fail_next(BrokerUnavailable("no answer"), on="account")
    with pytest.raises(BrokerUnavailable):
        ticking.tick(SECOND, minute=5)
    _, failed = ticking.lines(SECOND)
    assert (failed["message"], failed["error"], failed["reason"]) == ("tick failed", "BrokerUnavailable", "no answer")
    assert set(failed["durations_ms"]) == {"observe", "gather"}
    assert structlog.contextvars.get_contextvars() == {}


def test_correlation_id_stands_in_every_document_of_the_tick_and_in_no_hash(
    open_ticking: Callable[[], Ticking], empty_documents: Callable[[], Documents]
) -> None:
    one, other = open_ticking(), Ticking(empty_documents(), StringIO())
    for ticking, correlation_id in ((one, FIRST), (other, SECOND)):
        ticking.tick(correlation_id)
        tick_id = "main-20260130T210100.000000Z"
        (order_id, *_) = ticking.broker.orders
        places = [
            paths.tick("acme", tick_id),
            paths.log("acme", tick_id),
            paths.operator_log("acme", tick_id),
            paths.dashboard("acme"),
            paths.order("acme", order_id),
            paths.tenant_summary("acme"),
        ]
        found = ticking.documents.read(places)
        assert {path: found[path].fields["correlation_id"] for path in places} == dict.fromkeys(places, correlation_id)
    (entry,), (twin,) = one.store.decisions("acme", last=1), other.store.decisions("acme", last=1)
    assert (entry.correlation_id, twin.correlation_id) == (FIRST, SECOND)
    assert (entry.inputs, entry.body, entry.entry_hash) == (twin.inputs, twin.body, twin.entry_hash)


def test_tick_that_is_resumed_keeps_the_correlation_of_its_decision(open_ticking: Callable[[], Ticking]) -> None:
    ticking = open_ticking()
    ticking.tick(FIRST)
    ticking.tick(SECOND)
    assert ticking.told(SECOND) == ["tick started", "tick finished"]
    (tick,) = ticking.documents.query("tenants/acme/ticks")
    assert tick.fields["correlation_id"] == FIRST


def test_summary_of_the_tenant_has_what_the_tick_has_measured(open_ticking: Callable[[], Ticking]) -> None:
    ticking = open_ticking()
    restrict(ticking.store, TradingState.REDUCING)
    ticking.tick(FIRST)
    (found,) = TenantSummaries(ticking.documents).summaries()
    assert found.last_tick is not None
    assert {"observe", "decide", "strategies"} <= found.last_tick.measured.durations.keys()
    assert (found.trading_state, found.troubles) == ("REDUCING", ("REDUCING",))
    assert found.last_tick.measured.traffic.round_trips > 0
