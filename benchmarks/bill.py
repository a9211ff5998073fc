"""What tenants cost a month at list prices, from what one tick costs; docs/explanation/cost.md holds the same tables.

1. a tick's documents are those that ``tenant_documents`` counts, which fails its targets when they become more;
2. beside the ticks come the dispatch of every minute, reconciliation, the close of days and of the month;
3. a day's reads and writes are free up to a limit of that day, everything else up to a limit of the month;
4. seconds that are billed cannot be measured without Google's network: they are assumed, and said to be.
"""

from dataclasses import dataclass

from benchmarks import list_prices as prices
from benchmarks.list_prices import Price
from benchmarks.table import Figure, Measurement, Row, Target

TENANTS = (1, 100, 10_000)
EARLIER_READS = 86_400  # of the earlier system, a tenant and day at 10 strategies: 288 ticks × 10 strategies × 30 days
EARLIER_STRATEGIES = 10
MOST_READS = EARLIER_READS // 20
MINUTES_A_DAY = 1_440
DAYS_A_MONTH = 365 / 12
SCHEDULED_FUNCTIONS = 4
_KILOBYTES = 2**20  # in a GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The documents of one piece of work; those that are ``added`` stay until something deletes them."""

    reads: float
    writes: float
    added: float = 0.0
    kept_kilobytes: float = 0.0

    def times(self, count: float) -> "Work":
        return Work(
            reads=count * self.reads,
            writes=count * self.writes,
            added=count * self.added,
            kept_kilobytes=count * self.kept_kilobytes,
        )

    def __add__(self, other: "Work") -> "Work":
        return Work(
            reads=self.reads + other.reads,
            writes=self.writes + other.writes,
            added=self.added + other.added,
            kept_kilobytes=self.kept_kilobytes + other.kept_kilobytes,
        )


# Counted at 20 strategies: ticks by tenant_documents, which holds them as targets; the others at the same door.
QUIET = Work(reads=6, writes=7, added=3, kept_kilobytes=45.4)
TRADING = Work(reads=6, writes=19, added=9, kept_kilobytes=53.2)
RECONCILE = Work(reads=11, writes=0)
CLOSE_READS = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When portfolios tick, on how many days a month; ``dispatches`` are the minutes that look at every portfolio."""

    name: str
    ticks: int
    dispatches: int
    reconciliations: int
    days: float


MARKET_HOURS = Schedule(name="in market hours", ticks=78, dispatches=96, reconciliations=36, days=21)
ALL_HOURS = Schedule(name="around the clock", ticks=288, dispatches=288, reconciliations=96, days=DAYS_A_MONTH)
SCHEDULES = (MARKET_HOURS, ALL_HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What no benchmark counts."""

    strategies: int = 20
    trading_share: float = 0.1  # of ticks that trade, with two orders each
    tick_seconds: float = 1.0  # billed: a tenth of it work, the rest waiting for Firestore and the broker
    job_seconds: float = 1.0
    dispatch_seconds: float = 0.2  # of each minute
    queue_seconds: float = 0.002  # of each task: 30 ms, sixteen side by side
    memory_gib: float = 0.25
    log_kilobytes: float = 3.0  # of a tick or job: the request's own line and ours
    traffic_kilobytes: float = 20.0  # of a tick or job: its requests, and the handshakes of new connections
    kept_days: int = 400  # of documents in the storage that is billed: the settings' retention.logs_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill: what a month uses, and what of it is not free."""

    price: Price
    used: float
    billed: float

    @property
    def dollars(self) -> float:
        return self.price.of(self.billed)


def tenant_day(schedule: Schedule, given: Assumptions) -> Work:
    """Return what one tenant's day comes to, its share of dispatching included."""
    closed = given.strategies + 3  # a day's document of each strategy and of the portfolio, record and close
    close = Work(reads=CLOSE_READS, writes=closed, added=given.strategies + 1, kept_kilobytes=0.7 * closed)
    first_tick = Work(reads=given.strategies + 2, writes=2)  # looks for others' daily documents, and at the leases
    looked_at = Work(reads=schedule.dispatches + schedule.reconciliations + 1, writes=0)  # by each dispatch
    return (
        QUIET.times((1 - given.trading_share) * schedule.ticks)
        + TRADING.times(given.trading_share * schedule.ticks)
        + RECONCILE.times(schedule.reconciliations)
        + close
        + first_tick
        + looked_at
    )


