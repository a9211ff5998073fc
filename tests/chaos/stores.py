"""Where a history keeps its documents: a fresh SQLite file, or a fresh tenant on the Firestore emulator."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol


class StoreKind(StrEnum):
    SQLITE = "sqlite"
    FIRESTORE = "firestore"


class Store(Protocol):
    """Opened anew by every process, after it was forked."""

    @property
    def tenant_id(self) -> str: ...

    def open(self) -> Any: ...

    def discard(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    """Not durable: a killed process is no power cut, and what it wrote is in the kernel's hands."""

    file: Path
    tenant_id: str

    def open(self) -> Any:
        from backend.adapters.sqlite import SqliteDocuments

        return SqliteDocuments(self.file, durable=False)

    def discard(self) -> None:
        for each in self.file.parent.glob(f"{self.file.name}*"):
            each.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirestoreTenant:
    """A tenant in one project of the emulator that FIRESTORE_EMULATOR_HOST names."""

    project: str
    tenant_id: str

    def open(self) -> Any:
        from google.cloud import firestore

        from backend.adapters.firestore import FirestoreDocuments

        return FirestoreDocuments(firestore.Client(project=self.project))

    def discard(self) -> None:
        """Leave it: every tenant is used once, and the emulator keeps nothing when it stops."""
