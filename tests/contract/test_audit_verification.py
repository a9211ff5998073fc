"""Whatever is done to a real chain is found: every field of every kind of document, one at a time."""

from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.seam import create, replace
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.audit import entry_hash
from backend.domain.canonical import canonical_json, plain, read_canonical_json
from tests.contract.orchestrating import orchestrate
from tests.fakes.audited import (
    COMMANDS,
    COPIES,
    DECISIONS,
    ENTRIES,
    NOT_COVERED,
    TENANT,
    TRADING,
    altered,
    delete,
    fields_of,
    kinds,
    path_of,
    remove_field,
    set_field,
    verified,
    write_chain,
)
from tests.fakes.cycle import HOLD

COPY_FIELDS = [
    "allocation_decisions",
    "body",
    "entry_hash",
    "log_id",
    "portfolio_id",
    "previous_hash",
    "sequence",
    "session_id",
    "signals_modified",
    "systemic_risk_detected",
    "systemic_risk_details",
    "tenant_id",
    "timestamp",
    "uid",
]
FIELDS = {
    DECISIONS: [*COPY_FIELDS, "input_parts", "inputs"],
    COMMANDS: [
        "actor",
        "body",
        "entry_hash",
        "kind",
        "previous_hash",
        "reason",
        "sequence",
        "tenant_id",
        "timestamp",
    ],
    COPIES: COPY_FIELDS,
}
EVERY_FIELD = [(collection, name) for collection, names in FIELDS.items() for name in names]


@pytest.fixture
def store(sqlite_documents: SqliteDocuments, tmp_path: Path) -> Path:
    write_chain(sqlite_documents)
    return tmp_path / "maestro.db"


def body_of(documents: Documents, path: str) -> dict[str, Any]:
    body: dict[str, Any] = plain(read_canonical_json(fields_of(documents, path)["body"]))
    return body


def rewritten(documents: Documents, path: str, body: dict[str, Any], **fields: Any) -> None:
    """Write an entry with another body and the hash that fits it, as a careful forger would."""
    was = fields_of(documents, path)
    previous = fields.get("previous_hash", was["previous_hash"])
    hashed = {"body": canonical_json(body), "entry_hash": entry_hash(previous, body)}
    documents.commit([replace(path, {**was, **fields, **hashed})])


@pytest.mark.parametrize("collection", FIELDS)
def test_verification_is_tested_on_every_field_that_is_stored(
    store: Path, sqlite_documents: SqliteDocuments, collection: str
) -> None:
    stored = fields_of(sqlite_documents, path_of(sqlite_documents, collection))
    assert sorted(set(stored) - NOT_COVERED) == sorted(FIELDS[collection])


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize(("collection", "name"), EVERY_FIELD)
def test_verification_finds_a_changed_field(
    store: Path, sqlite_documents: SqliteDocuments, collection: str, name: str, position: int
) -> None:
    path = path_of(sqlite_documents, collection, position)
    set_field(sqlite_documents, path, name, altered(fields_of(sqlite_documents, path)[name]))
    assert path in {each.path for each in verified(sqlite_documents).findings}


@pytest.mark.parametrize(("collection", "name"), EVERY_FIELD)
def test_verification_finds_a_removed_field(
    store: Path, sqlite_documents: SqliteDocuments, collection: str, name: str
) -> None:
    remove_field(sqlite_documents, path_of(sqlite_documents, collection), name)
    assert verified(sqlite_documents).findings


@pytest.mark.parametrize("collection", FIELDS)
def test_verification_finds_an_added_field(store: Path, sqlite_documents: SqliteDocuments, collection: str) -> None:
    path = path_of(sqlite_documents, collection)
    set_field(sqlite_documents, path, "approved_by", "nobody")
    (found,) = verified(sqlite_documents).findings
    assert (found.path, found.found) == (path, "nobody")


@pytest.mark.parametrize("collection", [DECISIONS, COPIES])
@pytest.mark.parametrize("name", sorted(NOT_COVERED))
def test_verification_leaves_the_summary_alone(
    store: Path, sqlite_documents: SqliteDocuments, collection: str, name: str
) -> None:
    set_field(sqlite_documents, path_of(sqlite_documents, collection), name, "a model's words")
    assert verified(sqlite_documents).findings == ()


