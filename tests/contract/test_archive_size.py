"""Thousands of documents are exported and deleted in the memory of some: no page is kept."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.archive_documents import FIELDS_PAGE, NAMES_PAGE, DocumentArchive
from backend.adapters.documents.seam import create
from backend.engine.deletion import delete
from backend.engine.exporting import export_lines
from tests.contract.recording import RecordingDocuments
from tests.contract.tenant_office import NOW, Bureau
from tests.fakes.identities import FakeIdentities

FEW, MANY = 1_000, 5_000  # two pages are held at a time, so it takes more than one to compare with
DOCUMENT_BYTES = 2_000


@pytest.fixture
def bureau(documents: Documents) -> Bureau:
    return Bureau(documents, FakeIdentities("ann"))


def filled(bureau: Bureau, tenant_id: str, count: int) -> None:
    """Write so many documents, each with text of its own."""
    for start in range(0, count, 100):
        bureau.documents.commit(
            [
                create(f"tenants/{tenant_id}/ticks/{n:06d}", {"n": n, "text": f"{n:010d}" * (DOCUMENT_BYTES // 10)})
                for n in range(start, start + 100)
            ]
        )


def peak_of(work: Callable[[], Any]) -> int:
    """Return the most bytes that work held beyond what was held before it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def exported(bureau: Bureau, tenant_id: str) -> int:
    return sum(1 for _ in export_lines(DocumentArchive(bureau.documents), tenant_id, at=NOW))


def test_export_of_five_times_as_much_takes_no_more_memory(bureau: Bureau) -> None:
    filled(bureau, "few", FEW)
    filled(bureau, "many", MANY)
    exported(bureau, "few")  # what is imported and cached at first is no part of it
    counts: list[int] = []
    few = peak_of(lambda: counts.append(exported(bureau, "few")))
    many = peak_of(lambda: counts.append(exported(bureau, "many")))
    assert counts == [FEW + 1, MANY + 1]
    assert many < few * 1.3
    assert many < MANY * DOCUMENT_BYTES / 5


def test_delete_of_five_times_as_much_takes_no_more_memory(bureau: Bureau) -> None:
    for name in ("first", "few", "many"):
        filled(bureau, name, MANY if name == "many" else FEW)
    removed: list[int] = []

    def remove(name: str) -> None:
        removed.append(sum(delete(name, bureau.clearance(), force=True).documents.values()))

    remove("first")
    few, many = peak_of(lambda: remove("few")), peak_of(lambda: remove("many"))
    assert removed == [FEW, FEW, MANY]
    assert many < few * 1.3
    assert bureau.documents.scan("tenants/many/", limit=1) == []


def test_archive_asks_for_pages(documents: Documents) -> None:
    filled(Bureau(documents, FakeIdentities()), "few", FEW)
    recording = RecordingDocuments(documents)
    bureau = Bureau(recording, FakeIdentities())
    exported(bureau, "few")
    assert recording.scanned == [FIELDS_PAGE] * (FEW // FIELDS_PAGE + 2)  # the end of the pages, and the copies
    recording.scanned.clear()
    delete("few", bureau.clearance(), force=True)
    assert set(recording.scanned) == {NAMES_PAGE}
    assert len(recording.scanned) == FEW // NAMES_PAGE + 4  # the same two; and again, to see that nothing is left
