"""``maestro audit``, ``replay`` and ``trace`` on stores that ticks or a demo have written."""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore, open_documents
from backend.adapters.documents.seam import replace as put
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.canonical import canonical_json, digest, plain, read_canonical_json
from backend.domain.errors import BrokerUnavailable, MaestroError, OrderRejected, OrderUnresolved
from backend.domain.order import OrderStatus
from backend.domain.signal import StrategyId, StrategySignal
from maestro.cli.exit_codes import exit_code
from maestro.cli.main import app
from tests.fakes.audited import COMMANDS, COPIES, DECISIONS, fields_of, path_of, set_field, write_chain
from tests.fakes.cycle import AAPL, HOLD, buy, sell
from tests.integration.engine.trading_days import MONDAY, TUESDAY, TradingDays, utc
from tests.integration.maestro_process import Ended


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    return tmp_path / "store.db"


@pytest.fixture
def documents(store: Path) -> Iterator[SqliteDocuments]:
    opened = SqliteDocuments(store, durable=False)
    yield opened
    opened.close()


@pytest.fixture
def days(documents: SqliteDocuments) -> TradingDays:
    return TradingDays(DocumentStore(documents))


def run(store: Path, *arguments: str, tenant: str = "acme", width: int = 200) -> Ended:
    """Run a command in this process; an error ends as the command's own ``main`` ends it."""
    chosen = [*arguments, "--store", str(store), "--tenant", tenant]
    ended = CliRunner().invoke(app, chosen, env={"COLUMNS": str(width), "NO_COLOR": "1"})
    if isinstance(ended.exception, MaestroError):
        return Ended(status=exit_code(ended.exception), out=ended.stdout, err=str(ended.exception))
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return Ended(status=ended.exit_code, out=ended.stdout, err=ended.stderr)


def said(store: Path, *arguments: str, tenant: str = "acme") -> Any:
    return run(store, *arguments, "--json", tenant=tenant).json


def money(text: str | None) -> Decimal:
    return Decimal(text or "NaN")