def test_verification_finds_inputs_that_were_exchanged_for_other_whole_ones(
    store: Path, sqlite_documents: SqliteDocuments
) -> None:
    one, other = (path_of(sqlite_documents, DECISIONS, position) for position in (0, 1))
    set_field(sqlite_documents, one, "inputs", fields_of(sqlite_documents, other)["inputs"])
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.sequence, found.path) == ("inputs", 1, one)


@pytest.mark.parametrize("count", [0, 3, -1])
def test_verification_finds_a_head_that_was_set_back(
    store: Path, sqlite_documents: SqliteDocuments, count: int
) -> None:
    set_field(sqlite_documents, TRADING, "log_count", count)
    found = verified(sqlite_documents)
    assert (kinds(found), found.entries) == ([("head", ENTRIES)], ENTRIES)


@pytest.mark.parametrize("name", ["log_head", "log_count"])
def test_verification_finds_a_changed_head(store: Path, sqlite_documents: SqliteDocuments, name: str) -> None:
    set_field(sqlite_documents, TRADING, name, altered(fields_of(sqlite_documents, TRADING)[name]))
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.path) == ("head" if name == "log_head" else "missing", TRADING)


@pytest.mark.parametrize("number", range(1, ENTRIES + 1))
def test_verification_finds_a_deleted_entry(store: Path, sqlite_documents: SqliteDocuments, number: int) -> None:
    places = {1: (DECISIONS, 0), 2: (COMMANDS, 0), 3: (DECISIONS, 1), 4: (COMMANDS, 1), 5: (DECISIONS, 2)}
    delete(store, path_of(sqlite_documents, *places.get(number, (DECISIONS, 3))))
    found = verified(sqlite_documents)
    assert ("missing", number) in kinds(found)
    assert found.entries == ENTRIES - 1


def test_verification_names_a_gap_once_with_its_numbers(store: Path, sqlite_documents: SqliteDocuments) -> None:
    for collection in (COMMANDS, DECISIONS):
        delete(store, path_of(sqlite_documents, collection, 0 if collection == COMMANDS else 1))
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.sequence, found.expected) == ("missing", 2, "numbers 2 to 3")


@pytest.mark.parametrize("is_whole", [False, True])
def test_verification_finds_two_entries_that_changed_places(
    store: Path, sqlite_documents: SqliteDocuments, is_whole: bool
) -> None:
    one, other = (path_of(sqlite_documents, COMMANDS, position) for position in (0, 1))
    for path, number in ((one, 4), (other, 2)):
        if is_whole:
            body = {**body_of(sqlite_documents, path), "sequence": number}
            rewritten(sqlite_documents, path, body, sequence=number)
        else:
            set_field(sqlite_documents, path, "sequence", number)
    assert {("displaced", 2), ("displaced", 4)} <= set(kinds(verified(sqlite_documents)))


def test_verification_finds_a_cut_tail_even_when_the_head_was_set_back(
    store: Path, sqlite_documents: SqliteDocuments
) -> None:
    last, before = (path_of(sqlite_documents, DECISIONS, position) for position in (3, 2))
    delete(store, last)
    assert kinds(verified(sqlite_documents)) == [("missing", 6), ("copy", 6)]
    was = fields_of(sqlite_documents, TRADING)
    head = fields_of(sqlite_documents, before)["entry_hash"]
    sqlite_documents.commit([replace(TRADING, {**was, "log_count": 5, "log_head": head})])
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.sequence) == ("copy", 6)
    assert found.path.startswith(COPIES)


@pytest.mark.parametrize("number", [2, 3, ENTRIES + 1])
def test_verification_finds_an_inserted_entry(store: Path, sqlite_documents: SqliteDocuments, number: int) -> None:
    genuine = path_of(sqlite_documents, COMMANDS)
    fields = fields_of(sqlite_documents, genuine)
    previous = fields_of(sqlite_documents, path_of(sqlite_documents, DECISIONS, 3))["entry_hash"]
    body = {**body_of(sqlite_documents, genuine), "sequence": number, "reason": "forged"}
    forged = {
        **fields,
        "sequence": number,
        "reason": "forged",
        "previous_hash": previous,
        "body": canonical_json(body),
        "entry_hash": entry_hash(previous, body),
    }
    path = f"{COMMANDS}/{number:010d}" if number > 2 else f"{COMMANDS}/forged"
    sqlite_documents.commit([create(path, forged)])
    assert ("head" if number > ENTRIES else "duplicate", min(number, ENTRIES + 1)) in kinds(verified(sqlite_documents))


