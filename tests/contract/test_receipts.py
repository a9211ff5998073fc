"""A request is carried out once under its key: the receipt is created in the commit that carries it out."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, Write, paths
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.fields import as_instant
from backend.adapters.documents.receipts import DocumentReceipts
from backend.domain.audit import AuditEntry
from backend.domain.command import Halt, Resume
from backend.domain.errors import KeyReused, RequestAnswered, StoreUnavailable
from backend.domain.receipt import WriteRequest
from backend.domain.trading_state import TradingState
from backend.engine.control import command
from backend.ports.receipts import Once
from tests.contract.recording import RecordingDocuments

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
REQUEST = WriteRequest(
    tenant_id="acme", uid="ann", key="k-1", method="POST", path="/halt", content={"body": {"reason": "x"}}, at=AT
)
HALT = Halt(by="ann", reason="x")


def worded(entry: AuditEntry) -> Mapping[str, Any]:
    return {"command": entry.kind.value, "sequence": entry.sequence}


def halted(once: Once) -> None:
    command(HALT, tenant_id="acme", control=once.control, now=lambda: AT)


class LostAnswers(RecordingDocuments):
    """Commits, and says for the first ``lost`` times that nobody knows whether it did."""

    def __init__(self, documents: Documents, lost: int) -> None:
        super().__init__(documents)
        self._lost = lost

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        versions = super().commit(writes)
        if self._lost:
            self._lost -= 1
            raise StoreUnavailable("the answer was lost")
        return versions


def commands(documents: Documents) -> list[str]:
    return [each.kind.value for each in DocumentAuditTrail(documents).commands("acme", last=50)]


def test_receipt_holds_the_answer_and_whose_it_is(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    assert receipts.find(REQUEST) is None
    halted(receipts.once(REQUEST, worded, is_final=True))
    found = receipts.find(REQUEST)
    assert found is not None
    assert (found.answer, found.is_final, found.method) == ({"command": "halt", "sequence": 1}, True, "POST")
    path = paths.api_request("acme", REQUEST.receipt_id)
    fields = documents.read([path])[path].fields
    assert as_instant(fields["delete_after"]) == AT + timedelta(hours=48)
    assert (fields["uid"], fields["audit_sequence"]) == ("ann", 1)
    assert REQUEST.key not in str(fields)


def test_receipt_is_written_by_the_commit_that_carries_the_request_out(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    halted(DocumentReceipts(recording).once(REQUEST, worded, is_final=True))
    assert {each.path.split("/")[2] for each in recording.written} == {"state", "audit_log", "api_requests"}
    assert len(recording.reads) == 1  # and one commit


def test_receipt_of_a_second_delivery_is_the_first_ones_and_nothing_else_is_committed(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    halted(receipts.once(REQUEST, worded, is_final=True))
    command(Resume(by="ben", reason="y"), tenant_id="acme", control=DocumentStore(documents), now=lambda: AT)
    with pytest.raises(RequestAnswered):
        halted(receipts.once(REQUEST, worded, is_final=True))
    assert commands(documents) == ["resume", "halt"]
    assert DocumentStore(documents).trading("acme")[0].state is TradingState.ACTIVE


def test_receipt_of_many_deliveries_at_once_belongs_to_exactly_one(documents: Documents) -> None:
    count = 8
    receipts, start = DocumentReceipts(documents), Barrier(count)

    def deliver(_: int) -> bool:
        start.wait()
        try:
            halted(receipts.once(REQUEST, worded, is_final=True))
        except RequestAnswered:
            return False
        return True

    with ThreadPoolExecutor(count) as pool:
        won = list(pool.map(deliver, range(count)))
    assert sorted(won) == [False] * (count - 1) + [True]
    assert commands(documents) == ["halt"]


def test_receipt_survives_a_commit_whose_answer_was_lost(documents: Documents) -> None:
    receipts = DocumentReceipts(LostAnswers(documents, lost=1))
    once = receipts.once(REQUEST, worded, is_final=True)
    halted(once)
    with pytest.raises(RequestAnswered):
        once.keep({"command": "nothing"})
    found = receipts.find(REQUEST)
    assert found is not None
    assert found.answer == {"command": "halt", "sequence": 1}
    assert commands(documents) == ["halt"]


def test_receipt_is_found_by_the_next_delivery_when_its_own_answer_was_lost(documents: Documents) -> None:
    with pytest.raises(StoreUnavailable):
        DocumentReceipts(LostAnswers(documents, lost=1)).once(REQUEST, worded, is_final=True).keep({"changes": []})
    found = DocumentReceipts(documents).find(REQUEST)
    assert found is not None
    assert found.answer == {"changes": []}


def test_receipt_of_another_content_under_the_same_key_is_refused(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    halted(receipts.once(REQUEST, worded, is_final=True))
    for other in (
        replace(REQUEST, content={"body": {"reason": "y"}}),
        replace(REQUEST, path="/resume"),
        replace(REQUEST, method="DELETE"),
    ):
        with pytest.raises(KeyReused, match="choose a new key"):
            receipts.find(other)


def test_receipt_of_another_user_or_tenant_is_another_one(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    halted(receipts.once(REQUEST, worded, is_final=True))
    assert receipts.find(replace(REQUEST, uid="ben")) is None
    assert receipts.find(replace(REQUEST, tenant_id="globex")) is None


def test_receipt_of_what_changed_nothing_is_kept_by_itself(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    once = receipts.once(REQUEST, worded, is_final=False)
    once.keep({"changes": []})
    found = receipts.find(REQUEST)
    assert found is not None
    assert (found.answer, found.is_final, commands(documents)) == ({"changes": []}, True, [])


def test_receipt_takes_the_final_answer_of_whoever_finishes_first(documents: Documents) -> None:
    receipts = DocumentReceipts(documents)
    halted(receipts.once(REQUEST, worded, is_final=False))
    found = receipts.find(REQUEST)
    assert found is not None
    assert not found.is_final
    first = receipts.finish(REQUEST, found, {"by": "first"})
    second = receipts.finish(REQUEST, found, {"by": "second"})
    again = receipts.find(REQUEST)
    assert again is not None
    assert first.answer == second.answer == again.answer == {"by": "first"}
    assert first.is_final
    assert second.is_final
