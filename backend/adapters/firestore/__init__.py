"""Documents in Firestore."""

from backend.adapters.firestore.documents import FirestoreDocuments

__all__ = ["FirestoreDocuments"]
