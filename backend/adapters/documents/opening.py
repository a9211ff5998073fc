"""Recognising the store that a caller has chosen already."""

import inspect

from backend.adapters.documents.seam import Documents
from backend.domain.errors import ConfigurationError


def open_documents(db: object) -> Documents:
    """Return the documents behind ``db``.

    Parameters
    ----------
    db : Documents or google.cloud.firestore.Client
        What ``firestore.client()`` returns, or ``SqliteDocuments``, ``FirestoreDocuments`` or any other Documents.

    Raises
    ------
    ConfigurationError
        Anything else, an asynchronous Firestore client among it.
    """
    if isinstance(db, Documents):
        return db
    if all(hasattr(db, name) for name in ("collection", "batch", "get_all")):
        if inspect.isasyncgenfunction(db.get_all) or inspect.iscoroutinefunction(db.get_all):  # type: ignore[attr-defined]
            raise ConfigurationError(
                "db: expected a synchronous Firestore client, found an AsyncClient; pass firestore.client()"
            )
        # Here and not above: whoever runs on SQLite needs no Google library.
        from backend.adapters.firestore import FirestoreDocuments

        return FirestoreDocuments(db)
    raise ConfigurationError(
        f"db: expected a Firestore client or SqliteDocuments, found {type(db).__name__}; "
        "pass firestore.client(), or SqliteDocuments(path) to run without an account"
    )
