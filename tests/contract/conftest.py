"""Every contract runs on SQLite and on the Firestore emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.adapters.documents import Documents, DocumentStore, open_documents
from backend.adapters.sqlite import SqliteDocuments


@pytest.fixture
def sqlite_documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    documents = SqliteDocuments(tmp_path / "maestro.db", durable=False)
    yield documents
    documents.close()


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def documents(request: pytest.FixtureRequest) -> Documents:
    """An empty document store."""
    if request.param == "sqlite":
        return open_documents(request.getfixturevalue("sqlite_documents"))
    return open_documents(request.getfixturevalue("firestore_client_factory")())


@pytest.fixture
def store(documents: Documents) -> DocumentStore:
    return DocumentStore(documents)
