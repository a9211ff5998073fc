"""Portfolios and a queue in memory, for dispatching."""

from collections.abc import Collection, Sequence

from backend.domain.dispatch import DispatchRecord, ScheduledPortfolio, ScheduledPortfolios
from backend.domain.errors import StoreCorrupt, StoreUnavailable
from backend.domain.task import Task
from backend.domain.tick import PortfolioKey


class FakePortfolios:
    """``Portfolios``; ``asked`` says which schedules were read for, None for all."""

    def __init__(self, portfolios: Sequence[ScheduledPortfolio]) -> None:
        self.portfolios = list(portfolios)
        self.asked: list[frozenset[str] | None] = []
        self.kept = DispatchRecord()
        self.is_record_corrupt = False

    def active(self, schedules: Collection[str] | None = None) -> ScheduledPortfolios:
        self.asked.append(None if schedules is None else frozenset(schedules))
        return ScheduledPortfolios(
            portfolios=tuple(each for each in self.portfolios if schedules is None or each.schedule in schedules)
        )

    def tenants(self) -> tuple[str, ...]:
        return tuple(sorted({each.key.tenant_id for each in self.portfolios}))

    def record(self) -> DispatchRecord:
        if self.is_record_corrupt:
            raise StoreCorrupt("systemStatus/dispatch: expected until to be a UTC timestamp, found 7; delete it")
        return self.kept

    def keep(self, record: DispatchRecord) -> None:
        self.kept, self.is_record_corrupt = record, False


class FakeQueue:
    """``TaskQueue``; refuses the tasks of some tenants."""

    def __init__(self, refused: Collection[str] = ()) -> None:
        self.tasks: dict[str, Task] = {}
        self.refused = set(refused)

    def enqueue(self, task: Task) -> bool:
        if task.key.tenant_id in self.refused:
            raise StoreUnavailable("Cloud Tasks: expected to queue it, found UNAVAILABLE")
        is_new = task.task_id not in self.tasks
        self.tasks.setdefault(task.task_id, task)
        return is_new


def scheduled(tenant: str, schedule: str = "", **others: object) -> ScheduledPortfolio:
    return ScheduledPortfolio(key=PortfolioKey(tenant_id=tenant), schedule=schedule, **others)  # type: ignore[arg-type]