def bill(tenants: int, schedule: Schedule, given: Assumptions | None = None) -> list[Line]:
    """Return the lines of a month's bill, one portfolio a tenant."""
    given = given or Assumptions()
    every = tenant_day(schedule, given).times(tenants)
    ticks = tenants * schedule.ticks * schedule.days
    jobs = tenants * ((schedule.reconciliations + 1) * schedule.days + 1)
    dispatches = MINUTES_A_DAY * DAYS_A_MONTH
    seconds = ticks * given.tick_seconds + jobs * given.job_seconds
    seconds += dispatches * given.dispatch_seconds + (ticks + jobs) * given.queue_seconds
    return [
        _line(prices.READS, every.reads + MINUTES_A_DAY, schedule.days),
        _line(prices.WRITES, every.writes + schedule.dispatches, schedule.days),
        _line(prices.DELETES, every.added * schedule.days),
        _line(prices.STORAGE, every.kept_kilobytes * schedule.days * given.kept_days / DAYS_A_MONTH / _KILOBYTES),
        _line(prices.PROCESSOR, seconds),
        _line(prices.MEMORY, seconds * given.memory_gib),
        _line(prices.REQUESTS, ticks + jobs + dispatches),
        _line(prices.TASKS, 2 * (ticks + jobs)),  # queued, and delivered
        _line(prices.JOBS, SCHEDULED_FUNCTIONS),
        _line(prices.SECRETS, tenants),
        _line(prices.ACCESSES, ticks + jobs),  # a process keeps them for five minutes, which spares few
        _line(prices.LOGS, (ticks + jobs) * given.log_kilobytes / _KILOBYTES),
        _line(prices.TRAFFIC, (ticks + jobs) * given.traffic_kilobytes / _KILOBYTES),
    ]


def total(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines)


def measure() -> Measurement:
    """Work out the bills, and what is read beside the earlier system; nothing is measured here."""
    rows = [row for schedule in SCHEDULES for row in _bill_rows(schedule)]
    return Measurement(
        name="bill",
        title="The monthly bill at list prices, a tick every 5 minutes",
        rows=(*rows, *map(_reads_row, SCHEDULES)),
        notes=(
            "US dollars, from the documents that tenant_documents counts and the assumptions in benchmarks/bill.py.",
            f"Prices in us-central1, read on {prices.READ_ON}, free tiers taken off: benchmarks/list_prices.py.",
        ),
    )


def _line(price: Price, used: float, days: float = 1.0) -> Line:
    """Take off what is free: of each of so many days where it is daily, else of the month."""
    return Line(price=price, used=used * days, billed=max(used - price.free, 0.0) * days)


def _bill_rows(schedule: Schedule) -> list[Row]:
    bills = {tenants: bill(tenants, schedule) for tenants in TENANTS}
    rows = []
    for number, price in enumerate(prices.PRICES):
        figures: dict[str, Figure] = {f"{count:,}": lines[number].dollars for count, lines in bills.items()}
        rows.append(Row(label=f"{schedule.name}: {price.name}", figures=figures))
    totals: dict[str, Figure] = {f"{count:,}": total(lines) for count, lines in bills.items()}
    return [*rows, Row(label=f"{schedule.name}: total", figures=totals)]


def _reads_row(schedule: Schedule) -> Row:
    reads = tenant_day(schedule, Assumptions(strategies=EARLIER_STRATEGIES)).reads
    figures: dict[str, Figure] = {"reads a day": reads, "earlier ÷ ours": EARLIER_READS / reads}
    target = Target(figure="reads a day", bound=MOST_READS)
    return Row(
        label=f"{schedule.name}: one tenant, {EARLIER_STRATEGIES} strategies", figures=figures, targets=(target,)
    )
