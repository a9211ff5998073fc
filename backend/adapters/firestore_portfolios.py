"""All tenants at once, by Firestore's collection groups: who is to be run, and what was given up."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from backend.adapters.documents import dead_letter_documents, paths, portfolio_documents
from backend.adapters.documents.fields import FieldReader
from backend.domain.dead_letter import DeadLetter
from backend.domain.dispatch import DispatchRecord, ScheduledPortfolios
from backend.domain.errors import StoreCorrupt, StoreUnavailable
from backend.domain.tick_request import PortfolioKey

_TIMEOUT_SECONDS = 30.0
_MOST_ALTERNATIVES = 30  # that Firestore allows in one query


class FirestorePortfolios:
    """``Portfolios``: ``tenants/{t}/portfolios/{p}``, of which all fields but ``state`` have a default."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def active(self, schedules: Collection[str] | None = None) -> ScheduledPortfolios:
        from google.cloud.firestore import FieldFilter

        query = self._client.collection_group("portfolios").where(filter=FieldFilter("state", "==", "active"))
        if schedules is None:
            return _read_all(_fields_by_path(query))
        found: dict[str, Mapping[str, Any]] = {}
        lines = sorted(schedules)
        for start in range(0, len(lines), _MOST_ALTERNATIVES):
            some = lines[start : start + _MOST_ALTERNATIVES]
            found |= _fields_by_path(query.where(filter=FieldFilter("schedule", "in", some)))
        return _read_all(found)

    def tenants(self) -> tuple[str, ...]:
        with _translated():
            references = list(self._client.collection("tenants").list_documents(timeout=_TIMEOUT_SECONDS))
        return tuple(sorted(unquote(reference.id) for reference in references))

    def record(self) -> DispatchRecord:
        with _translated():
            snapshot = self._client.document(paths.DISPATCH).get(timeout=_TIMEOUT_SECONDS)
        if not snapshot.exists:
            return DispatchRecord()
        reader = FieldReader(paths.DISPATCH, snapshot.to_dict(), "delete it, it is written anew")
        schedules = frozenset(str(each) for each in reader.items("schedules"))
        until = None if reader.value("until") is None else reader.instant("until")
        return DispatchRecord(until=until, schedules=schedules)

    def keep(self, record: DispatchRecord) -> None:
        with _translated():
            self._client.document(paths.DISPATCH).set(
                {"until": record.until, "schedules": sorted(record.schedules)}, timeout=_TIMEOUT_SECONDS
            )


def newest_dead_letters(client: Any, limit: int) -> list[DeadLetter]:
    """Return the newest dead letters of all tenants."""
    from google.cloud.firestore import Query

    query = client.collection_group("dead_letters").order_by("failed_at", direction=Query.DESCENDING).limit(limit)
    found = _fields_by_path(query)
    return [dead_letter_documents.from_fields(path, fields) for path, fields in found.items()]


def _fields_by_path(query: Any) -> dict[str, Mapping[str, Any]]:
    with _translated():
        return {each.reference.path: each.to_dict() for each in query.stream(timeout=_TIMEOUT_SECONDS)}


def _read_all(found: Mapping[str, Mapping[str, Any]]) -> ScheduledPortfolios:
    portfolios, faults = [], {}
    for path in sorted(found):
        tenant_id, portfolio_id = (unquote(part) for part in path.split("/")[1::2])
        try:
            key = PortfolioKey(tenant_id=tenant_id, portfolio_id=portfolio_id)
            portfolios.append(portfolio_documents.from_fields(path, found[path], key))
        except StoreCorrupt as e:
            faults[tenant_id, portfolio_id] = str(e)
    return ScheduledPortfolios(portfolios=tuple(portfolios), faults=faults)


@contextmanager
def _translated() -> Iterator[None]:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAPIError, GoogleAuthError) as e:
        raise StoreUnavailable(
            f"Firestore: expected what all tenants have, found {type(e).__name__}: {e}; run the schedule again"
        ) from e
