"""The queries that a real Firestore client sends, written down in the words of Firestore's index rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.cloud import firestore
from google.cloud.firestore_v1.types import StructuredQuery

_NAME = "__name__"  # every index ends with it
_EQUALITIES = ("EQUAL", "IN")  # an IN is that many equalities
_RANGES = ("LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL")


class Sorted(NamedTuple):
    field: str
    order: str  # ASCENDING or DESCENDING, as firestore.indexes.json has it


@dataclass(frozen=True, slots=True, kw_only=True)
class FirestoreQuery:
    """What of a query an index must fit: its values and its limit play no part."""

    group: str
    scope: str  # COLLECTION or COLLECTION_GROUP
    equal: frozenset[str] = frozenset()
    order: tuple[Sorted, ...] = ()

    def __str__(self) -> str:
        parts = [f"{name} ==" for name in sorted(self.equal)] + [
            f"order {each.field} {each.order}" for each in self.order
        ]
        return f"{self.scope.lower()} {self.group}: {', '.join(parts) or 'all'}"


def read_query(query: StructuredQuery) -> FirestoreQuery:
    """Read a query off the wire; a range without an order sorts by its field, as Firestore does."""
    (source,) = query.from_
    found = list(_conditions(query.where)) if query.where else []
    equal = {name for name, operator in found if operator in _EQUALITIES}
    ranges = {name for name, operator in found if operator in _RANGES}
    if len(equal) + len(ranges) != len({name for name, _ in found}):
        raise NotImplementedError(f"expected equalities and ranges on fields of their own, found {found}; teach this")
    order = [Sorted(each.field.field_path, each.direction.name) for each in query.order_by]
    order += [Sorted(name, "ASCENDING") for name in sorted(ranges) if not order]
    if not ranges <= {each.field for each in order[:1]}:
        raise NotImplementedError(f"expected a range on the field of the first order, found {found}; teach this")
    return FirestoreQuery(
        group=source.collection_id,
        scope="COLLECTION_GROUP" if source.all_descendants else "COLLECTION",
        equal=frozenset(equal),
        order=tuple(each for each in order if each.field not in (*equal, _NAME)),
    )


def _conditions(where: Any) -> Iterator[tuple[str, str]]:
    kind = where._pb.WhichOneof("filter_type")
    if kind == "composite_filter" and where.composite_filter.op.name == "AND":
        for each in where.composite_filter.filters:
            yield from _conditions(each)
    elif kind == "field_filter" and where.field_filter.op.name in _EQUALITIES + _RANGES:
        yield where.field_filter.field.field_path, where.field_filter.op.name
    else:
        raise NotImplementedError(f"expected a comparison or an AND of them, found {where}; teach this")


@dataclass(frozen=True, slots=True)
class _RecordingApi:
    """Google's own API object, whose queries are written down on their way out."""

    api: Any
    queries: list[FirestoreQuery]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.api, name)

    def run_query(self, request: Any, **options: Any) -> Any:
        self.queries.append(read_query(request["structured_query"]))
        return self.api.run_query(request=request, **options)

    def run_aggregation_query(self, request: Any, **options: Any) -> Any:
        self.queries.append(read_query(request["structured_aggregation_query"].structured_query))
        return self.api.run_aggregation_query(request=request, **options)


class RecordingClient(firestore.Client):
    """A real client that keeps which queries it sent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.queries: list[FirestoreQuery] = []

    @property
    def _firestore_api(self) -> Any:
        return _RecordingApi(super()._firestore_api, self.queries)
