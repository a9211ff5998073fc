"""Trading is the same with the narrator off, honest, lying, hanging, refusing and raising; news alone is worded."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from backend.adapters.documents import Documents, DocumentStore, book_documents, paths
from backend.adapters.template_summary import TemplateSummarizer
from backend.adapters.vertex import VertexSummarizer
from backend.domain.alert import Severity
from backend.domain.decision import Decision
from backend.domain.errors import OrderUnresolved
from backend.domain.order import BrokerOrder, OrderIntent
from backend.domain.tick import TickResult
from backend.engine.cycle import run_cycle
from backend.engine.narrating import narrated
from backend.ports.summary import Summarizer
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, HOLD, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, sell, tick_at
from tests.fakes.decisions import busy_decision
from tests.fakes.http_server import Answer, ScriptedServer, json_answer
from tests.unit.domain.test_testimony import LIES

NOBODY = {"a": HOLD, "b": HOLD, "c": HOLD, "d": HOLD}
HISTORY: tuple[Mapping[str, Any], ...] = (
    NOBODY,
    {**NOBODY, "a": buy("AAPL", 0.3), "b": buy("MSFT", 0.2)},
    {**NOBODY, "a": buy("AAPL", 0.3), "b": buy("MSFT", 0.2)},  # held already: nothing happens
    {**NOBODY, "a": sell("AAPL"), "b": sell("MSFT"), "c": sell("AAPL"), "d": buy("MSFT", 0.1)},  # a systemic override
    {**NOBODY, "a": sell("AAPL"), "b": sell("MSFT"), "c": sell("AAPL"), "d": buy("MSFT", 0.1)},
    NOBODY,
    {**NOBODY, "c": buy("AAPL", 0.1)},  # the broker does not answer
    NOBODY,
)
MINUTES = 5
UNTRUE = [each for each in LIES if each not in ("No orders were sent.", "0 orders were sent.")]  # of these decisions


@contextmanager
def gemini(*answers: Answer, timeout_seconds: float = 5.0) -> Iterator[VertexSummarizer]:
    with ScriptedServer(*answers) as server:
        credentials = Credentials(token="test")  # type: ignore[no-untyped-call]
        yield VertexSummarizer(
            "demo-maestro", "europe-west4", "m", timeout_seconds, base_url=server.url, credentials=credentials
        )


def said(text: str) -> Answer:
    part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    return json_answer({"candidates": [part]})


class Asked:
    """A narrator that notes what it is asked, and says of each decision what a function makes of it."""

    def __init__(self, say: Callable[[Decision], Any] = lambda decision: None) -> None:
        self.decisions: list[Decision] = []
        self._say = say

    def summarize(self, decision: Decision) -> Any:
        self.decisions.append(decision)
        return self._say(decision)


def raising(error: BaseException) -> Callable[[Decision], None]:
    def say(decision: Decision) -> None:
        raise error

    return say


def play(documents: Documents, narrator: Summarizer | None) -> tuple[list[TickResult], FakeBroker]:
    store, clock, broker = DocumentStore(documents), SetClock(AT), FakeBroker(Decimal(100_000), PRICES)
    strategies = ScriptedStrategies()
    cycle = replace(cycle_of(store, strategies, broker, clock), narrator=narrator)
    results = []
    for number, signals in enumerate(HISTORY):
        strategies.signals = dict(signals)
        clock.time = AT + timedelta(minutes=MINUTES * number)
        if "c" in signals and signals["c"]["action"] == "BUY":
            broker.fail_next(OrderUnresolved("timed out"))
        results.append(run_cycle(tick_at(clock.time), cycle))
    return results, broker


def traded(documents: Documents) -> dict[str, Any]:
    """Return everything that is stored but the summaries' words, and whether a model failed at them."""
    found: dict[str, Any] = {}
    for name in ("orders", "ledger_trades", "journal", "ticks", "orchestration_logs", "shadow_pnl", "alerts"):
        for document in documents.query(paths.collection(KEY.tenant_id, name)):
            fields = {k: v for k, v in document.fields.items() if k not in ("summary", "ai_summary", "summary_source")}
            if fields.get("kind") != "summary_fallback":
                found[document.path] = fields
    trading, book = paths.trading(KEY.tenant_id), paths.book(KEY.tenant_id, KEY.portfolio_id)
    state = documents.read([trading, book])
    found[trading] = state[trading].fields
    stood = book_documents.from_document(state[book])
    found[book] = replace(stood, told=replace(stood.told, fallback_on=None))
    return found


