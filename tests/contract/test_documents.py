"""What every document store must do."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from backend.adapters.documents import Documents, Filter, Order, open_documents
from backend.adapters.documents.fields import as_instant
from backend.adapters.documents.seam import Write, create, merge, replace, update
from backend.domain.errors import CommitConflict, ConfigurationError

PATH = "tenants/acme/things/one"
AT = datetime(2025, 3, 14, 15, 9, 26, 535898, tzinfo=UTC)


def test_documents_read_missing_is_left_out(documents: Documents) -> None:
    documents.commit([create(PATH, {"a": 1})])
    assert documents.read([PATH, "tenants/acme/things/two"]).keys() == {PATH}


def test_documents_values_come_back_as_they_were(documents: Documents) -> None:
    fields: dict[str, Any] = {
        "text": "ε\n'\"",
        "none": None,
        "flag": True,
        "number": 0.1,
        "whole": 2**40,
        "bytes": b"\x00\xff",
        "list": [{"a": [1, 2]}, "b"],
        "map": {"mae-1": "0.10", "with.dot": {"x y": 1}},
        "empty": [{}, []][:1],
        "nothing": {},
        "none of it": [],
    }
    documents.commit([create(PATH, fields)])
    assert documents.read([PATH])[PATH].fields == fields


@pytest.mark.parametrize(
    "at", [AT, AT.astimezone(timezone(timedelta(hours=9))), datetime(1969, 7, 20, 20, 17, 40, 1, UTC)]
)
def test_documents_instants_keep_microseconds(documents: Documents, at: datetime) -> None:
    documents.commit([create(PATH, {"at": at})])
    assert as_instant(documents.read([PATH])[PATH].fields["at"]) == at


def test_documents_create_existing_is_a_conflict(documents: Documents) -> None:
    documents.commit([create(PATH, {"a": 1})])
    with pytest.raises(CommitConflict):
        documents.commit([create(PATH, {"a": 2})])
    assert documents.read([PATH])[PATH].fields == {"a": 1}


def test_documents_update_missing_is_a_conflict(documents: Documents) -> None:
    with pytest.raises(CommitConflict):
        documents.commit([update(PATH, {"a": 2})])
    assert documents.read([PATH]) == {}


def test_documents_update_takes_the_version_of_a_commit_and_of_a_read(documents: Documents) -> None:
    first = documents.commit([create(PATH, {"a": 1, "kept": 0})])
    documents.commit([update(PATH, {"a": 2}, first[PATH])])
    documents.commit([update(PATH, {"a": 3}, documents.read([PATH])[PATH].version)])
    assert documents.read([PATH])[PATH].fields == {"a": 3, "kept": 0}
    with pytest.raises(CommitConflict):
        documents.commit([update(PATH, {"a": 4}, first[PATH])])


@pytest.mark.parametrize("last", [create(PATH, {"a": 2}), update("tenants/acme/things/none", {"a": 2})])
def test_documents_commit_is_whole_or_not_at_all(documents: Documents, last: Write) -> None:
    third = "tenants/acme/things/third"
    documents.commit([create(PATH, {"a": 1}), create(third, {"a": 1})])
    other = "tenants/acme/things/other"
    with pytest.raises(CommitConflict):
        documents.commit([replace(other, {"a": 1}), merge(third, {"b": 1}), last])
    left = {path: each.fields for path, each in documents.read([PATH, other, third]).items()}
    assert left == {PATH: {"a": 1}, third: {"a": 1}}


def test_documents_merge_sets_top_level_fields_whole(documents: Documents) -> None:
    documents.commit([merge(PATH, {"map": {"x": 1}, "kept": 1})])
    documents.commit([merge(PATH, {"map": {"y": 2}})])
    assert documents.read([PATH])[PATH].fields == {"map": {"y": 2}, "kept": 1}


@pytest.mark.parametrize("name", ["with.dot", "with space", "1st", "`tick`", "back\\slash", "für"])
def test_documents_field_names_are_taken_literally(documents: Documents, name: str) -> None:
    versions = documents.commit([merge(PATH, {name: 1, "kept": 1})])
    documents.commit([update(PATH, {name: 2}, versions[PATH])])
    assert documents.read([PATH])[PATH].fields == {name: 2, "kept": 1}


@pytest.mark.parametrize("value", [datetime(2025, 1, 1), object()])  # noqa: DTZ001
def test_documents_value_that_no_document_holds_is_refused_whole(documents: Documents, value: object) -> None:
    with pytest.raises(ConfigurationError):
        documents.commit([create(PATH, {"a": 1}), create(f"{PATH}2", {"a": value})])
    assert documents.read([PATH]) == {}


def test_documents_replace_forgets_what_was_there(documents: Documents) -> None:
    documents.commit([replace(PATH, {"a": 1})])
    documents.commit([replace(PATH, {"b": 1})])
    assert documents.read([PATH])[PATH].fields == {"b": 1}


def test_documents_query_orders_limits_and_keeps_to_its_collection(documents: Documents) -> None:
    here = "tenants/acme/logs"
    documents.commit(
        [
            *(create(f"{here}/{n}", {"timestamp": AT + timedelta(microseconds=n), "n": n}) for n in range(5)),
            create("tenants/other/logs/9", {"timestamp": AT + timedelta(days=1), "n": 9}),
            create(f"{here}/1/inputs/0", {"timestamp": AT + timedelta(days=1), "n": 9}),
            create(f"{here}/untimed", {"n": 9}),
        ]
    )
    newest = documents.query(here, order=Order(field="timestamp", descending=True), limit=2)
    assert [each.fields["n"] for each in newest] == [4, 3]
    oldest = documents.query(here, [Filter(field="timestamp", operator=">", value=AT)], order=Order(field="timestamp"))
    assert [each.fields["n"] for each in oldest] == [1, 2, 3, 4]


def test_documents_query_ties_follow_the_path(documents: Documents) -> None:
    paths = [f"tenants/acme/logs/{name}" for name in "bca"]
    documents.commit([create(path, {"timestamp": AT}) for path in paths])
    found = documents.query("tenants/acme/logs", order=Order(field="timestamp", descending=True))
    assert [each.document_id for each in found] == ["c", "b", "a"]


def test_documents_query_filters_all_hold(documents: Documents) -> None:
    rows = [("ann", "2025-01-01"), ("ann", "2025-02-01"), ("bob", "2025-02-01")]
    documents.commit([create(f"tenants/a/p/{n}", {"uid": uid, "on": on}) for n, (uid, on) in enumerate(rows)])
    filters = [Filter(field="uid", operator="==", value="ann"), Filter(field="on", operator=">=", value="2025-01-15")]
    assert [each.document_id for each in documents.query("tenants/a/p", filters)] == ["1"]


def test_documents_query_unordered_comes_in_path_order(documents: Documents) -> None:
    documents.commit([create(f"tenants/a/p/{n}", {"n": -n}) for n in (3, 1, 2)])
    found = documents.query("tenants/a/p", [Filter(field="n", operator="<", value=0)])
    assert [each.document_id for each in found] == ["1", "2", "3"]


@pytest.mark.parametrize("db", [None, "maestro.db", object()])
def test_open_documents_names_what_it_expects(db: object) -> None:
    with pytest.raises(ConfigurationError, match="SqliteDocuments"):
        open_documents(db)


def test_open_documents_returns_what_is_one_already(documents: Documents) -> None:
    assert open_documents(documents) is documents
