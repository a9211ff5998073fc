"""MaestroController.accept on both stores: each signal once, and every answer in the chain."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, audit_documents, open_documents
from backend.adapters.documents.acceptance_documents import AcceptanceDocuments
from backend.adapters.documents.log_documents import from_document as decision_from_document
from backend.adapters.documents.seam import replace, update
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.audit import AuditEntry, AuditKind, entry_hash
from backend.domain.content import content_hash
from backend.domain.decision import published_signals
from backend.domain.errors import ConfigurationError, SignalRefused, StoreCorrupt, StoreUnavailable
from backend.domain.trading_state import GENESIS_HASH, TradingState
from backend.engine.acceptance import accept as engine_accept
from backend.engine.cycle import run_cycle
from functions.strategies.maestro_controller import MaestroController
from tests.contract.orchestrating import orchestrate
from tests.contract.recording import RecordingDocuments
from tests.fakes.cycle import AT, HOLD, ScriptedStrategies, SetClock, buy, cycle_of, restrict, sell, tick_at
from tests.fakes.faults import Meanwhile

THREADS = 50
EXPIRES = AT + timedelta(minutes=2)
TREND = {**buy("AAPL", 0.25), "metadata": {"levels": (1, 2.5)}, "expires_at": EXPIRES}


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Documents]]:
    """Open one store again and again, each time with a connection of its own."""
    with ExitStack() as connections:

        def opened() -> SqliteDocuments:
            documents = SqliteDocuments(tmp_path / "maestro.db", durable=False)
            connections.callback(documents.close)
            return documents

        if request.param == "sqlite":
            yield opened
        else:
            make = request.getfixturevalue("firestore_client_factory")
            yield lambda: open_documents(make())


def accept(documents: Documents, signal: Any, tenant: str = "acme", at: datetime = AT, **more: Any) -> None:
    controller = MaestroController(documents, tenant, clock=SetClock(at))
    asyncio.run(controller.accept(signal, **{"actor": "executor-1", **more}))


def refused(documents: Documents, signal: Any, tenant: str = "acme", at: datetime = AT) -> str:
    with pytest.raises(SignalRefused, match="the refusal is in the audit log") as raised:
        accept(documents, signal, tenant, at)
    return str(raised.value)


def whole_chain(documents: Documents, tenant: str = "acme") -> list[AuditEntry]:
    """Walk decisions and audit entries by number, check every link, and return the audit entries."""
    decisions = [decision_from_document(each) for each in documents.query(f"tenants/{tenant}/orchestration_logs")]
    audits = [audit_documents.from_document(each) for each in documents.query(f"tenants/{tenant}/audit_log")]
    entries = sorted([*decisions, *audits], key=lambda each: each.sequence)
    assert [each.sequence for each in entries] == list(range(1, len(entries) + 1))
    assert [each.body["sequence"] for each in entries] == list(range(1, len(entries) + 1))
    head = GENESIS_HASH
    for each in entries:
        assert each.previous_hash == head
        head = entry_hash(each.previous_hash, each.body)
        assert each.entry_hash == head
    trading, _ = DocumentStore(documents).trading(tenant)
    assert (trading.log_head, trading.log_count) == (head, len(entries))
    return sorted(audits, key=lambda each: each.sequence)


def nonces(documents: Documents, tenant: str = "acme") -> list[dict[str, Any]]:
    return [dict(each.fields) for each in documents.query(f"tenants/{tenant}/nonces")]


def test_signal_is_accepted_once_and_refused_the_second_time(documents: Documents) -> None:
    judged, decision = orchestrate(documents, {"trend": TREND, "leaving": sell("MSFT")})
    signal = judged["trend"]
    accept(documents, signal)
    reason = refused(documents, signal, at=AT + timedelta(seconds=1))
    assert f"nonce {signal['nonce']} not to be spent" in reason
    (log_id,) = [each.document_id for each in documents.query("tenants/acme/orchestration_logs")]
    assert nonces(documents) == [
        {
            "tenant_id": "acme",
            "nonce": signal["nonce"],
            "strategy_id": "trend",
            "session_id": decision.session_id,
            "log_id": log_id,
            "content_hash": content_hash(signal),
            "accepted_at": _stored(documents, AT),
            "accepted_by": "executor-1",
            "delete_after": _stored(documents, AT + timedelta(days=1)),
        }
    ]
    accept(documents, judged["leaving"])  # a signal of the same decision has a nonce of its own
    assert [each.kind for each in whole_chain(documents)] == [
        AuditKind.SIGNAL_ACCEPTED,
        AuditKind.SIGNAL_REFUSED,
        AuditKind.SIGNAL_ACCEPTED,
    ]


def _stored(documents: Documents, at: datetime) -> object:
    """Return an instant as the store gives it back: SQLite has text."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" if isinstance(documents, SqliteDocuments) else at


