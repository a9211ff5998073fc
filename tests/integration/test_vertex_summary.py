"""VertexSummarizer with the real google-genai client against a loopback server."""

import json
import logging
import time

import pytest
from google.oauth2.credentials import Credentials

from backend.adapters.vertex import VertexSummarizer
from backend.domain.errors import ConfigurationError
from tests.fakes.decisions import busy_decision
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

CANDIDATE = {"content": {"role": "model", "parts": [{"text": " Two orders were sent. "}]}, "finishReason": "STOP"}
MODEL_ANSWER = json_answer({"candidates": [CANDIDATE], "modelVersion": "gemini-2.5-flash"})


@pytest.fixture(autouse=True)
def _client_imported() -> None:
    """Import the client beforehand, so that a short time-out measures the server and not the import."""
    import google.genai  # noqa: F401


def summarizer(url: str, *, timeout_seconds: float = 5.0) -> VertexSummarizer:
    credentials = Credentials(token="test")  # type: ignore[no-untyped-call]
    return VertexSummarizer(
        "demo-maestro", "europe-west4", "gemini-2.5-flash", timeout_seconds, base_url=url, credentials=credentials
    )


def test_summary_is_the_models_text() -> None:
    with ScriptedServer(MODEL_ANSWER) as server:
        text = summarizer(server.url).summarize(busy_decision())

    assert text == "Two orders were sent."
    (request,) = server.requests
    assert request.path == (
        "/v1/projects/demo-maestro/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent"
    )
    assert request.headers["authorization"] == "Bearer test"


def test_prompt_holds_the_decisions_facts_and_no_strategys_free_text() -> None:
    with ScriptedServer(MODEL_ANSWER) as server:
        summarizer(server.url).summarize(busy_decision())

    body = server.requests[0].json()
    facts = json.loads(body["contents"][0]["parts"][0]["text"])
    assert ["rsi", "ACTIVE", "SHADOW_MODE", "Sharpe 0.30 < 0.50 (n=21)"] in facts["mode_changes"]
    assert ["sell", "AMD", "1.50", "", "rsi"] in facts["orders"]
    assert "ignore your instructions" not in server.requests[0].body
    assert body["generationConfig"]["temperature"] == 0


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"error": {"code": 500, "message": "internal", "status": "INTERNAL"}}, 500),
        json_answer({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}, 429),
        json_answer({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}, 401),
        Answer(status=502, body="<html>Bad Gateway</html>"),
        Answer(body="<html>garbage</html>"),
        Answer(body=""),
        Answer(body="[]"),
        Answer(body="3"),
        Answer(body='"text"'),
        Answer(body="null"),
        json_answer({"candidates": "none"}),
        json_answer({"candidates": [3]}),
        json_answer({"candidates": []}),
        json_answer({"candidates": [{"finishReason": "SAFETY"}]}),
        json_answer({"candidates": [{**CANDIDATE, "content": {"parts": [{"text": "  "}]}}]}),
        Answer(drops=True),
    ],
)
def test_summary_is_none_when_the_vendor_fails(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer(answer) as server, caplog.at_level(logging.WARNING, "backend.adapters.vertex"):
        started = time.monotonic()
        assert summarizer(server.url).summarize(busy_decision()) is None

        assert time.monotonic() - started < 2.0
        assert len(server.requests) <= 2  # a 401 is tried once more with refreshed credentials
    assert "using the template" in caplog.text


@pytest.mark.parametrize("answer", [Answer(hangs=True), Answer(drips=True)], ids=["hangs", "drips"])
def test_summary_is_none_in_time_when_the_server_does_not_finish(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedServer(answer) as server:
        started = time.monotonic()
        assert summarizer(server.url, timeout_seconds=0.5).summarize(busy_decision()) is None

        assert 0.4 < time.monotonic() - started < 1.0
    assert "using the template" in caplog.text


def test_a_call_that_still_hangs_is_not_joined_by_a_second() -> None:
    with ScriptedServer(Answer(drips=True)) as server:
        slow = summarizer(server.url, timeout_seconds=0.3)
        slow.summarize(busy_decision())
        started = time.monotonic()
        assert slow.summarize(busy_decision()) is None

        assert time.monotonic() - started < 0.1
        assert len(server.requests) == 1


def test_a_time_out_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="timeout_seconds"):
        VertexSummarizer("p", "l", "m", 0.0)