def test_verification_finds_an_entry_that_was_rewritten_with_its_hash(
    store: Path, sqlite_documents: SqliteDocuments
) -> None:
    path = path_of(sqlite_documents, COMMANDS)
    body = {**body_of(sqlite_documents, path), "reason": "a good one"}
    rewritten(sqlite_documents, path, body, reason="a good one")
    assert kinds(verified(sqlite_documents)) == [("displaced", 3)]


def test_verification_finds_a_chain_rewritten_to_its_end_by_the_copies_and_by_an_anchor(
    store: Path, sqlite_documents: SqliteDocuments
) -> None:
    anchor = verified(sqlite_documents).head
    places = [(COMMANDS, 0), (DECISIONS, 1), (COMMANDS, 1), (DECISIONS, 2), (DECISIONS, 3)]
    previous = fields_of(sqlite_documents, path_of(sqlite_documents, DECISIONS))["entry_hash"]
    for collection, position in places:
        path = path_of(sqlite_documents, collection, position)
        body = body_of(sqlite_documents, path)
        change = {"reason": "a good one"} if "reason" in body else {}
        rewritten(sqlite_documents, path, {**body, **change}, previous_hash=previous, **change)
        previous = fields_of(sqlite_documents, path)["entry_hash"]
    set_field(sqlite_documents, TRADING, "log_head", previous)
    assert set(kinds(verified(sqlite_documents))) == {("copy", 3), ("copy", 5), ("copy", 6)}
    assert ("anchor", None) in kinds(verified(sqlite_documents, anchors=[anchor]))


def test_verification_of_an_anchor_that_is_there_finds_nothing(store: Path, sqlite_documents: SqliteDocuments) -> None:
    hashes = [
        fields_of(sqlite_documents, path_of(sqlite_documents, name))["entry_hash"] for name in (DECISIONS, COMMANDS)
    ]
    assert verified(sqlite_documents, anchors=hashes).findings == ()


def test_verification_finds_a_missing_copy(store: Path, sqlite_documents: SqliteDocuments) -> None:
    path = path_of(sqlite_documents, COPIES)
    delete(store, path)
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.sequence, found.path, found.found) == ("copy", 1, path, "none")


def test_verification_finds_an_entry_under_another_name(store: Path, sqlite_documents: SqliteDocuments) -> None:
    path = path_of(sqlite_documents, COMMANDS)
    fields = fields_of(sqlite_documents, path)
    delete(store, path)
    sqlite_documents.commit([create(f"{COMMANDS}/elsewhere", fields)])
    (found,) = verified(sqlite_documents).findings
    assert (found.kind, found.expected) == ("contradiction", f"path {path}, as in the body")


def test_verification_finds_the_entries_of_another_tenant(store: Path, sqlite_documents: SqliteDocuments) -> None:
    for collection in (DECISIONS, COMMANDS):
        for document in sqlite_documents.query(collection):
            sqlite_documents.commit([create(document.path.replace(TENANT, "globex"), document.fields)])
    sqlite_documents.commit([create(TRADING.replace(TENANT, "globex"), fields_of(sqlite_documents, TRADING))])
    found = kinds(verified(sqlite_documents, tenant="globex"))
    assert [number for kind, number in found if kind == "contradiction"] == list(range(1, ENTRIES + 1))


def test_verification_says_where_a_body_differs_from_its_copy(store: Path, sqlite_documents: SqliteDocuments) -> None:
    path = path_of(sqlite_documents, DECISIONS)
    body = fields_of(sqlite_documents, path)["body"]
    set_field(sqlite_documents, path, "body", body.replace('"ACTIVE"', '"FORGED"', 1))
    by_kind = {each.kind: each for each in verified(sqlite_documents).findings}
    assert "FORGED" in by_kind["copy"].expected  # type: ignore[index]
    assert "ACTIVE" in by_kind["copy"].found  # type: ignore[index]


def test_verification_goes_on_while_entries_are_added(store: Path, sqlite_documents: SqliteDocuments) -> None:
    """A decision is logged at every entry that is read, as by a busy tenant."""
    added = []

    def busy(done: int, total: int) -> None:
        if len(added) < 10:
            added.append(done)
            orchestrate(sqlite_documents, {"a": HOLD})

    found = verified(sqlite_documents, progress=busy)
    assert (found.findings, found.entries) == ((), ENTRIES + 10)
