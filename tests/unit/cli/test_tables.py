import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from backend.domain.equity_change import EquityChange
from backend.domain.errors import MarketDataError
from backend.domain.shadow import Demotion
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution
from maestro.backtest.outcome import ReplayOutcome
from maestro.cli.tables import outcome_json, print_outcome, sparklines
from tests.fakes.replay import STRATEGIES, synthetic_outcome

REPORT = Path("/somewhere/with/a/long/path/that/does/not/fit/into/eighty/columns/of/a/terminal/report.html")


def _printed(outcome: ReplayOutcome, *, width: int = 80) -> str:
    stream = io.StringIO()
    print_outcome(outcome, Console(file=stream, width=width, color_system=None), report=REPORT)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_printed_names_and_numbers_are_never_cut(width: int) -> None:
    outcome = synthetic_outcome()
    text = _printed(outcome, width=width)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines() if "Report:" not in line) <= width
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip() and "→" in line}
    for each in outcome.strategies:
        sharpe = f"{each.sharpe:.2f}".replace("-", "−")
        for cell in (
            each.mode,
            sharpe,
            str(each.n),
            f"{each.original_allocation:.1%} →",
            f"{each.final_allocation:.1%}",
        ):
            assert cell in rows[each.strategy]


def test_printed_path_of_the_report_stands_last_and_whole() -> None:
    assert _printed(synthetic_outcome()).splitlines()[-1] == f"Report: {REPORT}"


def test_printed_name_too_long_for_the_terminal_folds() -> None:
    outcome = synthetic_outcome()
    name = "a_strategy_whose_name_was_meant_as_its_documentation"
    renamed = replace(outcome, strategies=(replace(outcome.strategies[0], strategy=name),))
    rows = _printed(renamed).splitlines()
    start = next(i for i, row in enumerate(rows) if row.startswith(" a_strategy"))
    assert (rows[start].split()[0] + rows[start + 1].strip()) == name
    assert "20.0% →" in rows[start]


def test_printed_mode_changes_are_the_latest_with_a_count_of_the_rest() -> None:
    outcome = synthetic_outcome()
    text = _printed(outcome, width=140)
    assert f"Mode changes: {len(outcome.mode_changes)}" in text
    assert f"{len(outcome.mode_changes) - 12} earlier changes" in text
    last = outcome.mode_changes[-1]
    assert last.reason in text
    assert text.count(last.day.isoformat()) >= 1


def test_printed_reasons_are_text_and_not_markup() -> None:
    outcome = synthetic_outcome()
    marked = replace(outcome, strategies=(replace(outcome.strategies[0], why="[red]why[/red] [/]"),))
    assert "[red]why[/red] [/]" in _printed(marked)


def test_printed_quiet_replay_says_none() -> None:
    text = _printed(replace(synthetic_outcome(), mode_changes=(), overrides=(), orders=(), fills=0))
    assert "Mode changes: none" in text
    assert "Systemic overrides: none" in text
    assert "Orders: 0, fills: 0" in text


def test_printed_failures_name_strategy_and_ticks() -> None:
    assert "rsi_reversion failed on 4 of 252 ticks" in _printed(
        replace(synthetic_outcome(), failures={"rsi_reversion": 4})
    )


def test_sparklines_share_one_scale() -> None:
    assert sparklines([[0.0, 7.0], [7.0, float("nan"), 3.0]], width=10) == ["▁█", "█ ▄"]


def test_sparklines_keep_first_and_last_when_sampled() -> None:
    (spark,) = sparklines([[0.0, *([3.5] * 98), 7.0]], width=8)
    assert (len(spark), spark[0], spark[-1]) == (8, "▁", "█")


def test_printed_money_is_a_sentence_on_demotions_and_one_on_equity() -> None:
    outcome = synthetic_outcome()
    stay = Demotion(
        strategy=StrategyId(STRATEGIES[0]),
        since=outcome.days[3],
        until=None,
        days=4,
        real_pnl=Decimal("-10.004"),
        virtual_pnl=Decimal("-1250.5"),
    )
    changes = (
        EquityChange(
            first_day=outcome.days[1],
            last_day=outcome.days[1],
            equity_from=Decimal("1000.00"),
            equity_to=Decimal("1007.50"),
            strategies={StrategyId("a"): Attribution(signal=Decimal("9.75"), slippage=Decimal("-1.25"))},
            external=Decimal("-1.00"),
        ),
    )
    text = _printed(replace(outcome, demotions=(stay,), equity_changes=changes), width=200)
    assert (
        "1 demotion (1 not over) saved $1,240.50: in 4 strategy-days in shadow the real sleeves made −$10.00, "
        "the virtual ones −$1,250.50." in text
    )
    assert "Change of equity +$7.50: signal +$9.75, slippage −$1.25, external −$1.00, residual $0.00." in text


def test_printed_money_of_a_replay_without_a_closed_day() -> None:
    text = _printed(replace(synthetic_outcome(), demotions=(), equity_changes=()))
    assert "No strategy was in shadow." in text
    assert "Change of equity" not in text


def test_outcome_json_has_exactly_its_keys() -> None:
    outcome = synthetic_outcome()
    found = outcome_json(outcome, store="demo.db", report="report.html")
    assert json.loads(json.dumps(found)) == found
    assert list(found) == [
        "ticks",
        "orders",
        "fills",
        "mode_changes",
        "systemic_overrides",
        "modes",
        "final_equity",
        "demotions",
        "attribution",
        "store",
        "report",
    ]
    assert (found["ticks"], found["orders"], found["fills"]) == (252, 252, 252)
    assert set(found["mode_changes"][0]) == {"day", "strategy", "before", "after", "reason"}
    assert found["systemic_overrides"][0] == {
        "day": outcome.overrides[0].day.isoformat(),
        "sellers": list(STRATEGIES[1:4]),
        "held": ["bollinger_reversion", "rsi_reversion"],
    }
    assert found["modes"] == {line.strategy: line.mode for line in outcome.strategies}
    assert len(found["demotions"]) == len(outcome.demotions)
    assert set(found["demotions"][0]) == {"strategy", "since", "until", "days", "real_pnl", "virtual_pnl", "saved"}
    parts = map(Decimal, found["attribution"]["parts"].values())
    assert sum(parts) == Decimal(found["attribution"]["change"])
    assert (found["store"], found["report"]) == ("demo.db", "report.html")


def test_outcome_json_without_closed_days_has_no_attribution() -> None:
    quiet = replace(synthetic_outcome(days=30), demotions=(), equity_changes=())
    found = outcome_json(quiet, store="", report="")
    assert (found["demotions"], found["attribution"]) == ([], None)


def test_outcome_json_rounds_equity_to_cents() -> None:
    outcome = synthetic_outcome(days=30)
    found = outcome_json(replace(outcome, equity=(*outcome.equity[:-1], 98765.43219)), store="", report="")
    assert found["final_equity"] == 98765.43


def test_outcome_json_without_days_is_refused() -> None:
    with pytest.raises(MarketDataError, match="at least one day"):
        outcome_json(replace(synthetic_outcome(), days=(), equity=(), benchmark=()), store="", report="")
