"""One HTML file that shows one strategy's record: figures, charts, months and days, without any network.

1. measure – the figures of its scored returns, and its real money;
2. draw    – compounded returns, drawdown, rolling Sharpe ratio, as JSON-ready figures;
3. tabulate – months, best and worst days;
4. fill    – the template, in the shell that every page shares.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from maestro.backtest.cents import cents, gain
from maestro.backtest.lanes import mode_swatches
from maestro.backtest.markup import escaped, legend, mode_badge, options_list, tiles
from maestro.backtest.mode_rule import mode_rule
from maestro.backtest.notation import UNDEFINED, change, percent, ratio
from maestro.backtest.page import page, write_page
from maestro.backtest.strategy_figures import StrategyFigures, strategy_figures
from maestro.backtest.strategy_record import StrategyRecord, drawdowns
from maestro.backtest.tear_sheet_charts import tear_sheet_charts
from maestro.backtest.tear_sheet_tables import extreme_days, month_table


def write_tear_sheet(
    record: StrategyRecord,
    path: Path,
    *,
    policy: DecisionPolicy,
    mode_now: Mode | None,
    options: Mapping[str, str],
) -> Path:
    """Write the tear sheet of one strategy and return its path; missing folders are made.

    Parameters
    ----------
    record : StrategyRecord
        At least one day. On a day without a return wealth stays where it was.
    path : Path
        The file to write; one that exists is replaced.
    policy : DecisionPolicy
        Its look-back and thresholds are drawn; its periods a year and risk-free rate are used.
    mode_now : Mode or None
        The mode in force now, which may be newer than the last day.
    options : Mapping of str to str
        Where the record was read, shown at the end.
    """
    return write_page(path, tear_sheet_page(record, policy=policy, mode_now=mode_now, options=options))


def tear_sheet_page(
    record: StrategyRecord, *, policy: DecisionPolicy, mode_now: Mode | None, options: Mapping[str, str]
) -> str:
    """Return the whole page; see :func:`write_tear_sheet`."""
    (figures,) = strategy_figures([record], policy)
    rule = mode_rule(policy)
    parts = {
        "tiles": tiles(_facts(record, figures, mode_now)),
        "virtual": escaped(_virtual_words(record)),
        "equity_legend": legend(
            [
                ("line", "--maestro", "real days"),
                *([("dash", "--mode-shadow", "virtual days")] if record.is_virtual.any() else []),
                *mode_swatches({each.mode for each in record.snapshots if each.mode is not None}),
            ]
        ),
        "sharpe_legend": legend(
            [
                ("line", "--maestro", "Sharpe ratio"),
                ("area", "--maestro-soft", "95% band"),
                *((level.swatch, "--muted", level.words) for level in rule.levels),
            ]
        ),
        "window": escaped(rule.window),
        "months": month_table(record),
        "days": extreme_days(record),
        "options": options_list([*options.items(), *_rules(policy)]),
        "periods": escaped(str(policy.periods_per_year)),
    }
    return page(
        "tear_sheet_page.html",
        title=str(record.strategy),
        subtitle=f"{record.days[0]} to {record.days[-1]} · {figures.days:,} days · {figures.sharpe.n:,} returns",
        lead=_lead(figures),
        figures=tear_sheet_charts(record, policy),
        parts=parts,
    )


def _lead(figures: StrategyFigures) -> str:
    sharpe = figures.sharpe
    brought = f"Compounded, its daily returns brought {change(figures.total_return)}."
    if not math.isfinite(sharpe.low):
        return f"{brought} They are too few, or too much alike, for a Sharpe ratio that could be believed."
    holds_zero = sharpe.low <= 0.0 <= sharpe.high
    verdict = "holds zero, so this record does not tell skill from luck" if holds_zero else "does not hold zero"
    return (
        f"{brought} The Sharpe ratio is {ratio(sharpe.sharpe)}, with 95% confidence between {ratio(sharpe.low)} "
        f"and {ratio(sharpe.high)}: the band {verdict}."
    )


def _facts(record: StrategyRecord, figures: StrategyFigures, mode_now: Mode | None) -> list[tuple[str, str, str]]:
    sharpe = figures.sharpe
    virtual = int(record.is_virtual.sum())
    return [
        ("Return", change(figures.total_return), "real and virtual days, compounded"),
        ("Annualised", change(figures.annualised_return), f"from {sharpe.n:,} returns"),
        ("Volatility", percent(figures.volatility), "a year"),
        ("Sharpe", ratio(sharpe.sharpe), f"95%: {ratio(sharpe.low)} to {ratio(sharpe.high)}"),
        ("PSR(0)", percent(sharpe.psr), "probability that the true Sharpe ratio is above 0"),
        ("Max drawdown", percent(figures.max_drawdown), _deepest(record, figures)),
        ("Win rate", percent(figures.win_rate), "of the days that moved"),
        (
            "P&L, real",
            gain(cents(figures.pnl)),
            f"realised {gain(cents(figures.realised))}, open {gain(cents(figures.unrealised))}",
        ),
        ("Virtual days", percent(figures.virtual_share), f"{virtual:,} of {figures.days:,}"),
        ("Mode now", mode_badge(mode_now) if mode_now else UNDEFINED, f"last day {record.days[-1]}"),
    ]


def _deepest(record: StrategyRecord, figures: StrategyFigures) -> str:
    if not figures.max_drawdown < 0.0:
        return "never below its start or a high"
    return f"deepest on {record.days[int(drawdowns(record.returns).argmin())]}"


def _virtual_words(record: StrategyRecord) -> str:
    virtual, days = int(record.is_virtual.sum()), len(record.days)
    if not virtual:
        return f"None of the {days:,} days here is virtual."
    counted = f"{virtual:,} of the {days:,} days here are virtual; they count in every return, ratio and chart"
    return f"{counted} on this page. “P&L, real” is money alone."


def _rules(policy: DecisionPolicy) -> list[tuple[str, str]]:
    return [
        ("Modes", mode_rule(policy).words),
        ("Periods a year", str(policy.periods_per_year)),
        ("Risk-free rate", percent(policy.risk_free_rate)),
    ]
