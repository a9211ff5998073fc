"""How domain values become documents, once, for every store that can hold documents.

``seam`` says what such a store must do, ``DocumentStore`` implements the domain's ports over it. That one is loaded
when it is asked for: it knows every value of the domain, and a process that only dispatches needs none of them.
"""

from typing import TYPE_CHECKING, Any

from backend.adapters.documents.opening import open_documents
from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write

if TYPE_CHECKING:
    from backend.adapters.documents.store import DocumentStore

__all__ = ["DocumentStore", "Documents", "Filter", "Order", "StoredDocument", "Write", "open_documents"]


def __getattr__(name: str) -> Any:
    if name != "DocumentStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from backend.adapters.documents.store import DocumentStore

    return DocumentStore
