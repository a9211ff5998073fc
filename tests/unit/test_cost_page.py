"""docs/explanation/cost.md says what the bill comes to, and the bill is what its arithmetic says."""

from math import isclose

import pytest

from benchmarks import list_prices
from benchmarks.bill import (
    ALL_HOURS,
    EARLIER_READS,
    EARLIER_STRATEGIES,
    MARKET_HOURS,
    SCHEDULES,
    Assumptions,
    Schedule,
    bill,
    tenant_day,
    total,
)
from benchmarks.cost_tables import PAGE, blocks, written


def test_cost_page_says_what_the_bill_works_out() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in blocks() if f"<!-- {name} -->" not in page] == []
    assert page == written(page), "run: python -m benchmarks.cost_tables"


def test_cost_page_names_the_day_on_which_the_prices_were_read() -> None:
    assert f"read on {list_prices.READ_ON} " in PAGE.read_text(encoding="utf-8")


def test_bill_of_ten_thousand_tenants_is_its_arithmetic() -> None:
    """Worked out by hand from the counted figures: 6 reads, 7 or 19 writes a tick, 78 ticks on 21 days."""
    ticks, jobs = 10_000 * 78 * 21, 10_000 * (37 * 21 + 1)
    reads = 10_000 * (6 * 78 + 22 + 11 * 36 + 17 + 96 + 36 + 1) + 1_440
    writes = 10_000 * (0.9 * 7 * 78 + 0.1 * 19 * 78 + 23 + 2) + 96
    seconds = 1.002 * (ticks + jobs) + 0.2 * 43_800
    found = {line.price.name: line.dollars for line in bill(10_000, MARKET_HOURS)}
    assert isclose(found["Firestore reads"], (reads - 50_000) * 21 * 0.03 / 100_000)
    assert isclose(found["Firestore writes"], (writes - 20_000) * 21 * 0.09 / 100_000)
    assert isclose(found["Cloud Run processor"], (seconds - 180_000) * 0.000024)
    assert isclose(found["Cloud Run memory"], (seconds / 4 - 360_000) * 0.0000025)
    assert isclose(found["Cloud Tasks"], (2 * (ticks + jobs) - 1_000_000) * 0.4 / 1_000_000)
    assert isclose(found["Secret Manager versions"], 9_994 * 0.06)
    assert found["Cloud Scheduler"] == pytest.approx(0.1)


def test_bill_charges_nothing_that_is_free() -> None:
    found = {line.price.name: line.dollars for line in bill(1, MARKET_HOURS)}
    charged = {name for name, dollars in found.items() if dollars}
    assert charged == {"Firestore TTL deletes", "Cloud Scheduler"}
    assert total(bill(1, MARKET_HOURS)) < 0.2


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda each: each.name)
def test_bill_grows_with_tenants_in_every_line_but_the_scheduled_functions(schedule: Schedule) -> None:
    few, many = bill(100, schedule), bill(200, schedule)
    for one, other in zip(few, many, strict=True):
        assert (other.used == one.used) == (one.price is list_prices.JOBS)


@pytest.mark.parametrize("schedule", [MARKET_HOURS, ALL_HOURS], ids=lambda each: each.name)
def test_a_tenants_day_reads_at_most_a_twentieth_of_the_earlier_systems(schedule: Schedule) -> None:
    reads = tenant_day(schedule, Assumptions(strategies=EARLIER_STRATEGIES)).reads
    assert 20 * reads <= EARLIER_READS == 288 * 10 * 30
