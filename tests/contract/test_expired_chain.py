"""A chain whose oldest entries were deleted by retention holds from the next one on; any other gap is found."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.retained import DELETE_AFTER
from backend.adapters.sqlite import SqliteDocuments
from backend.engine.audit import Verified
from backend.engine.replay import replayed_link
from tests.fakes.audited import (
    COMMANDS,
    COPIES,
    DECISIONS,
    ENTRIES,
    TENANT,
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
from tests.integration.engine.trading_days import MONDAY, utc

NOW = utc(MONDAY, 12)
GONE, STILL_KEPT = NOW - timedelta(seconds=1), NOW + timedelta(days=300)
EXPIRED = (1, 2, 3)  # the numbers that had expired
PLACES = {
    1: (DECISIONS, 0),
    2: (COMMANDS, 0),
    3: (DECISIONS, 1),
    4: (COMMANDS, 1),
    5: (DECISIONS, 2),
    6: (DECISIONS, 3),
}


class Chain:
    """Six entries, the first three of which have expired; ``delete`` does what Firestore does, in any order."""

    def __init__(self, documents: SqliteDocuments, store: Path) -> None:
        self.documents, self._store = documents, store
        write_chain(documents)
        self._all = {number: self._paths(*place) for number, place in PLACES.items()}
        for number, paths in self._all.items():
            for path in paths:
                set_field(documents, path, DELETE_AFTER, GONE if number in EXPIRED else STILL_KEPT)
        self.hashes = {number: fields_of(documents, paths[0])["entry_hash"] for number, paths in self._all.items()}

    def _paths(self, collection: str, position: int) -> list[str]:
        """Return the entry's path and, of a decision, its copy's."""
        own = path_of(self.documents, collection, position)
        return [own] if collection == COMMANDS else [own, path_of(self.documents, COPIES, position)]

    def delete(self, *numbers: int, copies: bool = True) -> None:
        for number in numbers:
            for path in self._all[number][: 2 if copies else 1]:
                delete(self._store, path)

    def delete_copy(self, number: int) -> None:
        delete(self._store, self._all[number][1])

    def paths(self, number: int) -> Sequence[str]:
        return self._all[number]

    def verified(self, **options: Any) -> Verified:
        return verified(self.documents, **{"expired_by": NOW, **options})


@pytest.fixture
def chain(sqlite_documents: SqliteDocuments, tmp_path: Path) -> Chain:
    return Chain(sqlite_documents, tmp_path / "maestro.db")


def test_expired_chain_that_is_whole_yet_verifies(chain: Chain) -> None:
    found = chain.verified()
    assert (found.findings, found.expired, found.entries) == ((), 0, ENTRIES)


@pytest.mark.parametrize(
    ("numbers", "expired"),
    [((1, 2, 3), 3), ((1,), 1), ((1, 2), 2), ((3,), 3), ((2,), 2), ((1, 3), 3)],  # deletion is not in order
)
def test_expired_chain_holds_from_the_next_entry_on(chain: Chain, numbers: tuple[int, ...], expired: int) -> None:
    chain.delete(*numbers)
    found = chain.verified()
    assert (found.findings, found.expired, found.last) == ((), expired, ENTRIES)
    assert found.entries == ENTRIES - len(numbers)


def test_expired_chain_is_not_excused_in_a_store_that_deletes_nothing(chain: Chain) -> None:
    chain.delete(1, 2, 3)
    found = chain.verified(expired_by=None)
    assert (kinds(found), found.expired) == ([("missing", 1)], 0)


def test_expired_chain_with_a_gap_behind_what_is_kept_fails(chain: Chain) -> None:
    chain.delete(1, 2, 5)
    found = chain.verified()
    assert (kinds(found), found.expired) == ([("missing", 5)], 2)


def test_expired_chain_with_a_gap_behind_an_expired_entry_that_is_left_excuses_it_once(chain: Chain) -> None:
    chain.delete(1, 2, 4)
    found = chain.verified()
    assert (found.findings, found.expired) == ((), 4)  # number 4 is a command: see below
    chain.delete(5, copies=False)
    assert kinds(chain.verified()) == [("missing", 5)]


def test_cut_of_commands_alone_is_taken_for_expiry(chain: Chain) -> None:
    """What no copy tells of cannot be told from what had expired: said in docs/explanation/audit.md."""
    chain.delete(1, 2, 3, 4)
    found = chain.verified()
    assert (found.findings, found.expired) == ((), 4)


def test_expired_chain_whose_cut_reaches_further_is_found_by_the_copies(chain: Chain) -> None:
    chain.delete(1, 2, 3, 4)
    chain.delete(5, copies=False)
    found = chain.verified()
    assert kinds(found) == [("missing", 5)]
    assert found.findings[0].path == chain.paths(5)[1]
    assert f"kept until {STILL_KEPT.isoformat()}" in found.findings[0].expected


def test_expired_chain_that_lost_its_tail_fails(chain: Chain) -> None:
    chain.delete(1, 2, 3)
    chain.delete(6)
    assert kinds(chain.verified()) == [("missing", 6)]


def test_expired_chain_of_which_nothing_is_left_proves_nothing(chain: Chain) -> None:
    chain.delete(*PLACES)
    (found,) = chain.verified().findings
    assert (found.kind, found.sequence, found.expected) == ("missing", 1, "numbers 1 to 6: log_count is 6")


@pytest.mark.parametrize("name", ["body", "entry_hash", "reason"])
def test_expired_entry_that_is_still_there_is_checked_like_any_other(chain: Chain, name: str) -> None:
    chain.delete(1, 3)
    path = chain.paths(2)[0]
    set_field(chain.documents, path, name, altered(fields_of(chain.documents, path)[name]))
    assert path in {each.path for each in chain.verified().findings}


@pytest.mark.parametrize("number", [4, 5, 6])
def test_expired_chain_with_an_altered_entry_fails(chain: Chain, number: int) -> None:
    chain.delete(1, 2, 3)
    path = chain.paths(number)[0]
    set_field(chain.documents, path, "body", altered(fields_of(chain.documents, path)["body"]))
    assert path in {each.path for each in chain.verified().findings}


@pytest.mark.parametrize(("number", "expected"), [(3, []), (5, [("copy", 5)])])
def test_copy_may_be_gone_of_an_entry_that_expired_and_of_no_other(
    chain: Chain, number: int, expected: list[tuple[str, int]]
) -> None:
    chain.delete_copy(number)
    assert kinds(chain.verified()) == expected


@pytest.mark.parametrize(("number", "expected"), [(1, []), (5, [("inputs", 5)])])
def test_parts_of_inputs_may_be_gone_of_an_entry_that_expired_and_of_no_other(
    chain: Chain, number: int, expected: list[tuple[str, int]]
) -> None:
    path = chain.paths(number)[0]
    for name, value in (("input_parts", 2), ("inputs", b"")):
        set_field(chain.documents, path, name, value)
    assert kinds(chain.verified()) == expected
    link = next(DocumentAuditTrail(chain.documents).links(TENANT, after=number - 1))
    until = (GONE if number in EXPIRED else STILL_KEPT).isoformat()
    assert f"found no document {path}/inputs/0, kept until {until} (retention)" in replayed_link(link).problem


def test_chain_without_dates_needs_an_anchor_for_what_expired_before(chain: Chain) -> None:
    """Retention was switched off: what is left has no date, and only a noted hash says what came before."""
    for number in (4, 5, 6):
        for path in chain.paths(number):
            remove_field(chain.documents, path, DELETE_AFTER)
    chain.delete(1, 2, 3)
    assert kinds(chain.verified()) == [("missing", 1)]
    found = chain.verified(anchors=[chain.hashes[3]])
    assert (found.findings, found.expired) == ((), 3)
    assert ("anchor", None) in kinds(chain.verified(anchors=[chain.hashes[2]]))


def test_date_that_differs_from_the_copys_is_found(chain: Chain) -> None:
    """Whoever dates an entry back has Firestore delete it."""
    set_field(chain.documents, chain.paths(5)[0], DELETE_AFTER, GONE)
    (found,) = chain.verified().findings
    assert (found.kind, found.sequence) == ("copy", 5)
    assert GONE.isoformat() in found.expected


def test_date_is_a_plain_instant(chain: Chain) -> None:
    links = list(DocumentAuditTrail(chain.documents).links(TENANT, after=0))
    assert [each.entry.delete_after for each in links] == [GONE] * 3 + [STILL_KEPT] * 3
    assert all(type(each.entry.delete_after) is datetime for each in links)
