"""Values that JSON lacks, tagged so that no two of them, and nothing of the document's own, look alike."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore import GeoPoint
from google.cloud.firestore_v1.vector import Vector

from backend.adapters.documents.tagging import tagged
from backend.domain.errors import StoreCorrupt

AT = datetime(2025, 3, 14, 15, 9, 26, 535898, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**63 - 1, 2**63 - 1),
        (1.0, 1.0),
        ("ε", "ε"),
        ([1, [2]], [1, [2]]),
        ({}, {}),
        ({"a": {"b": []}}, {"a": {"b": []}}),
        (float("nan"), {"$double": "nan"}),
        (float("-inf"), {"$double": "-inf"}),
        (b"\x00\xff", {"$bytes": "AP8="}),
        (AT, {"$timestamp": "2025-03-14T15:09:26.535898000Z"}),
        (AT.astimezone(timezone(timedelta(hours=9))), {"$timestamp": "2025-03-14T15:09:26.535898000Z"}),
        (
            DatetimeWithNanoseconds(2025, 3, 14, 15, 9, 26, nanosecond=535898123, tzinfo=UTC),  # type: ignore[no-untyped-call]
            {"$timestamp": "2025-03-14T15:09:26.535898123Z"},
        ),
        ({"$bytes": "AP8="}, {"$map": {"$bytes": "AP8="}}),
        ({"$map": {}}, {"$map": {"$map": {}}}),
        ({"$a": 1, "b": 2}, {"$a": 1, "b": 2}),
        (GeoPoint(1.5, -2.5), {"$geopoint": [1.5, -2.5]}),
        (Vector([1.0, 2.0]), {"$vector": [1.0, 2.0]}),
    ],
)
def test_value_is_tagged(value: Any, expected: Any) -> None:
    found = tagged("tenants/a/x/1", {"field": value})
    assert json.loads(json.dumps(found, allow_nan=False)) == {"field": expected}
    assert type(found["field"]) is type(expected)


def test_reference_is_tagged_by_its_path() -> None:
    class Reference:
        path = "tenants/a/x/1"

    assert tagged("p", {"to": Reference()}) == {"to": {"$reference": "tenants/a/x/1"}}


def test_value_of_another_kind_is_named_and_not_lost() -> None:
    with pytest.raises(StoreCorrupt, match="tenants/a/x/1: expected a value that documents can hold, found object"):
        tagged("tenants/a/x/1", {"field": object()})
