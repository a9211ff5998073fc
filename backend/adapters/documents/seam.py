"""What a document store must do: read many at once, commit many at once, query one collection, scan what lies below.

Field values are None, bool, int, float, str, bytes, aware datetime, and lists and dicts of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as it was read; ``version`` is what an update of it may be conditional on."""

    path: str
    fields: Fields
    version: object

    @property
    def document_id(self) -> str:
        return self.path.rpartition("/")[2]


class WriteKind(StrEnum):
    CREATE = "create"  # fails when the document exists
    REPLACE = "replace"  # whatever is there
    MERGE = "merge"  # sets the named top-level fields, keeps others, creates when missing
    UPDATE = "update"  # sets the named top-level fields; fails when missing or, with a version, when it moved
    DELETE = "delete"  # whatever is there, or nothing; with a version, fails when missing or when it moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    kind: WriteKind
    path: str
    fields: Fields
    version: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition of a query; all of them must hold. A range only ever matches values of its own type."""

    field: str
    operator: Literal["==", ">=", ">", "<=", "<"]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    field: str
    descending: bool = False


@runtime_checkable
class Documents(Protocol):
    """Every method is one round trip.

    Raises StoreUnavailable when the store did not answer (what it committed is unknown) and StoreCorrupt when
    what it holds cannot be read.
    """

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        """Read documents at once; those that do not exist are left out."""
        ...

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        """Write all or nothing, each path at most once; return the new version of every path that was not deleted.

        Raises
        ------
        CommitConflict
            A precondition does not hold; nothing was written.
        """
        ...

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        """Read the documents of one collection that match; ties and unordered results in path order."""
        ...

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        """Read the first ``limit`` documents whose path begins with ``prefix``, and comes behind that of ``after``.

        The order of paths is the store's own, and the same every time.

        Parameters
        ----------
        prefix : str
            A document's path and ``/``, for everything below it at any depth, or a collection's path, ``/`` and how
            an identifier begins, for that collection alone.
        with_fields : bool
            False leaves ``fields`` empty, which spares reading them.
        """
        ...


def create(path: str, fields: Fields) -> Write:
    return Write(kind=WriteKind.CREATE, path=path, fields=fields)


def replace(path: str, fields: Fields) -> Write:
    return Write(kind=WriteKind.REPLACE, path=path, fields=fields)


def merge(path: str, fields: Fields) -> Write:
    return Write(kind=WriteKind.MERGE, path=path, fields=fields)


def update(path: str, fields: Fields, version: object | None = None) -> Write:
    return Write(kind=WriteKind.UPDATE, path=path, fields=fields, version=version)


def delete(path: str, version: object | None = None) -> Write:
    return Write(kind=WriteKind.DELETE, path=path, fields={}, version=version)


def is_document(path: str) -> bool:
    """Say whether a path is a document's; a collection's has an odd number of segments."""
    return path.count("/") % 2 == 1


def put(path: str, fields: Fields, expected: object | None) -> Write:
    """Write what was observed: create what did not exist, update what still has the expected version."""
    return create(path, fields) if expected is None else update(path, fields, expected)