def test_audit_verify_says_how_much_was_verified(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    answer = run(store, "audit", "verify")
    assert answer.status == 0
    assert "verified 6 entries, from 2026-01-30 21:01:00" not in answer.out  # the first by number, not by time
    assert "verified 6 entries, from 2026-02-02 15:00:00 to 2026-01-30 21:01:00" in answer.out
    head = said(store, "audit", "verify")["head"]
    assert f"head {head}, number 6" in answer.out
    assert run(store, "audit", "verify", "--anchor", head).status == 0


@pytest.mark.firestore
def test_audit_verify_says_up_to_where_a_chain_has_expired(
    store: Path, firestore_client_factory: Callable[..., Any], firestore_project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MAESTRO_STORE", "firestore"), ("MAESTRO_PROJECT", firestore_project)):
        monkeypatch.setenv(name, value)
    client = firestore_client_factory()
    documents = open_documents(client)
    write_chain(documents)
    verify = ["audit", "verify", "--tenant", "acme"]
    assert CliRunner().invoke(app, verify).exit_code == 0
    for collection in (DECISIONS, COMMANDS, COPIES):
        client.document(path_of(documents, collection)).delete()
    assert CliRunner().invoke(app, verify).exit_code == 1  # nothing there has a date
    set_field(documents, path_of(documents, DECISIONS), "delete_after", utc(MONDAY, 15))
    set_field(documents, path_of(documents, COPIES), "delete_after", utc(MONDAY, 15))
    answer = CliRunner().invoke(app, verify)
    assert answer.exit_code == 0
    assert "entries 1–2 expired (retention); chain holds from 3" in answer.stdout
    assert json.loads(CliRunner().invoke(app, [*verify, "--json"]).stdout)["expired"] == 2


def test_replay_says_until_when_inputs_were_kept(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    path = path_of(documents, DECISIONS)
    for name, value in (("input_parts", 1), ("inputs", b""), ("delete_after", utc(MONDAY, 16))):
        set_field(documents, path, name, value)
    until = "kept until 2026-02-02T16:00:00+00:00 (retention"
    assert until in run(store, "replay", path.rpartition("/")[2]).err
    assert until in run(store, "replay", "--all", width=400).out


def test_audit_verify_lists_findings_and_fails(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    path = path_of(documents, COMMANDS)
    set_field(documents, path, "reason", "a good one")
    answer = run(store, "audit", "verify")
    assert answer.status == 1
    assert "1 finding" in answer.out
    assert f"contradiction 2  {path}" in answer.out
    assert "expected reason the news, as in the body" in answer.out
    assert "found    a good one" in answer.out
    shown = run(store, "audit", "verify", "--json")
    assert shown.status == 1
    assert '"kind": "contradiction"' in shown.out


def test_audit_verify_anchor_that_is_not_there_fails(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    answer = run(store, "audit", "verify", "--anchor", "ab" * 32)
    assert answer.status == 1
    assert f"expected an entry with the hash {'ab' * 32}" in answer.out
    answer = run(store, "audit", "verify", "--anchor", "abc")
    assert answer.status == 2
    assert "--anchor: expected an entry hash of 64 hex digits, found 'abc'" in answer.err


def test_audit_list_shows_commands_newest_first(store: Path, documents: SqliteDocuments) -> None:
    assert "Nobody has commanded anything yet." in run(store, "audit", "list").out
    write_chain(documents)
    out = run(store, "audit", "list").out
    rows = [line.split() for line in out.splitlines() if "ann" in line]
    assert rows == [
        ["4", "2026-02-02", "15:03:00", "resume", "ann", "it", "is", "over"],
        ["2", "2026-02-02", "15:01:00", "halt", "ann", "the", "news"],
    ]
    (newest,) = said(store, "audit", "list", "--last", "1")["entries"]
    assert (newest["kind"], newest["sequence"], newest["facts"]["state_before"]) == ("resume", 4, "HALTED")


def test_replay_of_a_whole_demo_is_identical(store: Path) -> None:
    demo = ["demo", "--days", "25", "--store", str(store), "--report", "r.html", "--json"]
    assert CliRunner().invoke(app, demo).exit_code == 0
    answer = said(store, "replay", "--all", tenant="demo")
    assert (answer["replayed"], answer["identical"]) == (25, 25)
    shown = run(store, "replay", "--last", "3", tenant="demo").out
    assert "3 decisions replayed: 3 identical" in shown
    assert "the same that all were made with" in shown
    log_id = answer["decisions"][0]["log_id"]
    assert "identical: all" in run(store, "replay", log_id, tenant="demo").out
    assert said(store, "audit", "verify", tenant="demo")["entries"] == 25


def forge_allocation(documents: SqliteDocuments, path: str) -> None:
    """Let strategy a have asked for half as much, with the digest that fits."""
    fields = fields_of(documents, path)
    inputs = read_canonical_json(zlib.decompress(fields["inputs"]).decode())
    signal: StrategySignal = inputs.signals[StrategyId("a")]
    signals = {**inputs.signals, StrategyId("a"): replace(signal, allocation=signal.allocation / 2)}
    text = canonical_json(replace(inputs, signals=signals))
    body = {**plain(read_canonical_json(fields["body"])), "inputs_hash": digest(text)}
    documents.commit([put(path, {**fields, "inputs": zlib.compress(text.encode()), "body": canonical_json(body)})])


def test_replay_names_the_first_difference_and_fails(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    path = path_of(documents, DECISIONS)
    forge_allocation(documents, path)
    answer = run(store, "replay", path.rpartition("/")[2])
    assert answer.status == 1
    assert "different: " in answer.out
    assert "  allocation_decisions[0].final_allocation\n  logged   0.3\n  derived  0.15\n" in answer.out
    answer = run(store, "replay", "--all", "--json")
    assert answer.status == 1
    assert '"identical": 3' in answer.out  # of four decisions
    answer = run(store, "replay", "--all")
    assert "4 decisions replayed: 3 identical" in answer.out


def test_replay_says_when_the_code_was_another(store: Path, documents: SqliteDocuments) -> None:
    write_chain(documents)
    path = path_of(documents, DECISIONS)
    body = plain(read_canonical_json(fields_of(documents, path)["body"]))
    set_field(documents, path, "body", canonical_json({**body, "code_version": "0123456789abcdef"}))
    answer = run(store, "replay", path.rpartition("/")[2])
    assert answer.status == 0
    assert "code version then 0123456789abcdef, now " in answer.out
    assert "other rules" in answer.out


@pytest.mark.parametrize("arguments", [[], ["x", "--all"], ["--last", "2", "--all"]])
def test_replay_wants_one_choice(store: Path, documents: SqliteDocuments, arguments: list[str]) -> None:
    answer = run(store, "replay", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert "expected one of LOG_ID, --last and --all" in answer.err


def test_unknown_ids_come_with_advice(store: Path, documents: SqliteDocuments) -> None:
    assert "there is none yet" in run(store, "replay", "main-1").err
    write_chain(documents)
    answer = run(store, "replay", "main-20260202T150000")
    assert (answer.status, answer.out) == (2, "")
    assert "did you mean main-20260202T150000.000000Z?" in answer.err
    order = DocumentStore(documents).orders("acme", last=9)[-1].intent.client_order_id
    answer = run(store, "trace", order[:-1])
    assert (answer.status, answer.out) == (2, "")
    assert f"did you mean {order}?" in answer.err
    assert "the newest is mae-" in run(store, "trace", "nothing-like-it").err


def test_trace_of_a_buy_that_was_partly_sold_later(store: Path, days: TradingDays) -> None:
    """Buys 300 at 100; a sale of them at 112.50 has filled 120 so far: 120 × 12.50 = 1,500; 180 cost 18,000."""
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    days.broker.is_filling = False
    days.price(AAPL, "112.50")
    (sale,) = days.tick(utc(MONDAY, 15, 1), a=sell("AAPL")).orders
    days.clock.time = utc(MONDAY, 15, 2)
    days.broker.fill(sale.intent.client_order_id, Decimal(120))
    days.tick(utc(MONDAY, 15, 3), a=HOLD)
    story = said(store, "trace", order.intent.client_order_id)
    pnl = story["pnl"]
    assert (money(pnl["realised"]), money(pnl["open_quantity"]), money(pnl["open_cost"])) == (1500, 180, 18000)
    (part,) = pnl["parts"]
    assert (part["order_id"], money(part["quantity"]), money(part["realised"])) == (
        sale.intent.client_order_id,
        120,
        1500,
    )
    assert (story["end"], story["broker_order"]["status"]) == (None, "filled")
    shown = run(store, "trace", order.intent.client_order_id).out
    for words in (
        "a said BUY AAPL of 30.0%, confidence 0.80",
        "30.0% = asked × base weight 1 × mode 1",
        "number 1 of the chain",
        "buy $30,000.00 of AAPL, market order",
        "300 at $100.00 = $30,000.00",
        "realised +$1,500.00 to now",
        "+$1,500.00: 120 closed at $112.50 by mae-",
        "still open: 180 AAPL that cost $18,000.00",
    ):
        assert words in shown
    sold = said(store, "trace", sale.intent.client_order_id)
    assert (money(sold["pnl"]["realised"]), sold["pnl"]["parts"][0]["order_id"]) == (1500, sale.intent.client_order_id)
    assert "part of it is filled" in sold["end"]


def test_trace_names_signal_identity_and_decision_as_they_are_stored(
    store: Path, days: TradingDays, documents: SqliteDocuments
) -> None:
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    story = said(store, "trace", order.intent.client_order_id)
    log = fields_of(documents, path_of(documents, DECISIONS))
    stored = fields_of(documents, f"tenants/acme/orders/{order.intent.client_order_id}")
    identity = {name: stored[name] for name in ("agent_id", "nonce", "session_id")}
    assert story["identity"] == {**identity, "correlation_id": stored["correlation_id"] or None}
    decision = story["decision"]
    assert (decision["log_id"], decision["entry_hash"], decision["sequence"]) == (log["log_id"], log["entry_hash"], 1)
    assert decision["summary"] == log["ai_summary"]
    assert decision["is_intact"]
    assert story["signal"]["given"]["reasoning"] == "test"
    assert story["intent"]["is_as_decided"]


def test_trace_of_an_order_that_was_altered_says_so(store: Path, days: TradingDays, documents: SqliteDocuments) -> None:
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    set_field(documents, f"tenants/acme/orders/{order.intent.client_order_id}", "notional", "31000.00")
    set_field(documents, path_of(documents, DECISIONS), "entry_hash", "0" * 64)
    shown = run(store, "trace", order.intent.client_order_id).out
    assert "the decision in the log has no such order: it was altered" in shown
    assert "run maestro audit verify" in shown


def test_trace_of_an_unresolved_order_ends_there_then_of_the_denied_one(store: Path, days: TradingDays) -> None:
    days.broker.fail_next(OrderUnresolved("timed out"))
    days.broker.fail_next(BrokerUnavailable("still down"), on="find")
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    assert order.status is OrderStatus.UNRESOLVED
    shown = run(store, "trace", order.intent.client_order_id).out
    assert "It ends here: the broker may or may not have it" in shown
    assert "timed out; still down" in shown
    assert "P&L" not in shown
    days.tick(utc(TUESDAY, 15) - timedelta(hours=2), a=HOLD)
    story = said(store, "trace", order.intent.client_order_id)
    assert (story["broker_order"]["status"], story["end"]) == ("denied", "Maestro never sent it")
    assert "proven absent" in story["broker_order"]["reason"]
    assert (story["fills"], money(story["pnl"]["realised"])) == ([], 0)


def test_trace_of_a_rejected_order_says_what_the_broker_said(store: Path, days: TradingDays) -> None:
    days.broker.fail_next(OrderRejected("insufficient buying power"))
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    shown = run(store, "trace", order.intent.client_order_id, width=80).out
    assert "It ends here: the broker refused it." in shown
    assert "insufficient buying power" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_trace_of_an_order_whose_decision_is_gone_says_so(
    store: Path, days: TradingDays, documents: SqliteDocuments
) -> None:
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3)).orders
    path = f"tenants/acme/orders/{order.intent.client_order_id}"
    set_field(documents, path, "tick_id", "main-gone")
    answer = run(store, "trace", order.intent.client_order_id)
    assert (answer.status, answer.out) == (3, "")
    assert "expected its decision main-gone in the log, found none" in answer.err
