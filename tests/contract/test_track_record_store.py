"""Track records: packed, sharded, and taken for missing when they cannot be read."""

import logging
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import replace as replace_document
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import EMPTY_TRACK_RECORD, TrackRecord
from tests.contract.sample_closings import close
from tests.contract.sample_ticks import KEY, NOW, request_at, tick_commit, track_record

DAY = date(2025, 3, 13)
SINCE = date(2025, 3, 1)
ANN = PortfolioKey(tenant_id="acme", uid="ann")


def assert_same(found: TrackRecord, expected: TrackRecord) -> None:
    assert (found.strategies, found.days, found.checked_on) == (expected.strategies, expected.days, expected.checked_on)
    np.testing.assert_array_equal(found.returns, expected.returns)  # NaN where it was NaN
    np.testing.assert_array_equal(found.is_virtual, expected.is_virtual)


@pytest.mark.parametrize(("strategies", "days"), [(1, 1), (3, 60), (7, 5), (1_800, 60), (1_801, 60)])
def test_track_record_comes_back_exactly(store: DocumentStore, strategies: int, days: int) -> None:
    record = track_record(strategies, days)
    close(store, record)
    assert_same(store.observe(request_at()).record, record)


def test_track_record_of_nothing_keeps_when_it_was_checked(store: DocumentStore) -> None:
    record = replace(EMPTY_TRACK_RECORD, checked_on=DAY)
    close(store, record)
    assert_same(store.observe_book(KEY).record, record)


@pytest.mark.parametrize(("strategies", "documents_needed"), [(1_800, 1), (1_801, 2), (4_000, 3)])
def test_track_record_is_sharded_beyond_1800_strategies(
    store: DocumentStore, documents: Documents, strategies: int, documents_needed: int
) -> None:
    close(store, track_record(strategies, 2))
    stored = [each.document_id for each in documents.query("tenants/acme/state") if "track" in each.document_id]
    assert stored == ["track_record", *(f"track_record.{n}" for n in range(1, documents_needed))]


def test_track_record_that_shrinks_forgets_its_shards(store: DocumentStore) -> None:
    close(store, track_record(2_000, 3))
    close(store, track_record(5, 3))
    assert_same(store.observe_book(KEY).record, track_record(5, 3))


def test_track_record_with_long_names_fits_a_document(store: DocumentStore) -> None:
    record = track_record(1_800)
    named = replace(record, strategies=tuple(StrategyId(name + "x" * 200) for name in record.strategies))
    close(store, named)
    assert_same(store.observe_book(KEY).record, named)


def test_track_record_of_each_user_is_his_own(store: DocumentStore) -> None:
    close(store, track_record(2))
    close(store, track_record(3, seed=1), ANN)
    assert_same(store.observe_book(KEY).record, track_record(2))
    assert_same(store.observe_book(ANN).record, track_record(3, seed=1))


def test_track_record_is_committed_with_the_tick(store: DocumentStore) -> None:
    store.commit(tick_commit(request_at(), record=track_record(4)))
    assert_same(store.observe(request_at()).record, track_record(4))


DAMAGE: list[tuple[str, Any]] = [
    ("returns", b"\x00" * 7),
    ("is_virtual", b""),
    ("strategies", '["half'),
    ("strategies", "[1, 2]"),
    ("days", '["2025-13-77"]'),
    ("days", "[null]"),
    ("returns", None),
    ("shards", "one"),
    ("strategy_count", 99),
]


@pytest.mark.parametrize(("field", "value"), DAMAGE)
def test_track_record_damaged_counts_as_missing_and_says_so(
    store: DocumentStore, documents: Documents, caplog: pytest.LogCaptureFixture, field: str, value: Any
) -> None:
    close(store, track_record(2, 1))
    path = "tenants/acme/state/track_record"
    fields = dict(documents.read([path])[path].fields)
    documents.commit([replace_document(path, {**fields, field: value})])
    with caplog.at_level(logging.WARNING):
        record = store.observe(request_at()).record
    assert record.strategies == ()
    assert record.is_behind(NOW.date())  # so that it is rebuilt
    assert path in caplog.text


@pytest.mark.parametrize("damage", ["missing", "of another writing"])
def test_track_record_with_a_broken_shard_counts_as_missing(
    store: DocumentStore, documents: Documents, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    close(store, track_record(1_801, 1))
    first, second = (f"tenants/acme/state/{name}" for name in ("track_record", "track_record.1"))
    found = documents.read([first, second])
    broken = {"shards": 3} if damage == "missing" else {"stamp": "0123"}
    target = first if damage == "missing" else second
    documents.commit([replace_document(target, {**found[target].fields, **broken})])
    with caplog.at_level(logging.WARNING):
        assert store.observe_book(KEY).record.strategies == ()
    assert "counts as missing" in caplog.text
