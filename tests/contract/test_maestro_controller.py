"""MaestroController as existing systems call it, on both stores."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from backend.domain.decision import Decision
from functions.strategies.maestro_controller import MaestroController
from tests.contract.orchestrating import LOSING, MIDDLING, WINNING, YESTERDAY, chain, modes, orchestrate, write_days
from tests.fakes.cycle import AT, HOLD, SetClock, buy, sell

THRESHOLDS = (
    "SHARPE_THRESHOLD_REDUCE",
    "SHARPE_THRESHOLD_SHADOW",
    "SYSTEMIC_SELL_THRESHOLD",
    "PERFORMANCE_LOOKBACK_DAYS",
    "MIN_DAILY_RETURNS",
)


@dataclass(frozen=True)
class OwnSignal:
    """What a system that has classes of its own returns instead of a dict."""

    action: str
    ticker: str | None
    allocation: float
    confidence: float = 0.8
    reasoning: str = "own class"


@pytest.fixture
def defaults() -> Iterator[type[MaestroController]]:
    """The class, whose attributes users assign; as they were afterwards."""
    before = {name: getattr(MaestroController, name) for name in THRESHOLDS}
    yield MaestroController
    for name, value in before.items():
        setattr(MaestroController, name, value)


def test_controller_keeps_the_defaults_that_users_know() -> None:
    assert [getattr(MaestroController, name) for name in THRESHOLDS] == [1.0, 0.5, 3, 30, 5]


def test_controller_without_records_gives_the_default_and_says_why(documents: Documents) -> None:
    judged, decision = orchestrate(documents, {"a": buy("AAPL", 0.25)})
    (allocation,) = decision.allocation_decisions
    assert (allocation.mode, allocation.final_allocation, allocation.sharpe_ratio) == ("ACTIVE", 0.25, None)
    assert "insufficient data: 0 daily returns, 5 needed" in allocation.reasoning
    assert judged["a"]["agent_id"] == "acme_a"
    assert (decision.signals_modified, decision.systemic_risk_detected) == (0, False)


def test_controller_scores_the_daily_documents_that_users_write(documents: Documents) -> None:
    write_days(documents, "losing", LOSING)
    write_days(documents, "winning", WINNING)
    write_days(documents, "young", LOSING[:4])
    judged, decision = orchestrate(
        documents, {name: buy("AAPL", 0.2) for name in ("losing", "winning", "young")}, uid="u1"
    )
    assert modes(decision) == {"losing": "SHADOW_MODE", "winning": "ACTIVE", "young": "ACTIVE"}
    assert (judged["losing"]["allocation"], judged["losing"]["shadow_mode"]) == (0.0, True)
    assert (judged["losing"]["original_allocation"], judged["losing"]["weight_multiplier"]) == (0.2, 0.0)
    assert judged["losing"]["sharpe_ratio"] < 0 < judged["winning"]["sharpe_ratio"]
    young = next(each for each in decision.allocation_decisions if each.strategy_name == "young")
    assert "insufficient data: 4 daily returns, 5 needed" in young.reasoning
    assert "shadow_mode" not in judged["young"]


def test_controller_never_reads_a_monthly_document_as_a_day(documents: Documents) -> None:
    for month in range(1, 7):
        start, end = date(2025, month, 1), date(2025, month, 28)
        fields = {"uid": "u1", "strategy_id": "a", "period": "month", "period_start": start.isoformat()}
        path = f"tenants/acme/strategy_performance/u1__a__2025-{month:02}"
        documents.commit([create(path, {**fields, "period_end": end.isoformat(), "daily_return": -0.3})])
    _, decision = orchestrate(documents, {"a": buy("AAPL")}, uid="u1")
    assert "0 daily returns" in decision.allocation_decisions[0].reasoning


def judged_two_days_later(documents: Documents) -> dict[str, str]:
    controller = MaestroController(documents, "acme", "u1", clock=SetClock(AT + timedelta(days=2)))
    return modes(asyncio.run(controller.orchestrate({"early": HOLD, "late": HOLD}, ["early", "late"]))[1])


def test_controller_scores_a_day_written_after_another_strategys(documents: Documents) -> None:
    write_days(documents, "early", WINNING)
    write_days(documents, "late", LOSING[:4], last=YESTERDAY - timedelta(days=1))
    assert modes(orchestrate(documents, {"early": HOLD, "late": HOLD}, uid="u1")[1])["late"] == "ACTIVE"
    write_days(documents, "late", LOSING[4:5])
    assert judged_two_days_later(documents) == {"early": "ACTIVE", "late": "SHADOW_MODE"}


def test_controller_scores_the_history_of_a_strategy_that_came_later(documents: Documents) -> None:
    write_days(documents, "early", WINNING)
    orchestrate(documents, {"early": HOLD}, uid="u1")
    write_days(documents, "late", LOSING)
    assert judged_two_days_later(documents) == {"early": "ACTIVE", "late": "SHADOW_MODE"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SHARPE_THRESHOLD_REDUCE", 5.0, "REDUCED"),
        ("SHARPE_THRESHOLD_SHADOW", -1.0, "REDUCED"),
        ("MIN_DAILY_RETURNS", 7, "ACTIVE"),
        ("PERFORMANCE_LOOKBACK_DAYS", 3, "ACTIVE"),
    ],
)
def test_class_attribute_is_read_when_called(
    documents: Documents, defaults: type[MaestroController], name: str, value: float, expected: str
) -> None:
    write_days(documents, "a", MIDDLING)
    controller = MaestroController(documents, "acme", "u1", clock=SetClock())
    assert modes(asyncio.run(controller.orchestrate({"a": HOLD}, ["a"]))[1]) == {"a": "SHADOW_MODE"}
    if name == "SHARPE_THRESHOLD_REDUCE":
        defaults.SHARPE_THRESHOLD_SHADOW = -5.0
    setattr(defaults, name, value)
    assert modes(asyncio.run(controller.orchestrate({"a": HOLD}, ["a"]))[1]) == {"a": expected}


def test_tenants_configuration_overrides_the_class_and_leaves_it_alone(
    documents: Documents, defaults: type[MaestroController]
) -> None:
    defaults.SYSTEMIC_SELL_THRESHOLD = 2
    overrides = {"scoring": {"systemic_sell_threshold": 4, "sharpe_threshold_shadow": -100.0}, "version": 3}
    documents.commit([create("tenants/globex/config/orchestrator", overrides)])
    signals = {"a": sell("AAPL"), "b": sell("AAPL"), "c": buy("MSFT")}
    for tenant in ("acme", "globex"):
        write_days(documents, "c", MIDDLING, tenant)
    assert orchestrate(documents, signals, "acme", "u1")[1].systemic_risk_detected is True
    _, decision = orchestrate(documents, signals, "globex", "u1")
    assert (decision.systemic_risk_detected, modes(decision)["c"]) == (False, "REDUCED")
    assert (defaults.SYSTEMIC_SELL_THRESHOLD, defaults.SHARPE_THRESHOLD_SHADOW) == (2, 0.5)


@pytest.mark.parametrize("kind", [dict, OwnSignal])
def test_three_sells_hold_every_buy(documents: Documents, kind: Callable[..., Any]) -> None:
    fields = {"confidence": 0.8, "reasoning": "test"}
    signals = {name: kind(action="SELL", ticker="AAPL", allocation=1.0, **fields) for name in ("x", "y", "z")}
    signals |= {name: kind(action="BUY", ticker="MSFT", allocation=0.3, **fields) for name in ("a", "b")}
    judged, decision = orchestrate(documents, signals)
    for name in ("a", "b"):
        assert (judged[name]["action"], judged[name]["original_action"]) == ("HOLD", "BUY")
        assert (judged[name]["allocation"], judged[name]["confidence"]) == (0.0, 0.0)
        assert "x, y, z" in judged[name]["override_reason"]
    assert [judged[name]["action"] for name in ("x", "y", "z")] == ["SELL"] * 3
    assert decision.systemic_risk_detected
    assert (decision.signals_modified, "x, y, z" in decision.systemic_risk_details) == (2, True)


def test_signal_object_is_weighed_and_identified_like_a_dict(documents: Documents) -> None:
    write_days(documents, "losing", LOSING)
    own = OwnSignal("BUY", "AAPL", 0.4)
    of_object, _ = orchestrate(documents, {"losing": own}, uid="u1")
    of_dict, _ = orchestrate(documents, {"losing": asdict(own)}, uid="u1")
    drawn = ("nonce", "session_id")
    assert all(len(of_object["losing"][name]) == 32 for name in drawn)
    assert all(of_object["losing"].pop(name) != of_dict["losing"].pop(name) for name in drawn)
    assert of_object == of_dict
    assert of_object["losing"] | {"allocation": 0.0, "mode": "SHADOW_MODE"} == of_object["losing"]


UNREADABLE = {
    "unknown_action": buy("AAPL") | {"action": "SHORT"},
    "not_a_number": buy("AAPL", float("nan")),
    "too_much": OwnSignal("BUY", "AAPL", 1.5),
    "negative": buy("AAPL", -0.1),
    "no_ticker": sell("AAPL") | {"ticker": None},
    "nothing": None,
    "a_class": OwnSignal,
    "no_signal": object(),
}


def test_unreadable_signals_are_named_and_stop_nobody(documents: Documents) -> None:
    judged, decision = orchestrate(
        documents, {"good": buy("AAPL"), **UNREADABLE}, strategies=["good", *UNREADABLE, "absent"]
    )
    assert set(judged) == {"good"}
    assert set(decision.failures) == {*UNREADABLE, "absent"}
    assert all("expected" in decision.failures[name] or "needs" in decision.failures[name] for name in UNREADABLE)
    assert dict(chain(documents)[0].body["failures"]) == decision.failures


@pytest.mark.parametrize("name", ["μ/ν.v2 `x`", "__all__", "a.b[0]", ".", "x" * 300])
def test_strategy_of_any_name_is_judged_and_logged(documents: Documents, name: str) -> None:
    write_days(documents, "plain", LOSING)
    judged, decision = orchestrate(documents, {name: buy("AAPL"), "plain": HOLD}, tenant="acme", uid="u1")
    assert judged[name]["agent_id"] == f"acme_{name}"
    assert modes(decision) == {name: "ACTIVE", "plain": "SHADOW_MODE"}
    assert set(chain(documents)[0].body["signals"]) == {name, "plain"}


class Said:
    def __init__(self, text: str) -> None:
        self.text, self.asked = text, 0

    def summarize(self, decision: Decision) -> str:
        self.asked += 1
        return self.text


@pytest.mark.parametrize(
    ("text", "told", "source"),
    [
        (
            "carry keeps its allocation of 25%. carry keeps its allocation of 26%.",
            "carry keeps its allocation of 25%.",
            "model",
        ),
        ("carry keeps its allocation of 26%.", None, "template"),
    ],
)
def test_controller_keeps_of_a_summarizers_words_what_the_decision_supports(
    documents: Documents, text: str, told: str | None, source: str
) -> None:
    narrator = Said(text)
    controller = MaestroController(documents, "acme", clock=SetClock(), summarizer=narrator)
    _, decision = asyncio.run(controller.orchestrate({"carry": buy("AAPL", 0.25)}, ["carry"]))
    (entry,) = DocumentStore(documents).decisions("acme", last=1)
    assert (entry.summary, entry.summary_source, narrator.asked) == (decision.ai_summary, source, 1)
    if told is None:
        assert entry.summary.startswith("1 strategy: 1 ACTIVE.")
    else:
        assert entry.summary == told
