"""The charts of a report: what the account did, and what each strategy was given."""

import math

from maestro.backtest.attribution_table import By, shown_table
from maestro.backtest.demotion_table import demotion_table
from maestro.backtest.figure import (
    Figure,
    figure,
    finite,
    is_colour_reused,
    lanes_of,
    line,
    strategy_colour,
    value_axis,
)
from maestro.backtest.headline import drawdowns, strategy_order
from maestro.backtest.lanes import mode_lanes, sharpe_lanes
from maestro.backtest.money_charts import saved_bars, waterfall
from maestro.backtest.money_sections import DEMOTIONS, MONEY
from maestro.backtest.outcome import ReplayOutcome

_DASH = "5px,2px"
_GRID: Figure = {"gridcolor": "--grid", "nticks": 6}


def charts(outcome: ReplayOutcome) -> dict[str, Figure]:
    """Build the charts by name; those of money only where there is some to show."""
    names = lanes_of(strategy_order(outcome), outcome.paths)
    drawn = {
        "equity": _equity(outcome),
        "drawdown": _drawdown(outcome),
        "modes": mode_lanes(outcome, names),
        "allocation": _allocation(outcome, names),
        "sharpe": sharpe_lanes(outcome, names),
    }
    if outcome.equity_changes:
        drawn[MONEY] = waterfall(outcome, shown_table(outcome.equity_changes, By.TOTAL))
    if outcome.demotions:
        drawn[DEMOTIONS] = saved_bars(outcome, demotion_table(outcome.demotions))
    return drawn


def _equity(outcome: ReplayOutcome) -> Figure:
    money = "%{y:$,.0f}"
    data = [
        line(outcome, outcome.benchmark, "Buy and hold", "--benchmark", dash=_DASH, hover=money),
        line(outcome, outcome.equity, "Maestro", "--maestro", width=2.4, hover=money),
    ]
    return figure(outcome, data, 320, yaxis=value_axis(tickprefix="$", tickformat="~s", **_GRID))


def _drawdown(outcome: ReplayOutcome) -> Figure:
    share = "%{y:.1%}"
    data = [
        line(outcome, drawdowns(outcome.benchmark), "Buy and hold", "--benchmark", dash=_DASH, hover=share),
        line(outcome, drawdowns(outcome.equity), "Maestro", "--maestro", hover=share)
        | {"fill": "tozeroy", "fillcolor": "--maestro-soft"},
    ]
    return figure(outcome, data, 220, yaxis=value_axis(tickformat=".0%", rangemode="tozero", **_GRID))


def _allocation(outcome: ReplayOutcome, names: list[str]) -> Figure:
    """Stack the real sleeves; what they leave of the account is cash (none where they borrow)."""
    shares = [[finite(share) or 0.0 for share in outcome.paths[name].allocation] for name in names]
    data = [
        _layer(outcome, name, strategy_colour(i), column)
        for i, (name, column) in enumerate(zip(names, shares, strict=True))
    ]
    for position, layer in enumerate(data):
        if is_colour_reused(position):  # told apart by its pattern
            layer["fillpattern"] = {"shape": "/", "bgcolor": layer["fillcolor"], "fgcolor": "--surface", "size": 6}
    invested = [math.fsum(column[day] for column in shares) for day in range(len(outcome.days))]
    data.append(_layer(outcome, "Cash", "--cash", [max(0.0, 1.0 - share) for share in invested]))
    top = max(1.0, *invested)
    return figure(outcome, data, 320, yaxis=value_axis(tickformat=".0%", range=[0.0, top], **_GRID))


def _layer(outcome: ReplayOutcome, name: str, colour: str, shares: list[float]) -> Figure:
    layer = line(outcome, shares, name, "--surface", width=0.7, hover="%{y:.1%}")
    return layer | {"stackgroup": "account", "fillcolor": colour}