def test_signals_of_one_decision_are_accepted_with_one_look_into_the_log(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    acceptances = AcceptanceDocuments(recording)
    first, _ = orchestrate(documents, {"trend": TREND, "leaving": sell("MSFT")})
    second, _ = orchestrate(documents, {"trend": TREND})
    for signal in (*first.values(), *second.values()):
        accept_directly(signal, acceptances)
    assert recording.queried == ["tenants/acme/orchestration_logs"] * 2
    assert len(recording.reads) == 3  # trading and nonce, for each signal
    assert len(nonces(documents)) == 3


def test_signal_is_accepted_after_json_and_then_not_as_it_was(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND})
    accept(documents, json.loads(json.dumps(judged["trend"], default=datetime.isoformat)))
    assert "not to be spent" in refused(documents, judged["trend"])
    assert len(whole_chain(documents)) == 2


def test_signal_is_accepted_after_the_document_store(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": {**TREND, "metadata": {"seen_at": AT, "levels": [1, 2.5]}}})
    documents.commit([replace("tenants/acme/my_queue/1", judged["trend"])])
    (queued,) = documents.query("tenants/acme/my_queue")
    accept(documents, dict(queued.fields))
    assert len(nonces(documents)) == 1


def test_altered_signal_is_refused_with_an_entry_and_the_genuine_one_still_accepted(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND})
    altered = {**judged["trend"], "allocation": 1.0}
    assert "expected allocation to be 0.25, found 1" in refused(documents, altered)
    assert nonces(documents) == []
    (entry,) = whole_chain(documents)
    assert (entry.kind, entry.actor, entry.timestamp) == (AuditKind.SIGNAL_REFUSED, "executor-1", AT)
    assert entry.reason == "expected allocation to be 0.25, found 1"
    log_id = entry.body["facts"]["log_id"]
    assert documents.read([f"tenants/acme/orchestration_logs/{log_id}"])
    assert entry.body["facts"] == {
        "ground": "altered",
        "strategy": "trend",
        "nonce": altered["nonce"],
        "session_id": altered["session_id"],
        "log_id": log_id,
        "content_hash": content_hash(altered),
        "expected_hash": content_hash(judged["trend"]),
    }
    accept(documents, judged["trend"])
    assert len(nonces(documents)) == 1


@pytest.mark.parametrize(
    "signal", [None, {"action": "BUY"}, {"session_id": "x/../y", "nonce": "\ud800"}, {"reasoning": "\ud800", 1: 2}]
)
def test_what_is_no_signal_is_refused_with_an_entry(documents: Documents, signal: Any) -> None:
    assert "expected" in refused(documents, signal)
    (entry,) = whole_chain(documents)
    assert entry.body["facts"]["ground"] == "not_a_signal"


def test_signal_of_another_tenant_is_refused_in_the_log_of_whoever_was_asked(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND}, tenant="globex")
    assert "session_id to be of a decision in the log of acme" in refused(documents, judged["trend"])
    assert [each.body["facts"]["ground"] for each in whole_chain(documents)] == ["unknown_session"]
    assert whole_chain(documents, "globex") == []
    accept(documents, judged["trend"], "globex")


def test_nonce_of_another_strategy_and_of_another_decision_is_refused(documents: Documents) -> None:
    first, _ = orchestrate(documents, {"trend": TREND, "other": TREND})
    second, _ = orchestrate(documents, {"trend": TREND})
    for nonce in (first["other"]["nonce"], second["trend"]["nonce"]):
        assert "issued to trend" in refused(documents, {**first["trend"], "nonce": nonce})
    assert nonces(documents) == []


@pytest.mark.parametrize(("name", "after"), [("trend", EXPIRES - AT), ("idle", timedelta(minutes=5, seconds=1))])
def test_expired_signal_is_refused(documents: Documents, name: str, after: timedelta) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND, "idle": HOLD})
    refused(documents, judged[name], at=AT + after)
    assert [each.body["facts"]["ground"] for each in whole_chain(documents)] == ["expired"]


def test_longer_age_is_allowed_up_to_what_the_nonces_are_kept_for(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"idle": HOLD})
    with pytest.raises(ConfigurationError, match="max_age: expected more than 0 and at most 12:00:00"):
        accept(documents, judged["idle"], max_age=timedelta(hours=13))
    accept(documents, judged["idle"], at=AT + timedelta(hours=12), max_age=timedelta(hours=12))


