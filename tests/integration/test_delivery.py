"""What becomes of a task that fails, in a process of its own over a SQLite store."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import paths
from backend.adapters.sqlite import SqliteDocuments

ROOT = Path(__file__).resolve().parents[2]
PAYLOAD = {
    "kind": "tick",
    "tenant_id": "acme",
    "portfolio_id": "main",
    "uid": "ann",
    "scheduled_at": "2026-03-02T15:05:00+00:00",
    "correlation_id": "c" * 32,
}
SCRIPT = """
import json, sys, time
from flask import Request
from firebase_functions.https_fn import CallableRequest
from werkzeug.test import EnvironBuilder
from backend.domain import errors
from functions.triggers.delivery import delivered

payload, attempt, failure = json.loads(sys.argv[1])

def work(task):
    if failure == "hang":
        time.sleep(60)
    if failure == "fault":
        raise ZeroDivisionError("a fault of the program")
    if failure:
        raise getattr(errors, failure)(f"expected better, found {failure}; mend it")
    return {"status": "done"}

builder = EnvironBuilder(headers={"X-CloudTasks-TaskRetryCount": str(attempt - 1)})
request = CallableRequest(data=payload, raw_request=Request(builder.get_environ()))
print(json.dumps(delivered(request, work, lambda _: 0.3)))
"""


class Delivery:
    """What a delivery answered or raised, and what it left behind."""

    def __init__(self, folder: Path, payload: object, attempt: int, failure: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, json.dumps([payload, attempt, failure])],
            env={**os.environ, "PYTHONPATH": str(ROOT), "MAESTRO_SQLITE_PATH": str(folder / "maestro.db")},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.log = [json.loads(line) for line in done.stderr.splitlines() + done.stdout.splitlines() if line[:1] == "{"]
        self.answer: dict[str, Any] = next((each for each in self.log if "severity" not in each), {})
        self.raised = done.stderr.strip().splitlines()[-1].split(":")[0] if done.returncode else ""
        documents = SqliteDocuments(folder / "maestro.db")
        self.letters = [each.fields for each in documents.query(paths.collection("acme", "dead_letters"))]
        self.alerts = [each.fields for each in documents.query(paths.collection("acme", "alerts"))]


@pytest.mark.parametrize(
    ("attempt", "failure", "status", "raised", "letters", "alerts"),
    [
        (1, "", "done", "", 0, []),
        (1, "BrokerUnavailable", None, "backend.domain.errors.BrokerUnavailable", 0, []),
        (4, "hang", None, "backend.domain.errors.TaskTimedOut", 0, []),
        (4, "fault", None, "ZeroDivisionError", 0, []),
        (5, "BrokerUnavailable", "failed", "", 1, ["tick_failed"]),
        (5, "hang", "failed", "", 1, ["tick_failed"]),
        (5, "fault", None, "ZeroDivisionError", 1, ["tick_failed"]),
        (1, "BrokerRefused", None, "backend.domain.errors.BrokerRefused", 0, []),
        (2, "BrokerRefused", "failed", "", 1, ["tick_failed"]),
        (1, "StoreCorrupt", "failed", "", 1, ["tick_failed"]),
        (1, "PortfolioPaused", "dropped", "", 0, []),
        (1, "TickExpired", "expired", "", 0, ["tick_missed"]),
    ],
)
def test_delivery_that_fails_is_tried_again_buried_or_dropped(
    tmp_path: Path,
    attempt: int,
    failure: str,
    status: str | None,
    raised: str,
    letters: int,
    alerts: list[str],
) -> None:
    delivery = Delivery(tmp_path, PAYLOAD, attempt, failure)
    assert (delivery.answer.get("status"), delivery.raised) == (status, raised)
    assert [each["kind"] for each in delivery.alerts] == alerts
    assert len(delivery.letters) == letters
    for letter in delivery.letters:
        assert letter["attempts"] == attempt
        assert letter["payload"] == PAYLOAD
        assert letter["reason"] == next(iter(delivery.alerts))["message"]


def test_delivery_of_no_task_is_dropped_with_a_line_in_the_log(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path, {"tenant_id": "acme"}, 1, "")
    assert delivery.answer["status"] == "refused"
    assert [each["severity"] for each in delivery.log if each.get("kind") == "task_refused"] == ["ERROR"]
    assert (delivery.letters, delivery.alerts) == ([], [])
