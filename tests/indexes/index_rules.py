"""Which indexes a query needs in Firestore, by its documented rules; the emulator answers without any.

1. Every field has an ascending and a descending index of its own, within its collection. A field override replaces
   them: one with none makes every query on the field fail. Across a collection group only an override makes one.
2. Equalities without an order are served by merging indexes that hold their fields.
3. One order without an equality is served by the field's own index in that direction.
4. Anything else needs a composite index: some of the equalities' fields, then the order. Several that end with the same
   order are merged, so that together they need to hold every equality.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.indexes.firestore_query import FirestoreQuery, Sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    group: str
    scope: str
    fields: tuple[Sorted, ...]

    def __str__(self) -> str:
        return f"{self.scope.lower()} {self.group}: {', '.join(f'{each.field} {each.order}' for each in self.fields)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """What firestore.indexes.json defines. ``overrides`` holds (scope, order) by collection group and field."""

    composites: tuple[Composite, ...]
    overrides: Mapping[tuple[str, str], frozenset[tuple[str, str]]]

    def without(self, composite: Composite) -> "Indexes":
        kept = tuple(each for each in self.composites if each != composite)
        return Indexes(composites=kept, overrides=self.overrides)

    def is_exempt(self, group: str, name: str) -> bool:
        """Say whether a field has no index at all; of a map, neither has what is in it."""
        return self.overrides.get((group, name)) == frozenset()

    def _has_single(self, query: FirestoreQuery, each: Sorted) -> bool:
        override = self.overrides.get((query.group, each.field))
        return query.scope == "COLLECTION" if override is None else (query.scope, each.order) in override

    def serves(self, query: FirestoreQuery) -> bool:
        """Say whether production would answer."""
        if not query.equal:
            return (len(query.order) < 2 and all(self._has_single(query, each) for each in query.order)) or any(
                each.fields == query.order for each in self._of(query)
            )
        held: set[str] = set()
        if not query.order:
            held |= {name for name in query.equal if self._has_single(query, Sorted(name, "ASCENDING"))}
        for composite in self._of(query):
            first = composite.fields[: len(composite.fields) - len(query.order)]
            names = {each.field for each in first}
            if composite.fields[len(first) :] == query.order and names <= query.equal:
                held |= names
        return held == query.equal

    def _of(self, query: FirestoreQuery) -> Iterator[Composite]:
        return (each for each in self.composites if (each.group, each.scope) == (query.group, query.scope))


def read_indexes(path: Path) -> Indexes:
    return parsed(json.loads(path.read_text()))


def parsed(definition: Mapping[str, Any]) -> Indexes:
    composites = tuple(
        Composite(
            group=each["collectionGroup"],
            scope=each["queryScope"],
            fields=tuple(Sorted(field["fieldPath"], field["order"]) for field in each["fields"]),
        )
        for each in definition["indexes"]
    )
    overrides = {
        (each["collectionGroup"], each["fieldPath"]): frozenset(
            (index.get("queryScope", "COLLECTION"), index["order"]) for index in each["indexes"]
        )
        for each in definition["fieldOverrides"]
    }
    return Indexes(composites=composites, overrides=overrides)


def unserved(indexes: Indexes, queries: Collection[FirestoreQuery]) -> list[str]:
    """Name the queries that production would refuse."""
    return sorted({str(query) for query in queries if not indexes.serves(query)})


def superfluous(indexes: Indexes, queries: Collection[FirestoreQuery]) -> list[str]:
    """Name the composite indexes that every query does without: each costs a write with every document."""
    return [
        str(each)
        for each in indexes.composites
        if all(indexes.without(each).serves(query) for query in queries if indexes.serves(query))
    ]