def test_nobody_accepts_a_signal(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"idle": HOLD})
    with pytest.raises(ConfigurationError, match="actor: expected a text"):
        accept(documents, judged["idle"], actor=" ")
    assert whole_chain(documents) == []


def test_signal_of_a_tick_is_refused(documents: Documents) -> None:
    result = run_cycle(tick_at(), cycle_of(DocumentStore(documents), ScriptedStrategies(a=buy("AAPL"))))
    assert result.decision is not None
    (signal,) = published_signals(result.decision).values()
    assert "whose orders Maestro sends" in refused(documents, signal)
    assert nonces(documents) == []
    whole_chain(documents)


@pytest.mark.parametrize(
    ("state", "name", "is_accepted"),
    [
        (TradingState.HALTED, "trend", False),
        (TradingState.HALTED, "leaving", False),
        (TradingState.REDUCING, "trend", False),
        (TradingState.REDUCING, "leaving", True),
    ],
)
def test_halt_between_orchestrate_and_accept_holds_the_signal_back(
    documents: Documents, state: TradingState, name: str, is_accepted: bool
) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND, "leaving": sell("MSFT")})
    restrict(DocumentStore(documents), state)
    if is_accepted:
        accept(documents, judged[name])
    else:
        assert f"found {state}" in refused(documents, judged[name])
    assert len(nonces(documents)) == is_accepted
    assert len(whole_chain(documents)) == 2  # the command's entry and the answer's


def test_halt_between_reading_and_writing_holds_the_signal_back(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"leaving": sell("MSFT")})
    halting = Meanwhile(documents, "commit", lambda: restrict(DocumentStore(documents), TradingState.HALTED))
    with pytest.raises(SignalRefused, match="found HALTED"):
        accept_directly(judged["leaving"], AcceptanceDocuments(halting))
    assert [each.kind for each in whole_chain(documents)] == [AuditKind.HALT, AuditKind.SIGNAL_REFUSED]
    assert nonces(documents) == []


def test_signal_whose_acceptance_had_no_answer_is_refused_afterwards(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND})
    silent = AcceptanceDocuments(Meanwhile(documents, "commit", lost_answer, after=True))
    with pytest.raises(StoreUnavailable, match="no answer"):
        accept_directly(judged["trend"], silent)
    with pytest.raises(SignalRefused, match="not to be spent"):
        accept_directly(judged["trend"], silent)
    assert len(nonces(documents)) == 1
    whole_chain(documents)


def lost_answer() -> None:
    raise StoreUnavailable("no answer")


def accept_directly(signal: Any, acceptances: AcceptanceDocuments) -> None:
    engine_accept(signal, tenant_id="acme", actor="executor-1", acceptances=acceptances, now=lambda: AT)


def test_decision_altered_in_the_store_issues_nothing(documents: Documents) -> None:
    judged, _ = orchestrate(documents, {"trend": TREND})
    (log,) = documents.query("tenants/acme/orchestration_logs")
    body = log.fields["body"].replace('["allocation",0.25]', '["allocation",1.0]')
    assert body != log.fields["body"]
    documents.commit([update(log.path, {"body": body})])
    with pytest.raises(StoreCorrupt, match="entry_hash"):
        accept(documents, {**judged["trend"], "allocation": 1.0})
    assert nonces(documents) == []


def test_fifty_acceptances_of_one_signal_at_once_are_one(connect: Callable[[], Documents]) -> None:
    first = connect()
    judged, _ = orchestrate(first, {"trend": TREND})
    stores = [connect() for _ in range(THREADS)]

    def attempt(numbered: tuple[int, Documents]) -> str | None:
        number, documents = numbered
        try:
            accept(documents, judged["trend"], actor=f"executor-{number}")
        except SignalRefused as e:
            return str(e)
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(attempt, enumerate(stores)))
    winners = [number for number, reason in enumerate(answers) if reason is None]
    assert len(winners) == 1
    winner = f"executor-{winners[0]}"
    assert all(reason is None or f"by {winner}" in reason for reason in answers)
    (spent,) = nonces(first)
    assert spent["accepted_by"] == winner
    entries = whole_chain(first)
    assert [(each.kind, each.actor) for each in entries[:1]] == [(AuditKind.SIGNAL_ACCEPTED, winner)]
    assert [each.kind for each in entries[1:]] == [AuditKind.SIGNAL_REFUSED] * (THREADS - 1)
    assert {each.actor for each in entries} == {f"executor-{number}" for number in range(THREADS)}
