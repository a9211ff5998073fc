"""``maestro study modes``: what mode policies cost the good and when they catch the bad, on simulated returns."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend.domain.mode import ModePolicy
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.settings import load_settings
from maestro.backtest.mode_study import DAYS_A_YEAR, PolicyStudy, StudyPlan, study_modes
from maestro.backtest.notation import percent, ratio
from maestro.cli.chosen_store import JsonOption
from maestro.cli.tables import plain_table

_DEFAULT = StudyPlan()

study = typer.Typer(help="Studies on simulated returns.", no_args_is_help=True)


_Years = Annotated[int, typer.Option(min=1, help="Years that count; one more is played before.")]
_Paths = Annotated[int, typer.Option(min=1, help="Strategies for each true Sharpe ratio.")]
_Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws; the same seed gives the same figures.")]
_TrueSharpe = Annotated[
    list[float] | None,
    typer.Option(help="True annualised Sharpe ratio; repeatable. Default: −1, 0, 0.5, 1 and 2."),
]
_StudentT = Annotated[
    int | None,
    typer.Option(min=3, help="Draw from Student's t with so many degrees of freedom. Default: normal returns."),
]


@study.command("modes")
def modes(
    years: _Years = _DEFAULT.years,
    paths: _Paths = _DEFAULT.paths,
    seed: _Seed = _DEFAULT.seed,
    true_sharpe: _TrueSharpe = None,
    student_t: _StudentT = None,
    as_json: JsonOption = False,
) -> None:
    """Study both mode policies, with the parameters of the settings, on daily returns of a known true Sharpe ratio.

    Shows the share of days in SHADOW_MODE (wrong when the true ratio is at or above sharpe_threshold_reduce), mode
    changes a year, and the trading days until a strategy whose true ratio drops from 1 to −2 is shadowed.

    Example: maestro study modes --true-sharpe 1 --student-t 4 --json
    """
    policy = load_settings().policy()
    plan = StudyPlan(
        true_sharpes=tuple(true_sharpe or _DEFAULT.true_sharpes),
        years=years,
        paths=paths,
        seed=seed,
        degrees_of_freedom=student_t,
    )
    policies: dict[str, ModePolicy] = {
        ModePolicyName.THRESHOLD.value: policy.scoring,
        ModePolicyName.PROBABILISTIC.value: policy.probabilistic,
    }
    with _progress(plan.days * len(policies)) as advance:
        found = study_modes(
            policies,
            plan,
            deserves_active=policy.scoring.reduce,
            lookback_days=policy.lookback_days,
            advance=advance,
        )
    if as_json:
        print(json.dumps(_said(found, plan), indent=2))
    else:
        _print(found, plan, policy, Console())


@contextmanager
def _progress(days: int) -> Iterator[Callable[[], None]]:
    """Show how many days have been judged, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=days)
        yield lambda: bar.update(task, advance=1)


def _said(found: Mapping[str, PolicyStudy], plan: StudyPlan) -> dict[str, Any]:
    return {
        **asdict(plan),
        "policies": {
            name: {
                "standings": [asdict(each) for each in studied.standings],
                "detection": {key: _finite(value) for key, value in asdict(studied.detection).items()},
            }
            for name, studied in found.items()
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print(found: Mapping[str, PolicyStudy], plan: StudyPlan, policy: DecisionPolicy, console: Console) -> None:
    noise = "normal" if plan.degrees_of_freedom is None else f"Student's t({plan.degrees_of_freedom})"
    console.print(f"{noise} returns, seed {plan.seed}: {plan.paths:,} paths × {plan.years} years\n", highlight=False)
    table = plain_table(
        console, "By true Sharpe ratio", ["Policy"], ["True Sharpe", "In shadow", "Wrongly", "Changes/year"]
    )
    for name, studied in found.items():
        for each in studied.standings:
            shares = (percent(each.in_shadow), percent(each.wrongly_shadowed))
            table.add_row(name, ratio(each.true_sharpe), *shares, f"{each.mode_changes_a_year:.2f}")
    console.print(table)
    table = plain_table(
        console, "Days until shadowed, from 1 to −2", ["Policy"], ["Median", "90 %", "Already in shadow"]
    )
    for name, studied in found.items():
        detection = studied.detection
        days = (_days(detection.median_days, plan), _days(detection.ninety_percent_days, plan))
        table.add_row(name, *days, percent(detection.already_in_shadow))
    console.print(table)
    console.print(f"  Wrongly: the true Sharpe ratio is {policy.scoring.reduce:g} or more.", highlight=False)
    console.print("  Days: trading days after the true ratio drops, of those not yet in shadow.", highlight=False)


def _days(days: float, plan: StudyPlan) -> str:
    if math.isnan(days):
        return "–"
    return f"{days:.0f}" if math.isfinite(days) else f"> {plan.years * DAYS_A_YEAR}"
