"""Queue one task for each portfolio that is due.

1. window   – the minutes since the last dispatch; a schedule that fires again looks at its own minute again, and what
   is queued already keeps its name and is not queued twice;
2. schedules – which of those that portfolios have name an instant in the window; nothing else is read when none does;
3. portfolios – those with such a schedule; all active ones when the schedule of the settings is among them, which also
   finds schedules that nobody has told us about;
4. queue    – every task by itself, on several threads: one that fails stops no other;
5. record   – how far all is dispatched. What the queue did not take is told; the same dispatch again tries it again.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.dispatch import (
    LONGEST_DELAY,
    DispatchRecord,
    DueTick,
    Occurrences,
    ScheduledPortfolio,
    due_tick,
)
from backend.domain.errors import MaestroError, StoreCorrupt
from backend.domain.session import Session
from backend.domain.task import Task, TaskKind
from backend.domain.tick_request import PortfolioKey
from backend.ports.calendar import Calendar
from backend.ports.dispatch import Portfolios, Schedules, TaskQueue

_MINUTE = timedelta(minutes=1)
_THREADS = 16  # a task takes some 30 ms to be queued, most of it waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """The parts of a dispatch; ``schedule`` and ``calendar`` are for portfolios that name none."""

    portfolios: Portfolios
    schedules: Schedules
    calendars: Callable[[str], Calendar]
    queue: TaskQueue
    schedule: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What a dispatch did.

    Attributes
    ----------
    due, new : number of tasks, and of those that were not queued before
    skipped : the ticks of each portfolio that were missed and are not made up for
    faults : why a portfolio is left out, by tenant and portfolio
    failures : the tasks that the queue did not take
    """

    due: int = 0
    new: int = 0
    skipped: Mapping[PortfolioKey, tuple[datetime, ...]] = field(default_factory=dict)
    faults: Mapping[tuple[str, str], str] = field(default_factory=dict)
    failures: tuple[tuple[Task, MaestroError], ...] = ()


def dispatch_ticks(minute: datetime, correlation_id: str, parts: Dispatcher) -> Dispatched:
    """Queue the tick of every portfolio that is due at ``minute``, or was missed and asks for it.

    Raises
    ------
    StoreUnavailable
        The portfolios could not be read; nothing was queued.
    ConfigurationError
        The schedule of the settings is none.
    """
    record = _record(parts)
    since = minute - _MINUTE
    if record.until is not None and record.until < minute:
        since = max(record.until, minute - LONGEST_DELAY)
    named = _Window(parts.schedules, since, minute)
    is_everybody = bool(named.occurrences(parts.schedule).instants)
    due = frozenset(each for each in record.schedules if named.is_due(each))
    if not (is_everybody or due):
        return Dispatched()
    found = parts.portfolios.active(None if is_everybody else due)
    sessions = _Sessions(parts, since, minute)
    faults = dict(found.faults)
    ticks: list[DueTick] = []
    skipped: dict[PortfolioKey, tuple[datetime, ...]] = {}
    for each in found.portfolios:
        try:
            tick = _due(each, named, sessions, parts, minute, correlation_id)
        except MaestroError as e:
            faults[each.key.tenant_id, each.key.portfolio_id] = str(e)
            continue
        ticks.append(tick)
        if tick.skipped:
            skipped[each.key] = tick.skipped
    result = _queued([tick.task for tick in ticks if tick.task is not None], parts.queue)
    if record.until is None or record.until <= minute:
        schedules = frozenset(each.schedule for each in found.portfolios if each.schedule)
        known = schedules if is_everybody else schedules | record.schedules
        parts.portfolios.keep(DispatchRecord(until=minute, schedules=known))
    return replace(result, skipped=skipped, faults=faults)


def dispatch_jobs(kind: TaskKind, minute: datetime, correlation_id: str, parts: Dispatcher) -> Dispatched:
    """Queue the same job for every active portfolio, or for every tenant where it closes months.

    Raises
    ------
    StoreUnavailable
        The portfolios could not be read; nothing was queued.
    """
    faults: Mapping[tuple[str, str], str] = {}
    if kind is TaskKind.CLOSE_MONTH:
        keys = [PortfolioKey(tenant_id=each) for each in parts.portfolios.tenants()]
    else:
        found = parts.portfolios.active()
        keys, faults = [each.key for each in found.portfolios], found.faults
    tasks = [Task(kind=kind, key=key, scheduled_at=minute, correlation_id=correlation_id) for key in keys]
    return replace(_queued(tasks, parts.queue), faults=faults)


class _Window:
    """What schedules name in one window, each read once."""

    def __init__(self, schedules: Schedules, since: datetime, until: datetime) -> None:
        self._schedules, self._since, self._until = schedules, since, until
        self._known: dict[str, Occurrences] = {}

    def occurrences(self, schedule: str) -> Occurrences:
        if schedule not in self._known:
            self._known[schedule] = self._schedules.occurrences(schedule, self._since, self._until)
        return self._known[schedule]

    def is_due(self, schedule: str) -> bool:
        """Say whether it names an instant; one that is no schedule does not, and is told where it was set."""
        try:
            return bool(self.occurrences(schedule).instants)
        except MaestroError:
            return True  # so that whoever set it is found and told


class _Sessions:
    """The sessions of each venue around one window, read once."""

    def __init__(self, parts: Dispatcher, since: datetime, until: datetime) -> None:
        self._parts, self._since, self._until = parts, since, until
        self._known: dict[str, tuple[Session, ...]] = {}

    def of(self, calendar: str) -> tuple[Session, ...]:
        name = calendar or self._parts.calendar
        if name not in self._known:
            first, last = (self._since - LONGEST_DELAY).date(), (self._until + LONGEST_DELAY).date()
            self._known[name] = tuple(self._parts.calendars(name).sessions(first, last))
        return self._known[name]


def _due(
    portfolio: ScheduledPortfolio,
    named: _Window,
    sessions: _Sessions,
    parts: Dispatcher,
    minute: datetime,
    correlation_id: str,
) -> DueTick:
    occurrences = named.occurrences(portfolio.schedule or parts.schedule)
    hours = sessions.of(portfolio.calendar) if portfolio.market_hours and occurrences.instants else ()
    return due_tick(portfolio, occurrences, hours, minute=minute, correlation_id=correlation_id)


def _queued(tasks: Iterable[Task], queue: TaskQueue) -> Dispatched:
    def enqueue(task: Task) -> bool | MaestroError:
        try:
            return queue.enqueue(task)
        except MaestroError as e:
            return e

    tasks = tuple(tasks)
    with ThreadPoolExecutor(_THREADS) as threads:
        answers = tuple(threads.map(enqueue, tasks))
    failures = [(task, answer) for task, answer in zip(tasks, answers, strict=True) if isinstance(answer, MaestroError)]
    return Dispatched(due=len(tasks), new=sum(answer is True for answer in answers), failures=tuple(failures))


def _record(parts: Dispatcher) -> DispatchRecord:
    """Return the record; one that cannot be read holds up nobody: it is written anew."""
    try:
        return parts.portfolios.record()
    except StoreCorrupt:
        return DispatchRecord()
