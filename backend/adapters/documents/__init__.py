"""How domain values become documents, once, for every store that can hold documents.

``seam`` says what such a store must do, ``DocumentStore`` implements the domain's ports over it.
"""

from backend.adapters.documents.opening import open_documents
from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write
from backend.adapters.documents.store import DocumentStore

__all__ = ["DocumentStore", "Documents", "Filter", "Order", "StoredDocument", "Write", "open_documents"]
