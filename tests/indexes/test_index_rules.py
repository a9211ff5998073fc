"""The rules by which an index is found missing or superfluous, on the cases of Firestore's documentation."""

from typing import Any

import pytest

from tests.indexes.firestore_query import FirestoreQuery, Sorted
from tests.indexes.index_rules import parsed, superfluous, unserved

UP, DOWN = "ASCENDING", "DESCENDING"


def query(*equal: str, order: str = "", scope: str = "COLLECTION") -> FirestoreQuery:
    """Ask cities; an order with a minus descends."""
    fields = tuple(Sorted(name.lstrip("-"), DOWN if name[0] == "-" else UP) for name in order.split())
    return FirestoreQuery(group="cities", scope=scope, equal=frozenset(equal), order=fields)


def composite(*names: str, scope: str = "COLLECTION") -> dict[str, Any]:
    fields = [{"fieldPath": name.lstrip("-"), "order": DOWN if name[0] == "-" else UP} for name in names]
    return {"collectionGroup": "cities", "queryScope": scope, "fields": fields}


def override(name: str, *indexes: tuple[str, str]) -> dict[str, Any]:
    made = [{"queryScope": scope, "order": order} for scope, order in indexes]
    return {"collectionGroup": "cities", "fieldPath": name, "indexes": made}


def served(asked: FirestoreQuery, *composites: dict[str, Any], overrides: tuple[dict[str, Any], ...] = ()) -> bool:
    return not unserved(parsed({"indexes": list(composites), "fieldOverrides": list(overrides)}), [asked])


@pytest.mark.parametrize(
    ("asked", "composites", "expected"),
    [
        (query(), [], True),
        (query("state"), [], True),
        (query("state", "country", "region"), [], True),  # merged from the fields' own
        (query(order="population"), [], True),
        (query(order="-population"), [], True),
        (query("state", order="population"), [], False),
        (query("state", order="population"), [composite("state", "population")], True),
        (query("state", order="population"), [composite("population", "state")], False),
        (query("state", order="-population"), [composite("state", "population")], False),
        (query("state", order="-population"), [composite("state", "-population")], True),
        (query(order="state population"), [], False),
        (query(order="state population"), [composite("state", "population")], True),
        (query("city", "category", order="stars"), [composite("city", "stars"), composite("category", "stars")], True),
        (query("city", "category", order="stars"), [composite("city", "stars")], False),
        (query("city", "category", order="stars"), [composite("category", "city", "stars")], True),
        (query("city", order="stars"), [composite("category", "city", "stars")], False),
        (query(scope="COLLECTION_GROUP"), [], True),
        (query("state", scope="COLLECTION_GROUP"), [], False),
        (query("state", order="population", scope="COLLECTION_GROUP"), [composite("state", "population")], False),
    ],
)
def test_composite_indexes_serve_what_the_documentation_says(
    asked: FirestoreQuery, composites: list[dict[str, Any]], expected: bool
) -> None:
    assert served(asked, *composites) is expected


@pytest.mark.parametrize(
    ("asked", "indexes", "expected"),
    [
        (query("state"), [], False),  # exempt
        (query(order="state"), [], False),
        (query("state"), [("COLLECTION", UP)], True),
        (query(order="-state"), [("COLLECTION", UP)], False),
        (query("state", scope="COLLECTION_GROUP"), [("COLLECTION", UP)], False),
        (query("state", scope="COLLECTION_GROUP"), [("COLLECTION_GROUP", UP)], True),
        (query("state"), [("COLLECTION_GROUP", UP)], False),
        (query(order="-state", scope="COLLECTION_GROUP"), [("COLLECTION_GROUP", DOWN)], True),
    ],
)
def test_field_override_replaces_a_fields_own_indexes(
    asked: FirestoreQuery, indexes: list[tuple[str, str]], expected: bool
) -> None:
    assert served(asked, overrides=(override("state", *indexes),)) is expected


def test_composite_index_is_superfluous_when_no_query_misses_it() -> None:
    both, one, other = composite("a", "b", "t"), composite("a", "t"), composite("b", "t")
    indexes = parsed({"indexes": [both, one, other], "fieldOverrides": []})
    assert superfluous(indexes, [query("a", "b", order="t"), query("a", order="t"), query("b", order="t")]) == [
        "collection cities: a ASCENDING, b ASCENDING, t ASCENDING"
    ]
    assert len(superfluous(indexes, [query("a")])) == 3
    assert superfluous(parsed({"indexes": [one], "fieldOverrides": []}), [query("a", order="t")]) == []
