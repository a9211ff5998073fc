"""The old bot's rules over recorded days: a fixed size for every position, and nothing of Maestro's."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.mode import Mode
from backend.domain.tick import TickResult
from maestro.backtest.outcome import ReplayOutcome
from maestro.cli.migrate_replay import RecordedDays, enabled_in, play_new, play_old
from maestro.migration.mapping import Choices, Migration, migrated
from maestro.migration.reading import read_yaml
from tests.integration.maestro_process import RECORDED_PRICES

START = date(2020, 2, 3)
BOTH = frozenset({"moving_average", "rsi"})
DAYS = 40
BOT = """
strategies:
  moving_average: {parameters: {short_period: 5, long_period: 20}, max_positions: 2}
  rsi: {type: RSIStrategy, parameters: {period: 5, oversold: 40, overbought: 60}, symbols: [KO, PEP, XOM, CVX]}
risk: {max_position_size: 0.1, max_open_positions: 4}
"""


def quiet(_day: date, _result: TickResult) -> None:
    """Show nothing."""


def recorded(days: int = DAYS) -> RecordedDays:
    return RecordedDays.of(RECORDED_PRICES, start=START, days=days, cash=Decimal(100_000))


def bot(text: str = BOT) -> Migration:
    return migrated([read_yaml(text, "bot.yaml")], Choices())


@pytest.fixture(scope="module")
def outcome() -> ReplayOutcome:
    return play_old(bot(), recorded(), quiet, BOTH)


def test_old_bot_sizes_every_position_as_its_file_says(outcome: ReplayOutcome) -> None:
    equity = dict(zip(outcome.days, outcome.equity, strict=True))
    bought = [each for each in outcome.orders if each.side == "buy" and each.quantity and each.price]
    assert len(bought) >= 5
    for each in bought:
        value = (each.quantity or 0.0) * (each.price or 0.0)
        assert value == pytest.approx(0.1 * equity[each.day], rel=0.02)  # the day's equity is after its fees and moves


def test_old_bot_keeps_to_its_open_positions(outcome: ReplayOutcome) -> None:
    open_now: dict[str, Counter[str]] = defaultdict(Counter)
    most = {"moving_average": 0, "all": 0}
    for day in outcome.days:
        for each in (order for order in outcome.orders if order.day == day and order.quantity):
            open_now[each.strategy][each.symbol] += 1 if each.side == "buy" else -1
        counts = {name: sum(1 for held in symbols.values() if held > 0) for name, symbols in open_now.items()}
        most["moving_average"] = max(most["moving_average"], counts.get("moving_average", 0))
        most["all"] = max(most["all"], sum(counts.values()))
    assert most["moving_average"] <= 2
    assert 2 <= most["all"] <= 5  # two strategies may take the last place in the same tick


def test_old_bot_has_neither_modes_nor_overrides_nor_other_symbols(outcome: ReplayOutcome) -> None:
    assert set(outcome.paths) == {"moving_average", "rsi"}
    assert {mode for path in outcome.paths.values() for mode in path.mode} == {Mode.ACTIVE.value}
    assert (outcome.mode_changes, outcome.overrides, dict(outcome.failures)) == ((), (), {})
    assert {each.symbol for each in outcome.orders if each.strategy == "rsi"} <= {"KO", "PEP", "XOM", "CVX"}


def test_old_bot_plays_the_same_twice(outcome: ReplayOutcome) -> None:
    again = play_old(bot(), recorded(), quiet, BOTH)
    assert (again.equity, again.orders) == (outcome.equity, outcome.orders)


def test_new_side_is_what_the_settings_file_says(tmp_path: Path) -> None:
    file = tmp_path / "maestro.yaml"
    file.write_text("symbols: [KO, PEP]\n")
    played = play_new(file, recorded(10), quiet)
    assert len(played.days) == 10
    assert {each.symbol for each in played.orders} <= {"KO", "PEP"}
    file.write_text("symbls: [KO]\n")
    with pytest.raises(ConfigurationError, match="did you mean symbols"):
        play_new(file, recorded(10), quiet)


def test_days_that_the_prices_do_not_hold_are_refused() -> None:
    with pytest.raises(MarketDataError, match="choose an earlier --start"):
        RecordedDays.of(RECORDED_PRICES, start=date(2022, 12, 20), days=250, cash=Decimal(1000))


def test_symbols_without_prices_are_named() -> None:
    migration = bot("strategies: {rsi: {symbols: [KO, ON]}, ma: {symbols: [ZZZ], enabled: false}}")
    assert recorded().without_prices(migration, frozenset({"rsi"})) == ("ON",)


def test_strategies_that_a_file_lists_and_enables_are_those_to_compare(tmp_path: Path) -> None:
    file = tmp_path / "maestro.yaml"
    listed = (
        "[{type: RsiReversion, name: a}, {type: RsiReversion, name: b, enabled: false}, {type: RsiReversion, name: c}]"
    )
    file.write_text(f"orchestrator: {{disabled_strategies: [c], strategies: {listed}}}\n")
    assert enabled_in(file) == {"a"}
