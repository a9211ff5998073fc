"""What every document store must do with what lies below a document: scan it and delete it."""

from itertools import pairwise

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.seam import create, delete, replace, update
from backend.domain.errors import CommitConflict

PATH = "tenants/acme/things/one"
BELOW = (
    "tenants/acme/logs/1",
    "tenants/acme/logs/1/inputs/0",
    "tenants/acme/logs/1/inputs/1",
    "tenants/acme/logs-old/1",
    "tenants/acme/logs/é",
    "tenants/acme/things/gone/parts/deep",  # below a document that does not exist
)
BESIDE = ("tenants/acme", "tenants/acme2/logs/1", "tenants/acm/logs/1", "others/acme/logs/1", "tenants/acme~/logs/1")
COPIES = "systemStatus/orchestration_logs/logs"


@pytest.fixture
def filled(documents: Documents) -> Documents:
    documents.commit([create(path, {"n": number}) for number, path in enumerate((*BELOW, *BESIDE))])
    return documents


def test_scan_finds_everything_below_a_document_and_nothing_beside_it(filled: Documents) -> None:
    found = filled.scan("tenants/acme/", limit=100)
    assert {each.path: each.fields for each in found} == {path: {"n": n} for n, path in enumerate(BELOW)}


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_scan_goes_on_behind_the_last_page(filled: Documents, limit: int) -> None:
    pages = [filled.scan("tenants/acme/", limit=limit)]
    while pages[-1]:
        pages.append(filled.scan("tenants/acme/", after=pages[-1][-1].path, limit=limit))
    assert all(len(page) == limit or not following for page, following in pairwise(pages))
    assert sorted(each.path for page in pages for each in page) == sorted(BELOW)


def test_scan_of_a_collection_keeps_to_identifiers_that_begin_so(documents: Documents) -> None:
    names = ("acme~1", "acme~2", "acme", "acme2~1", "acme~", "acm~1")
    documents.commit([create(f"{COPIES}/{name}", {}) for name in names])
    documents.commit([create(f"{COPIES}/acme~1/inputs/0", {})])
    found = documents.scan(f"{COPIES}/acme~", limit=100)
    assert [each.document_id for each in found] == ["acme~", "acme~1", "acme~2"]
    after = documents.scan(f"{COPIES}/acme~", after=f"{COPIES}/acme~1", limit=100)
    assert [each.document_id for each in after] == ["acme~2"]


def test_scan_without_fields_names_documents_and_versions(filled: Documents) -> None:
    found = filled.scan("tenants/acme/", limit=100, with_fields=False)
    assert {each.path for each in found} == set(BELOW)
    assert [each.fields for each in found] == [{}] * len(BELOW)
    filled.commit([update(found[0].path, {"n": 7}, found[0].version)])
    assert filled.read([found[0].path])[found[0].path].fields == {"n": 7}


def test_scan_of_nothing_is_empty(documents: Documents) -> None:
    assert documents.scan("tenants/acme/", limit=5) == []


def test_delete_removes_the_document_and_none_below_it(filled: Documents) -> None:
    filled.commit([delete("tenants/acme/logs/1"), delete("tenants/acme")])
    assert {each.path for each in filled.scan("tenants/acme/", limit=100)} == {*BELOW} - {"tenants/acme/logs/1"}
    assert filled.read(["tenants/acme"]) == {}


def test_delete_of_nothing_changes_nothing(documents: Documents) -> None:
    assert documents.commit([delete(PATH)]) == {}


def test_delete_shares_a_commit_with_other_writes(documents: Documents) -> None:
    other = "tenants/acme/things/two"
    documents.commit([create(PATH, {"a": 1})])
    assert documents.commit([delete(PATH), replace(other, {"a": 2})]).keys() == {other}
    assert documents.read([PATH, other]).keys() == {other}


def test_delete_of_another_version_is_a_conflict(documents: Documents) -> None:
    first = documents.commit([create(PATH, {"a": 1})])
    second = documents.commit([update(PATH, {"a": 2})])
    with pytest.raises(CommitConflict):
        documents.commit([delete(PATH, first[PATH]), replace("tenants/acme/things/two", {})])
    assert documents.read([PATH, "tenants/acme/things/two"]).keys() == {PATH}
    documents.commit([delete(PATH, second[PATH])])
    with pytest.raises(CommitConflict):
        documents.commit([delete(PATH, second[PATH])])


def test_delete_makes_room_for_the_same_path(documents: Documents) -> None:
    documents.commit([create(PATH, {"a": 1})])
    documents.commit([delete(PATH)])
    documents.commit([create(PATH, {"b": 2})])
    assert documents.read([PATH])[PATH].fields == {"b": 2}
