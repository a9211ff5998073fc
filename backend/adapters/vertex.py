"""A decision put into words by Gemini on Vertex AI, within a time-out that holds whatever the server does."""

import json
import logging
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from backend.domain.decision import Decision
from backend.domain.errors import ConfigurationError

logger = logging.getLogger(__name__)

_INSTRUCTION = (
    "You report to the owner of a fund of trading strategies. Put the decision below into at most four plain "
    "sentences of common English words: who changed mode and why, what was held back, what is bought and sold. Use "
    "only the facts given, invent no numbers, compare nothing, foretell nothing, give no advice, use no Markdown. "
    "Every sentence is checked against the decision, and dropped where it does not fit word for word: copy names, "
    "modes and numbers exactly as they are given, reasons whole, and say of several strategies in one sentence only "
    "what is true of each of them. A number stands in a sentence that names its strategy, or beside what it counts: "
    "'2 orders'."
)
_LONGEST_LIST = 20
# What the client trips with over a body that is not JSON, or JSON but no object.
_MISREAD = (ValueError, TypeError, AttributeError)
_LONGEST_ANSWER_TOKENS = 1024


class VertexSummarizer:
    """``Summarizer`` on google-genai; answers None, with a warning in the log, when no text comes in time.

    Parameters
    ----------
    project, location, model : where the model runs, such as ("my-project", "europe-west4", "gemini-2.5-flash")
    timeout_seconds : for the whole call, importing the client included
    base_url : another server that speaks Vertex AI's REST
    credentials : a ``google.auth`` credentials object; None takes the application default ones
    """

    def __init__(
        self,
        project: str,
        location: str,
        model: str,
        timeout_seconds: float,
        *,
        base_url: str | None = None,
        credentials: Any = None,
    ) -> None:
        if not timeout_seconds > 0:
            raise ConfigurationError(f"timeout_seconds: expected above 0, found {timeout_seconds}; correct the setting")
        if not _is_client_installed():
            raise ConfigurationError(
                "summary by Vertex AI: expected the package google-genai, found none; "
                "install the extra 'vertex' or turn the summary off"
            )
        self._project = project
        self._location = location
        self._model = model
        self._timeout_seconds = timeout_seconds
        self._base_url = base_url
        self._credentials = credentials
        self._worker: Thread | None = None

    def summarize(self, decision: Decision) -> str | None:
        if self._worker is not None and self._worker.is_alive():
            logger.warning("vertex summary: the previous call still hangs; using the template")
            return None
        answers: SimpleQueue[str | None] = SimpleQueue()
        # The client's own time-out starts anew with every byte, so only a thread that is left behind bounds it.
        self._worker = Thread(target=self._answer, args=(_prompt(decision), answers), daemon=True)
        self._worker.start()
        try:
            return answers.get(timeout=self._timeout_seconds)
        except Empty:
            logger.warning(
                "vertex summary: expected an answer within %s s, found none; using the template", self._timeout_seconds
            )
            return None

    def _answer(self, prompt: str, answers: "SimpleQueue[str | None]") -> None:
        text = None
        try:
            text = self._ask(prompt)
        finally:
            answers.put(text)

    def _ask(self, prompt: str) -> str | None:
        import httpx
        from google.auth.exceptions import GoogleAuthError
        from google.genai.errors import APIError

        try:
            text = self._generate(prompt)
        except (APIError, GoogleAuthError, httpx.HTTPError, httpx.InvalidURL, OSError, *_MISREAD) as e:
            logger.warning("vertex summary: expected a text, found %s: %s; using the template", type(e).__name__, e)
            return None
        if text is None or not text.strip():
            logger.warning("vertex summary: expected a text, found an empty answer; using the template")
            return None
        return text.strip()

    def _generate(self, prompt: str) -> str | None:
        from google import genai
        from google.genai import types

        options = types.HttpOptions(
            base_url=self._base_url,
            api_version="v1",
            timeout=max(1, round(self._timeout_seconds * 1000)),
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        client = genai.Client(
            vertexai=True,
            project=self._project,
            location=self._location,
            credentials=self._credentials,
            http_options=options,
        )
        try:
            answer = client.models.generate_content(
                model=self._model,
                contents=prompt,
                config=types.GenerateContentConfig(
                    system_instruction=_INSTRUCTION, temperature=0.0, max_output_tokens=_LONGEST_ANSWER_TOKENS
                ),
            )
            return answer.text
        finally:
            client.close()


def _is_client_installed() -> bool:
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:  # not even the namespace package "google"
        return False


def _prompt(decision: Decision) -> str:
    """Write the facts as compact JSON. Free text of strategies stays out: it is not ours to pass on."""
    facts = {
        "decided_at": decision.decided_at.isoformat(),
        "strategies": [
            [each.strategy, each.action, each.mode, each.final_allocation]
            for each in decision.strategies[:_LONGEST_LIST]
        ],
        "strategies_in_total": len(decision.strategies),
        "mode_changes": [
            [each.strategy, each.before, each.after.mode, each.after.reason]
            for each in decision.mode_changes[:_LONGEST_LIST]
        ],
        "trading_state": decision.trading_state,
        "tripped": [each.reason for each in decision.watched.trips],
        "warnings": list(decision.watched.warnings),
        "systemic_risk": decision.systemic_risk_details,
        "held_back": sum(1 for each in decision.strategies if each.override_reason),
        "orders": [
            [each.side, each.symbol, str(each.quantity or ""), str(each.notional or ""), each.strategy]
            for each in decision.intents[:_LONGEST_LIST]
        ],
        "orders_in_total": len(decision.intents),
        "crossed_inside": len(decision.crosses),
        "virtual_fills": len(decision.virtual_fills),
        "denied": [[each.strategy, each.symbol, each.reason] for each in decision.denials[:_LONGEST_LIST]],
        "failed": list(decision.failures)[:_LONGEST_LIST],
    }
    return json.dumps(facts, separators=(",", ":"), ensure_ascii=False)
