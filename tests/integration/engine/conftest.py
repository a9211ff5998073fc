"""The engine is driven over both real stores, so that preconditions are real."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from backend.adapters.documents import Documents, DocumentStore, open_documents
from backend.adapters.sqlite import SqliteDocuments


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def documents_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Documents]]:
    """Open one and the same store anew, as another process would."""
    if request.param == "firestore":
        client = request.getfixturevalue("firestore_client_factory")
        yield lambda: open_documents(client())
        return
    with ExitStack() as opened:

        def open_sqlite() -> Documents:
            documents = SqliteDocuments(tmp_path / "maestro.db", durable=False)
            opened.callback(documents.close)
            return documents

        yield open_sqlite


@pytest.fixture
def store_factory(documents_factory: Callable[[], Documents]) -> Callable[[], DocumentStore]:
    return lambda: DocumentStore(documents_factory())


@pytest.fixture
def documents(documents_factory: Callable[[], Documents]) -> Documents:
    return documents_factory()


@pytest.fixture
def store(documents: Documents) -> DocumentStore:
    return DocumentStore(documents)
