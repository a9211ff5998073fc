"""The daily documents that track records are rebuilt from: our own, and those that users wrote themselves."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from backend.domain.snapshot import Period, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn
from tests.contract.sample_closings import close
from tests.contract.sample_ticks import KEY, NOW

DAY = date(2025, 3, 13)
SINCE = date(2025, 3, 1)
ANN = PortfolioKey(tenant_id="acme", uid="ann")


def snapshot(strategy: str, value: float | None, **changes: Any) -> StrategyPerformanceSnapshot:
    made = StrategyPerformanceSnapshot(
        tenant_id="acme",
        uid="default",
        strategy_id=strategy,  # type: ignore[arg-type]
        period=Period.DAY,
        period_start=DAY,
        period_end=DAY,
        realized_pnl=Decimal("-12.30"),
        unrealized_pnl=Decimal("4.5"),
        capital=Decimal("1000.00"),
        daily_return=value,
        computed_at=NOW,
        source="maestro",
    )
    return replace(made, **changes)


def test_close_day_documents_are_read_back_as_returns(store: DocumentStore, documents: Documents) -> None:
    month = {"period": Period.MONTH, "period_start": date(2025, 3, 1), "period_end": date(2025, 3, 31)}
    shots = [
        snapshot("losing", -0.25),
        snapshot("shadowed", 0.01, is_virtual=True),
        snapshot("idle", None, capital=Decimal(0)),
        snapshot("losing", None, **month),
    ]
    close(store, EMPTY_TRACK_RECORD, strategies=shots)
    assert list(store.daily_returns(KEY, since=SINCE)) == [
        DailyReturn(strategy=shots[0].strategy_id, day=DAY, value=-0.25),
        DailyReturn(strategy=shots[1].strategy_id, day=DAY, value=0.01, is_virtual=True),
    ]
    path = "tenants/acme/strategy_performance/default__losing__2025-03-13"
    fields = documents.read([path])[path].fields
    assert (fields["period_start"], fields["realized_pnl"], fields["capital"]) == ("2025-03-13", "-12.30", "1000.00")


def written(documents: Documents, identifier: str, **fields: Any) -> None:
    documents.commit([create(f"tenants/acme/strategy_performance/{identifier}", fields)])


MIDNIGHT = datetime(2025, 3, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"period": "day", "period_start": "2025-03-13", "period_end": "2025-03-13", "daily_return": -0.02},
        {"period": "daily", "period_start": MIDNIGHT, "period_end": MIDNIGHT, "daily_return": -0.02},
        {
            "period": "DAILY",
            "period_start": MIDNIGHT,
            "period_end": datetime(2025, 3, 14, tzinfo=UTC),
            "daily_return": "-0.02",
        },
        {"period_start": "2025-03-13T00:00:00Z", "daily_return": -0.02},
        {"period": "day", "period_start": "2025-03-13", "realized_pnl": "-30", "unrealized_pnl": 10, "capital": "1000"},
        {"period": "day", "period_start": "2025-03-13", "realized_pnl": -20.0, "capital": 1000.0, "daily_return": None},
    ],
)
def test_daily_returns_users_own_documents_are_read(
    store: DocumentStore, documents: Documents, fields: dict[str, Any]
) -> None:
    written(documents, "u1__trend__2025-03-13", uid="u1", strategy_id="trend", **fields)
    (found,) = store.daily_returns(KEY, since=SINCE)
    assert (found.strategy, found.day, found.is_virtual) == ("trend", DAY, False)
    assert found.value == pytest.approx(-0.02, abs=1e-15)


def test_daily_returns_document_with_an_id_of_its_own_is_read(store: DocumentStore, documents: Documents) -> None:
    written(documents, "Xy1", strategy_id="trend", period="day", period_start=MIDNIGHT, daily_return=0.5)
    assert [each.day for each in store.daily_returns(KEY, since=SINCE)] == [DAY]


@pytest.mark.parametrize(
    ("identifier", "fields"),
    [
        ("u__s__2025-03", {"period": "month", "period_start": "2025-03-01", "period_end": "2025-03-31"}),
        ("u__s__2025-03", {"period": "day", "period_start": "2025-03-01", "period_end": "2025-03-01"}),
        ("own", {"period": "monthly", "period_start": datetime(2025, 3, 1, tzinfo=UTC)}),
        ("own", {"period": "day", "period_start": "2025-03-01", "period_end": "2025-03-31"}),
        ("own", {"period_start": "2025-03-01", "period_end": "2025-03-31"}),
    ],
)
def test_daily_returns_monthly_document_is_never_one(
    store: DocumentStore, documents: Documents, identifier: str, fields: dict[str, Any]
) -> None:
    written(documents, identifier, strategy_id="s", daily_return=0.3, **fields)
    assert list(store.daily_returns(KEY, since=SINCE)) == []


def test_daily_returns_begin_at_since(store: DocumentStore, documents: Documents) -> None:
    for day in (1, 2, 3):
        start = datetime(2025, 3, day, tzinfo=UTC) if day % 2 else f"2025-03-0{day}"
        written(documents, f"u__s__2025-03-0{day}", period="day", period_start=start, daily_return=day / 100)
    assert sorted(each.value for each in store.daily_returns(KEY, since=date(2025, 3, 2))) == [0.02, 0.03]


BROKEN: list[dict[str, Any]] = [
    {"daily_return": "much"},
    {"daily_return": True},
    {"daily_return": "NaN"},
    {},
    {"realized_pnl": "-5", "capital": "0"},
    {"daily_return": 0.1, "period_end": "2025-04-20"},
]


@pytest.mark.parametrize("fields", BROKEN)
def test_daily_returns_broken_document_is_named_and_stops_nobody(
    store: DocumentStore, documents: Documents, caplog: pytest.LogCaptureFixture, fields: dict[str, Any]
) -> None:
    written(documents, "u__bad__2025-03-13", **{"period": "day", "period_start": "2025-03-13", **fields})
    written(documents, "u__good__2025-03-13", period="day", period_start="2025-03-13", daily_return=-0.9)
    with caplog.at_level(logging.WARNING):
        assert [each.strategy for each in store.daily_returns(KEY, since=SINCE)] == ["good"]
    assert "u__bad__2025-03-13: expected" in caplog.text


def test_daily_returns_default_user_reads_all_and_others_their_own(store: DocumentStore, documents: Documents) -> None:
    for uid, value in (("ann", 0.1), ("default", 0.2), ("zoe", 0.3)):
        written(
            documents, f"{uid}__s__2025-03-13", uid=uid, period="day", period_start="2025-03-13", daily_return=value
        )
    written(documents, "none__t__2025-03-13", period="day", period_start="2025-03-13", daily_return=0.4)
    assert [each.value for each in store.daily_returns(ANN, since=SINCE)] == [0.1]
    by_strategy = {each.strategy: each.value for each in store.daily_returns(KEY, since=SINCE)}
    assert by_strategy == {"s": 0.2, "t": 0.4}
