"""Who is due at a minute: schedules of cron lines, the real calendar of XNYS, and what was missed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from backend.adapters.cron_schedules import CronSchedules
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.dispatch import CatchUp, DispatchRecord, ScheduledPortfolio
from backend.domain.errors import ConfigurationError
from backend.domain.task import TaskKind
from backend.engine.dispatching import Dispatched, Dispatcher, dispatch_jobs, dispatch_ticks
from tests.fakes.dispatch import FakePortfolios, FakeQueue, scheduled

EVERY_FIVE = "*/5 * * * *"
MONDAY = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)  # 10:05 in New York
FRIDAY_CLOSE = datetime(2026, 3, 6, 21, 0, tzinfo=UTC)
CALENDARS = {name: ExchangeCalendar(name) for name in ("XNYS", "24/7", "XMOON")}


class Desk:
    """A dispatcher over portfolios in memory."""

    def __init__(
        self, *portfolios: ScheduledPortfolio, schedule: str = EVERY_FIVE, refused: Sequence[str] = ()
    ) -> None:
        self.portfolios, self.queue = FakePortfolios(portfolios), FakeQueue(refused)
        self.parts = Dispatcher(
            portfolios=self.portfolios,
            schedules=CronSchedules(time_zone="America/New_York"),
            calendars=CALENDARS.__getitem__,
            queue=self.queue,
            schedule=schedule,
            calendar="XNYS",
        )

    def fire(self, minute: datetime) -> Dispatched:
        return dispatch_ticks(minute, "c" * 32, self.parts)

    def queued(self) -> list[tuple[str, datetime]]:
        return sorted((each.key.tenant_id, each.scheduled_at) for each in self.queue.tasks.values())


def test_dispatch_queues_every_portfolio_once_however_often_it_fires() -> None:
    desk = Desk(scheduled("acme"), scheduled("globex"))
    first, again = desk.fire(MONDAY), desk.fire(MONDAY)
    assert (first.due, first.new, again.due, again.new) == (2, 2, 2, 0)
    assert desk.queued() == [("acme", MONDAY), ("globex", MONDAY)]
    assert {each.expires_at for each in desk.queue.tasks.values()} == {MONDAY + timedelta(minutes=5)}


def test_dispatch_between_schedules_reads_no_portfolio() -> None:
    desk = Desk(scheduled("acme"))
    assert desk.fire(MONDAY + timedelta(minutes=1)) == Dispatched()
    assert desk.portfolios.asked == []


def test_dispatch_reads_those_alone_whose_own_schedule_is_due() -> None:
    hourly = "7 * * * *"
    desk = Desk(scheduled("acme"), scheduled("slow", hourly))
    desk.fire(MONDAY)
    desk.fire(MONDAY + timedelta(minutes=2))
    assert desk.portfolios.asked == [None, frozenset({hourly})]
    assert desk.queued() == [("acme", MONDAY), ("slow", MONDAY + timedelta(minutes=2))]
    (slow,) = [each for each in desk.queue.tasks.values() if each.key.tenant_id == "slow"]
    assert slow.expires_at == MONDAY + timedelta(minutes=62)


def test_dispatch_on_a_clock_of_its_own() -> None:
    berlin = "CRON_TZ=Europe/Berlin 5 16 * * *"  # 15:05 UTC in winter
    desk = Desk(scheduled("acme", berlin), schedule="0 0 1 1 *")
    desk.portfolios.kept = DispatchRecord(schedules=frozenset({berlin}))
    assert desk.fire(MONDAY).due == 1
    assert desk.fire(MONDAY + timedelta(hours=1)).due == 0


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (MONDAY.replace(hour=14, minute=25), ["always", "coins"]),  # five minutes before New York opens
        (MONDAY.replace(hour=14, minute=30), ["always", "coins", "shares"]),
        (FRIDAY_CLOSE - timedelta(minutes=5), ["always", "coins", "shares"]),
        (FRIDAY_CLOSE, ["always", "coins"]),
        (datetime(2026, 3, 7, 16, 0, tzinfo=UTC), ["always", "coins"]),  # a Saturday
        (datetime(2026, 7, 3, 16, 0, tzinfo=UTC), ["always", "coins"]),  # Independence Day, observed
        (datetime(2026, 11, 27, 17, 55, tzinfo=UTC), ["always", "coins", "shares"]),  # a half day
        (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), ["always", "coins"]),
    ],
)
def test_dispatch_keeps_to_market_hours_unless_told_otherwise(at: datetime, expected: list[str]) -> None:
    desk = Desk(scheduled("shares"), scheduled("always", market_hours=False), scheduled("coins", calendar="24/7"))
    desk.fire(at)
    assert [tenant for tenant, _ in desk.queued()] == expected


def test_dispatch_after_an_outage_skips_what_was_missed_and_says_so() -> None:
    desk = Desk(scheduled("acme"), scheduled("eager", catch_up=CatchUp.LATEST))
    desk.fire(MONDAY)
    result = desk.fire(MONDAY + timedelta(minutes=15))
    assert [at for _, at in desk.queued() if at != MONDAY] == [MONDAY + timedelta(minutes=15)] * 2
    missed = (MONDAY + timedelta(minutes=5), MONDAY + timedelta(minutes=10))
    assert {key.tenant_id: instants for key, instants in result.skipped.items()} == {"acme": missed, "eager": missed}


def test_dispatch_after_an_outage_makes_up_for_the_latest_where_asked() -> None:
    desk = Desk(scheduled("acme"), scheduled("eager", catch_up=CatchUp.LATEST))
    desk.fire(MONDAY)
    late = MONDAY + timedelta(minutes=12)
    result = desk.fire(late)
    assert desk.queued()[-1] == ("eager", MONDAY + timedelta(minutes=10))
    assert {key.tenant_id for key in result.skipped} == {"acme", "eager"}
    (task,) = [each for each in desk.queue.tasks.values() if each.scheduled_at == MONDAY + timedelta(minutes=10)]
    assert task.expires_at == late + timedelta(days=1)
    assert desk.fire(late + timedelta(minutes=1)).due == 0


def test_dispatch_after_a_week_looks_back_a_day() -> None:
    desk = Desk(scheduled("acme", market_hours=False), schedule="0 * * * *")
    desk.fire(MONDAY.replace(minute=0))
    result = desk.fire(MONDAY.replace(minute=0) + timedelta(days=7))
    (skipped,) = result.skipped.values()
    assert len(skipped) == 23


def test_dispatch_with_a_broken_schedule_leaves_that_portfolio_out_alone() -> None:
    desk = Desk(scheduled("acme"), scheduled("broken", "every minute"), scheduled("lost", calendar="XMOON"))
    result = desk.fire(MONDAY)
    assert [tenant for tenant, _ in desk.queued()] == ["acme"]
    assert "expected a cron line of five fields" in result.faults["broken", "main"]
    assert "XMOON" in result.faults["lost", "main"]


def test_dispatch_with_a_queue_that_refuses_one_queues_the_others() -> None:
    desk = Desk(scheduled("acme"), scheduled("globex"), scheduled("zeta"), refused=["globex"])
    result = desk.fire(MONDAY)
    assert [tenant for tenant, _ in desk.queued()] == ["acme", "zeta"]
    assert [task.key.tenant_id for task, _ in result.failures] == ["globex"]
    desk.queue.refused.clear()
    again = desk.fire(MONDAY)  # the schedule's own second delivery
    assert (again.new, again.skipped) == (1, {})


def test_dispatch_with_a_record_that_cannot_be_read_goes_on() -> None:
    desk = Desk(scheduled("acme"), scheduled("slow", "7 * * * *"))
    desk.portfolios.is_record_corrupt = True
    assert desk.fire(MONDAY).due == 1
    assert desk.portfolios.kept.schedules == {"7 * * * *"}


def test_dispatch_without_a_schedule_in_the_settings_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="five fields"):
        Desk(scheduled("acme"), schedule="soon").fire(MONDAY)


def test_dispatch_of_jobs_queues_one_for_each_portfolio_or_tenant() -> None:
    for kind in (TaskKind.RECONCILE, TaskKind.CLOSE_DAY, TaskKind.CLOSE_MONTH):
        desk = Desk(scheduled("acme"), scheduled("globex"), refused=["globex"])
        result = dispatch_jobs(kind, MONDAY, "c", desk.parts)
        assert [(each.kind, each.key.tenant_id) for each in desk.queue.tasks.values()] == [(kind, "acme")]
        assert (result.due, result.new, len(result.failures)) == (2, 1, 1)
