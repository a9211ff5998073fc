"""Documents in Firestore, over the caller's synchronous client.

Reads are repeated by the client for up to ``timeout`` seconds. A commit is sent once: a commit that was applied
while its answer was lost would fail its own preconditions on a second try, and look like someone else's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from backend.adapters.documents.seam import Filter, Order, StoredDocument, Write, WriteKind, is_document
from backend.adapters.firestore.encoding import WriteEncoder
from backend.domain.errors import CommitConflict, StoreError, StoreUnavailable

TIMEOUT_SECONDS = 10.0
_NAME = "__name__"  # Firestore's word for a document's path


class FirestoreDocuments:
    """One Firestore database.

    Parameters
    ----------
    client : google.cloud.firestore.Client
        Its project, database and credentials are the caller's choice.
    timeout : float
        Seconds that one round trip may take.
    """

    def __init__(self, client: Any, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._client = client
        self._timeout = timeout

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        """Read documents at once; those that do not exist are left out."""
        references = [self._client.document(path) for path in paths]
        with _translated("read"):
            found = list(self._client.get_all(references, retry=self._retry(), timeout=self._timeout))
        return {each.reference.path: _stored(each) for each in found if each.exists}

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        """Write all or nothing; CommitConflict when a precondition does not hold."""
        encoder = WriteEncoder(f"{self._client._database_string}/documents")
        batch = self._client.batch()
        batch._add_write_pbs([encoder.encode(write) for write in writes])  # the library's own point to add writes at
        with _translated("commit"):
            results = batch.commit(retry=None, timeout=self._timeout)
        pairs = zip(writes, results, strict=True)
        return {write.path: result.update_time for write, result in pairs if write.kind is not WriteKind.DELETE}

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        """Read the documents of one collection that match; ties and unordered results in path order."""
        from google.cloud.firestore import Query
        from google.cloud.firestore_v1.base_query import FieldFilter

        query = self._client.collection(collection)
        for each in filters:
            query = query.where(filter=FieldFilter(each.field, each.operator, each.value))
        if order is not None:
            query = query.order_by(order.field, direction=Query.DESCENDING if order.descending else Query.ASCENDING)
        if limit is not None:
            query = query.limit(limit)
        with _translated("query"):
            found = [_stored(each) for each in query.stream(retry=self._retry(), timeout=self._timeout)]
        # Firestore orders an unordered range by the field of the range.
        return found if order is not None else sorted(found, key=lambda each: each.path)

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        """Read the first documents whose path begins with ``prefix`` and comes behind ``after``; see the seam."""
        from google.cloud.firestore import Query

        head = prefix.rpartition("/")[0]
        if is_document(head):  # a collection without a name, and all that descends from it: whatever lies below
            query = Query(self._client.document(head).collection(""), all_descendants=True).order_by(_NAME)
        else:
            query = self._client.collection(head).order_by(_NAME)
            query = query.start_at(self._at(prefix)).end_before(self._at(prefix + chr(0x10FFFF)))
        if after is not None:
            query = query.start_after(self._at(after))
        if not with_fields:
            query = query.select([_NAME])
        with _translated("scan"):
            found = [_stored(each) for each in query.limit(limit).stream(retry=self._retry(), timeout=self._timeout)]
        return list(map(_with_instant_as_version, found))

    def _at(self, path: str) -> dict[str, Any]:
        return {_NAME: self._client.document(path)}

    def _retry(self) -> Any:
        from google.api_core.exceptions import InternalServerError, ServiceUnavailable, TooManyRequests
        from google.api_core.retry import Retry, if_exception_type

        passing = if_exception_type(InternalServerError, ServiceUnavailable, TooManyRequests)
        return Retry(predicate=passing, initial=0.1, maximum=1.0, multiplier=2.0, timeout=self._timeout)


def _stored(snapshot: Any) -> StoredDocument:
    return StoredDocument(path=snapshot.reference.path, fields=snapshot.to_dict() or {}, version=snapshot.update_time)


def _with_instant_as_version(document: StoredDocument) -> StoredDocument:
    """Give a document the version that every other read gives: over several collections the client passes a message."""
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    if hasattr(document.version, "timestamp_pb"):
        return document
    at = DatetimeWithNanoseconds.from_timestamp_pb(document.version)  # type: ignore[no-untyped-call]
    return replace(document, version=at)


@contextmanager
def _translated(action: str) -> Iterator[None]:
    from google.api_core import exceptions as google

    try:
        yield
    except (google.AlreadyExists, google.FailedPrecondition, google.NotFound) as e:
        if action != "commit":
            raise StoreUnavailable(
                f"Firestore {action}: expected a database and its indexes, found: {e.message}; create the database, "
                "and deploy firestore.indexes.json"
            ) from e
        raise CommitConflict(
            f"Firestore commit: expected the versions that were observed, found: {e.message}; "
            "observe again and decide anew"
        ) from e
    except (google.PermissionDenied, google.Unauthenticated) as e:
        raise StoreUnavailable(
            f"Firestore {action}: expected credentials that may use this database, found: {e.message}; "
            "grant the service account roles/datastore.user, or log in with application default credentials"
        ) from e
    except google.InvalidArgument as e:
        raise StoreError(
            f"Firestore {action}: expected a request within its rules and limits (1 MiB a document, 10 MiB a "
            f"commit), found: {e.message}; nothing was written, correct or shrink the document"
        ) from e
    except google.GoogleAPIError as e:  # among it time-outs, lost connections, aborted commits and spent retries
        raise StoreUnavailable(
            f"Firestore {action}: expected an answer, found: {e}; what was committed is unknown, observe again"
        ) from e