NARRATORS: dict[str, Callable[[], Any]] = {
    "honest": lambda: nullcontext(Asked(TemplateSummarizer().summarize)),
    "lying": lambda: gemini(*(said(lie) for lie in UNTRUE)),
    "lying at length": lambda: gemini(said("\n".join(UNTRUE)[:3_900])),
    "hanging": lambda: gemini(Answer(hangs=True), timeout_seconds=0.2),
    "dripping": lambda: gemini(Answer(drips=True), timeout_seconds=0.2),
    "refusing": lambda: gemini(json_answer({"error": {"code": 500, "message": "no", "status": "INTERNAL"}}, 500)),
    "silent": lambda: nullcontext(Asked()),
    "raising": lambda: nullcontext(Asked(raising(ZeroDivisionError("a defect")))),
    "exiting": lambda: nullcontext(Asked(raising(SystemExit(3)))),
    "no text": lambda: nullcontext(Asked(lambda decision: 7)),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("name", sorted(NARRATORS))
def test_trading_is_the_same_whatever_the_narrator_does(name: str, empty_documents: Callable[[], Documents]) -> None:
    import google.genai  # noqa: F401 - beforehand, so that a short time-out measures the server and not the import

    without, told = empty_documents(), empty_documents()
    plain, plain_broker = play(without, None)
    with NARRATORS[name]() as narrator:
        results, broker = play(told, narrator)
    assert traded(told) == traded(without)
    assert broker.submitted == plain_broker.submitted
    assert len(broker.submitted) > 4
    for ours, theirs in zip(results, plain, strict=True):
        assert (ours.decision, ours.orders, ours.trades) == (theirs.decision, theirs.orders, theirs.trades)
        assert ours.status is theirs.status
    if name != "honest":
        assert [each.summary for each in results] == [each.summary for each in plain]
        entries = DocumentStore(told).decisions(KEY.tenant_id, last=50)
        assert {entry.summary_source for entry in entries} == {"template"}


def test_honest_words_are_stored_as_the_models(documents: Documents) -> None:
    results, _ = play(documents, Asked(lambda d: f"{len(d.intents) or 'No'} orders were sent. The fund gained 9.5%."))
    assert [each.summary for each in results][:2] == ["No orders were sent.", "2 orders were sent."]
    newest = DocumentStore(documents).decisions(KEY.tenant_id, last=50)
    assert newest[-2].summary_source == "model"
    assert not [each for each in results for alert in each.alerts if alert.kind == "summary_fallback"]


def test_model_is_asked_when_there_is_news_and_only_then(documents: Documents) -> None:
    narrator = Asked()
    play(documents, narrator)
    asked = [(each.decided_at - AT) // timedelta(minutes=MINUTES) for each in narrator.decisions]
    # at first, when something is bought, when the override begins and when it ends, and at the last order
    assert asked == [0, 1, 3, 5, 6]


def test_model_is_asked_once_a_day_of_quiet_ticks(documents: Documents) -> None:
    """A day of ticks every five minutes: one order at its start, then nothing new."""
    store, clock, narrator = DocumentStore(documents), SetClock(AT), Asked()
    cycle = replace(cycle_of(store, ScriptedStrategies(a=buy("AAPL", 0.3), b=HOLD), clock=clock), narrator=narrator)
    results = []
    for number in range(78):
        clock.time = AT + timedelta(minutes=MINUTES * number)
        results.append(run_cycle(tick_at(clock.time), cycle))
    assert sum(len(each.orders) for each in results) == 1
    assert len(narrator.decisions) == 1


class CountedStore:
    """A store that counts its round trips."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._store, name)


def test_quiet_tick_needs_no_second_commit_with_a_narrator(store: DocumentStore) -> None:
    counted, clock = CountedStore(store), SetClock(AT)
    cycle = replace(cycle_of(counted, ScriptedStrategies(a=HOLD), clock=clock), narrator=Asked())
    run_cycle(tick_at(), cycle)
    assert counted.calls.count("record") == 1
    counted.calls.clear()
    clock.time = AT + timedelta(minutes=MINUTES)
    run_cycle(tick_at(clock.time), cycle)
    assert [each for each in counted.calls if each in ("commit", "record")] == ["commit"]


def test_fallback_is_told_once_a_day_and_in_the_ticks_own_commit(documents: Documents) -> None:
    results, _ = play(documents, Asked())
    told = [(number, a) for number, each in enumerate(results) for a in each.alerts if a.kind == "summary_fallback"]
    assert [(number, alert.severity, alert.portfolio_id) for number, alert in told] == [(0, Severity.WARNING, "main")]
    stored = documents.query(paths.collection(KEY.tenant_id, "alerts"))
    assert [each.fields["tick_id"] for each in stored if each.fields["kind"] == "summary_fallback"] == [
        results[0].tick_id
    ]
    store, clock = DocumentStore(documents), SetClock(AT + timedelta(days=1))
    cycle = replace(cycle_of(store, ScriptedStrategies(a=buy("MSFT", 0.1)), clock=clock), narrator=Asked())
    tomorrow = run_cycle(tick_at(clock.time), cycle)
    assert [each.kind for each in tomorrow.alerts if each.kind == "summary_fallback"] == ["summary_fallback"]


def test_history_tells_of_the_override_once_and_of_the_order_in_doubt(documents: Documents) -> None:
    results, _ = play(documents, None)
    told = [(number, each) for number, result in enumerate(results) for each in result.alerts]
    (override,) = [(number, each) for number, each in told if each.kind == "systemic_override"]
    assert override[0] == 3
    assert override[1].message == ("systemic risk: 3 strategies sell at once (a, b, c); entries held back: 1 (d)")
    (doubt,) = [(number, each) for number, each in told if each.kind == "order_unresolved"]
    assert doubt[0] == 6
    assert "buy AAPL for c) has no clear answer: timed out" in doubt[1].message
    stored = {each.fields["kind"] for each in documents.query(paths.collection(KEY.tenant_id, "alerts"))}
    assert stored == {each.kind for _, each in told}


def test_narrator_that_hangs_is_left_behind() -> None:
    started = time.monotonic()
    with gemini(Answer(hangs=True), timeout_seconds=20.0) as narrator:
        assert narrated(busy_decision(), narrator, patience_seconds=0.2) == ""
    assert time.monotonic() - started < 5.0


class DyingBroker(FakeBroker):
    """The process ends when it sends its first order."""

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        raise MemoryError


def test_tick_that_another_delivery_began_says_that_nobody_knows_who_was_told(store: DocumentStore) -> None:
    strategies = ScriptedStrategies(a=buy("AAPL", 0.3))
    with pytest.raises(MemoryError):
        run_cycle(tick_at(), cycle_of(store, strategies, DyingBroker(Decimal(100_000), PRICES)))
    cycle = cycle_of(store, strategies, FakeBroker(Decimal(100_000), PRICES))
    taken, again = run_cycle(tick_at(), cycle), run_cycle(tick_at(), cycle)
    assert (taken.was_taken_over, again.was_taken_over) == (True, False)
    assert (taken.was_resumed, again.was_resumed, again.alerts) == (True, True, ())
