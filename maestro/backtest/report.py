"""One HTML file that shows a replay: charts, tables and headline numbers, without any network.

1. sum up  – headline numbers, from closes;
2. draw    – figures as JSON whose colours are names of CSS variables;
3. tabulate – tables with every text escaped;
4. fill    – the page template with all of that, the style sheet, the script and plotly.js.

Equal input gives equal bytes: nothing here asks for the time, and every order is fixed.
"""

from collections.abc import Mapping
from pathlib import Path

from maestro.backtest.charts import charts
from maestro.backtest.figure import lanes_of, strategy_colour
from maestro.backtest.headline import Headline, headline, order_counts, strategy_order
from maestro.backtest.lanes import mode_swatches
from maestro.backtest.markup import Column, Markup, legend, mode_badge, options_list, table, tiles
from maestro.backtest.money_sections import demotions_section, money_section
from maestro.backtest.notation import change, dollars, money, percent, ratio
from maestro.backtest.outcome import ReplayOutcome
from maestro.backtest.page import page, write_page


def write_report(outcome: ReplayOutcome, path: Path, *, title: str, options: Mapping[str, str]) -> Path:
    """Write the report of a replay and return its path; missing folders are made.

    Parameters
    ----------
    outcome : ReplayOutcome
        At least one day. NaN and None are gaps in charts and dashes in tables.
    path : Path
        The file to write; one that exists is replaced.
    title : str
        The heading of the page.
    options : Mapping of str to str
        How the replay was made, shown at the end, sorted by name.

    Raises
    ------
    MarketDataError
        The replay holds no day, or its curves are not parallel to its days.
    """
    return write_page(path, report_page(outcome, title=title, options=options))


def report_page(outcome: ReplayOutcome, *, title: str, options: Mapping[str, str]) -> str:
    """Return the whole page; see :func:`write_report`."""
    summary = headline(outcome)
    names = lanes_of(strategy_order(outcome), outcome.paths)
    parts = {
        "tiles": tiles(_facts(summary)),
        "mode_legend": legend(
            mode_swatches({mode for path in outcome.paths.values() for mode in path.mode})
            + ([("mark", "--override", "systemic override")] if outcome.overrides else [])
        ),
        "allocation_legend": legend(
            [("area", strategy_colour(i), name) for i, name in enumerate(names)] + [("area", "--cash", "cash")]
        ),
        "money": money_section(outcome.equity_changes),
        "demotions": demotions_section(outcome.demotions),
        "strategies": _strategies(outcome),
        "mode_changes": _mode_changes(outcome),
        "overrides": _overrides(outcome),
        "orders": _orders(outcome),
        "failures": _failures(outcome),
        "options": options_list(sorted(options.items())),
    }
    return page(
        "report_page.html",
        title=title,
        subtitle=_subtitle(outcome),
        lead=_lead(summary),
        figures=charts(outcome),
        parts=parts,
    )


def _subtitle(outcome: ReplayOutcome) -> str:
    first, last = outcome.days[0], outcome.days[-1]
    return f"{first} to {last} · {len(outcome.days)} trading days · {len(outcome.strategies)} strategies"


def _lead(summary: Headline) -> str:
    maestro, benchmark = summary.maestro, summary.benchmark
    return (
        f"Under Maestro the account went from {dollars(maestro.start)} to {dollars(maestro.final)}, "
        f"{change(maestro.total_return)}; every symbol held in equal parts brought {change(benchmark.total_return)}. "
        f"The deepest fall on the way was {percent(maestro.max_drawdown)} against {percent(benchmark.max_drawdown)}."
    )


def _facts(summary: Headline) -> list[tuple[str, str, str]]:
    maestro, benchmark = summary.maestro, summary.benchmark
    return [
        ("Final equity", dollars(maestro.final), f"from {dollars(maestro.start)}"),
        ("Return", change(maestro.total_return), f"buy and hold {change(benchmark.total_return)}"),
        ("Max drawdown", percent(maestro.max_drawdown), f"buy and hold {percent(benchmark.max_drawdown)}"),
        ("Sharpe", ratio(maestro.sharpe), f"buy and hold {ratio(benchmark.sharpe)}"),
        ("Orders", f"{summary.orders:,}", f"{summary.fills:,} fills"),
        ("Mode changes", f"{summary.mode_changes:,}", f"{summary.overrides:,} systemic overrides"),
    ]


def _strategies(outcome: ReplayOutcome) -> Markup:
    columns = [
        Column(title="Strategy"),
        Column(title="Mode"),
        Column(title="Sharpe", is_number=True),
        Column(title="n", is_number=True),
        Column(title="Original", is_number=True),
        Column(title="Final", is_number=True),
        Column(title="Why"),
    ]
    rows = [
        (
            each.strategy,
            mode_badge(each.mode),
            ratio(each.sharpe),
            str(each.n),
            percent(each.original_allocation),
            percent(each.final_allocation),
            each.why,
        )
        for each in outcome.strategies
    ]
    return table("Strategies as the last tick left them", columns, rows, empty="No strategy was run.")


def _mode_changes(outcome: ReplayOutcome) -> Markup:
    columns = [Column(title=title) for title in ("Day", "Strategy", "Before", "After", "Why")]
    rows = [
        (event.day.isoformat(), event.strategy, mode_badge(event.before), mode_badge(event.after), event.reason)
        for event in reversed(outcome.mode_changes)
    ]
    return table("Mode changes, newest first", columns, rows, empty="No strategy changed its mode.")


def _overrides(outcome: ReplayOutcome) -> Markup:
    columns = [Column(title=title) for title in ("Day", "Sellers", "Entries held")]
    rows = [
        (event.day.isoformat(), ", ".join(event.sellers), ", ".join(event.held) or "none")
        for event in reversed(outcome.overrides)
    ]
    return table("Systemic overrides, newest first", columns, rows, empty="No systemic override.")


def _orders(outcome: ReplayOutcome) -> Markup:
    columns = [Column(title="Strategy")]
    columns += [Column(title=title, is_number=True) for title in ("Orders", "Buys", "Sells", "Filled", "Traded")]
    rows = [
        (each.strategy, f"{each.orders:,}", f"{each.buys:,}", f"{each.sells:,}", f"{each.filled:,}", money(each.traded))
        for each in order_counts(outcome)
    ]
    return table("Orders sent to the broker", columns, rows, empty="No order was sent.")


def _failures(outcome: ReplayOutcome) -> Markup:
    columns = [Column(title="Strategy"), Column(title="Ticks on which it failed", is_number=True)]
    rows = [(strategy, f"{ticks:,}") for strategy, ticks in sorted(outcome.failures.items())]
    return table("Failures", columns, rows, empty="No strategy failed.")
