"""The engine is driven over both real stores, so that preconditions are real."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from backend.adapters.documents import Documents, DocumentStore, open_documents
from backend.adapters.sqlite import SqliteDocuments


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Documents]]:
    """Open a store of this test by its name, anew each time, as another process would."""
    with ExitStack() as opened:

        def open_sqlite(name: str) -> Documents:
            documents = SqliteDocuments(tmp_path / f"{name}.db", durable=False)
            opened.callback(documents.close)
            return documents

        def open_firestore(name: str) -> Documents:
            from google.cloud import firestore

            client = firestore.Client(project=f"{project}-{name}")
            opened.callback(client.close)
            return open_documents(client)

        if request.param == "sqlite":
            yield open_sqlite
        else:
            request.getfixturevalue("firestore_host")
            project = request.getfixturevalue("firestore_project")
            yield open_firestore


@pytest.fixture
def documents_factory(open_store: Callable[[str], Documents]) -> Callable[[], Documents]:
    """Open one and the same store."""
    return lambda: open_store("maestro")


@pytest.fixture
def empty_documents(open_store: Callable[[str], Documents]) -> Callable[[], Documents]:
    """Open a new and empty store each time."""
    return lambda: open_store(uuid4().hex[:8])


@pytest.fixture
def store_factory(documents_factory: Callable[[], Documents]) -> Callable[[], DocumentStore]:
    return lambda: DocumentStore(documents_factory())


@pytest.fixture
def documents(documents_factory: Callable[[], Documents]) -> Documents:
    return documents_factory()


@pytest.fixture
def store(documents: Documents) -> DocumentStore:
    return DocumentStore(documents)
