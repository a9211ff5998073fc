"""Work that was given up, on every store."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.adapters.documents import Documents, paths
from backend.adapters.documents.dead_letter_documents import DeadLetterDocuments
from backend.adapters.documents.seam import replace
from backend.domain.dead_letter import DeadLetter
from backend.domain.errors import StoreCorrupt
from backend.domain.task import Task, TaskKind
from backend.domain.tick import PortfolioKey

AT = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def letter(minutes: int = 0, **others: object) -> DeadLetter:
    at = AT + timedelta(minutes=minutes)
    task = Task(
        kind=TaskKind.TICK,
        key=PortfolioKey(tenant_id="acme", portfolio_id="a/b", uid="ann"),
        scheduled_at=at,
        correlation_id="f" * 32,
        expires_at=at + timedelta(minutes=5),
    )
    facts = {"error": "BrokerRefused", "reason": "401", "attempts": 1, "failed_at": at + timedelta(seconds=3), **others}
    return DeadLetter(task=task, **facts)  # type: ignore[arg-type]


def test_dead_letters_come_back_as_they_were_newest_first(documents: Documents) -> None:
    letters = DeadLetterDocuments(documents)
    for each in (letter(), letter(10), letter(5)):
        letters.add(each)
    assert letters.letters("acme") == [letter(10), letter(5), letter()]
    assert letters.letters("globex") == []


def test_dead_letter_of_the_same_task_replaces_itself(documents: Documents) -> None:
    letters = DeadLetterDocuments(documents)
    letters.add(letter())
    letters.add(letter(attempts=5))
    assert letters.letters("acme") == [letter(attempts=5)]


def test_dead_letter_that_cannot_be_read_says_which(documents: Documents) -> None:
    path = paths.dead_letter("acme", "tick-x")
    documents.commit([replace(path, {"payload": {"tenant_id": "acme"}, "failed_at": AT})])
    with pytest.raises(StoreCorrupt, match=r"dead_letters/tick-x: expected the payload of a task"):
        DeadLetterDocuments(documents).letters("acme")
