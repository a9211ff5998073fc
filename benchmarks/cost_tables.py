"""The figures of docs/explanation/cost.md: ``python -m benchmarks.cost_tables`` writes them anew, between its marks."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks import list_prices as prices
from benchmarks.bill import (
    ALL_HOURS,
    CLOSE_READS,
    EARLIER_READS,
    EARLIER_STRATEGIES,
    MARKET_HOURS,
    QUIET,
    RECONCILE,
    SCHEDULES,
    TENANTS,
    TRADING,
    Assumptions,
    Schedule,
    bill,
    tenant_day,
    total,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "cost.md"
_BLOCK = re.compile(r"<!-- (\S+) -->\n.*?\n<!-- end -->", re.DOTALL)


def blocks() -> dict[str, str]:
    """Return every block of the page by the name in its mark."""
    return {
        "counted": _counted(),
        "bill-in-market-hours": _bill(MARKET_HOURS),
        "bill-around-the-clock": _bill(ALL_HOURS),
        "use-in-market-hours": _use(MARKET_HOURS, TENANTS[-1]),
        "arithmetic": _arithmetic(),
        "reads": _reads(),
        "prices": _prices(),
    }


def written(page: str) -> str:
    """Return the page with every block as it must be."""
    found = blocks()
    return _BLOCK.sub(lambda mark: f"<!-- {mark[1]} -->\n{found[mark[1]]}\n<!-- end -->", page)


def _counted() -> str:
    kinds = (
        ("a tick in which nothing trades", QUIET, 2),
        ("a tick with two orders, filled", TRADING, 3),
        ("one reconciliation, nothing to do", RECONCILE, 2),
    )
    rows = [
        (name, f"{work.reads}", f"{work.writes}", f"{work.added:g}", f"{work.kept_kilobytes:g}", f"{trips}")
        for name, work, trips in kinds
    ]
    rows.append(("the close of a day, nothing to close", f"{CLOSE_READS}", "0", "0", "0", "4"))
    return _table(("", "reads", "writes", "new documents", "kB kept", "round trips"), rows)


def _bill(schedule: Schedule) -> str:
    bills = [bill(tenants, schedule) for tenants in TENANTS]
    rows = [(price.name, *(_dollars(lines[i].dollars) for lines in bills)) for i, price in enumerate(prices.PRICES)]
    totals = [total(lines) for lines in bills]
    rows.append(("**total**", *(f"**{_dollars(each)}**" for each in totals)))
    rows.append(("for a tenant", *(_dollars(each / count) for each, count in zip(totals, TENANTS, strict=True))))
    heads = (schedule.name, *(f"{count:,} {'tenant' if count == 1 else 'tenants'}" for count in TENANTS))
    return _table(heads, rows)


def _use(schedule: Schedule, tenants: int) -> str:
    rows = [
        (line.price.name, f"{line.used:,.0f}", f"{line.billed:,.0f}", line.price.unit, _dollars(line.dollars))
        for line in bill(tenants, schedule)
    ]
    return _table(("", "used", "billed", "of", "dollars"), rows)


def _arithmetic() -> str:
    """Follow two lines of the bill of 10,000 tenants from the counted figures to the dollars."""
    given, times = Assumptions(), MARKET_HOURS
    lines = {line.price.name: line for line in bill(TENANTS[-1], times)}
    reads, processor = lines[prices.READS.name], lines[prices.PROCESSOR.name]
    day = tenant_day(times, given).reads
    work = TENANTS[-1] * ((times.ticks + times.reconciliations + 1) * times.days + 1)
    return (
        f"Reads: {QUIET.reads} × {times.ticks} ticks + {given.strategies + 2} of the first one + {RECONCILE.reads} × "
        f"{times.reconciliations} reconciliations + {CLOSE_READS} of the close + {times.dispatches} + "
        f"{times.reconciliations} + 1 of dispatching\n= {day:,.0f} for a tenant and day; × 10,000, and 1,440 for the "
        f"record that each minute's dispatch reads; × {times.days} days =\n{reads.used:,.0f}; less 50,000 a day; × "
        f"${prices.READS.dollars} ÷ 100,000 = ${reads.dollars:,.2f}.\n\n"
        f"Processor: {work:,} ticks and jobs × {given.tick_seconds + given.queue_seconds} s, and 43,800 dispatches × "
        f"{given.dispatch_seconds} s = {processor.used:,.0f} s; less 180,000;\n× ${prices.PROCESSOR.dollars:f} = "
        f"${processor.dollars:,.0f}."
    )


def _reads() -> str:
    rows = []
    for schedule in SCHEDULES:
        reads = tenant_day(schedule, Assumptions(strategies=EARLIER_STRATEGIES)).reads
        rows.append((schedule.name, f"{schedule.ticks}", f"{reads:,.0f}", f"{EARLIER_READS / reads:.0f}"))
    return _table(("", "ticks a day", "reads a day", f"{EARLIER_READS:,} ÷ ours"), rows)


def _prices() -> str:
    rows = []
    for each in prices.PRICES:
        free = f"{each.free:,.0f} a {'day' if each.is_daily else 'month'}" if each.free else "none"
        amount = f"${each.dollars:.7f}".rstrip("0").ljust(5, "0")
        rows.append((each.name, amount, f"{each.per:,.0f}", each.unit, free, each.source))
    return _table(("", "dollars", "for", "unit", "free", "source"), rows)


def _dollars(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.2f}"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = "|".join(["---", *("---:" for _ in heads[1:])])
    lines = [" | ".join(heads).join(("| ", " |")), f"|{rule}|", *(" | ".join(row).join(("| ", " |")) for row in rows)]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
