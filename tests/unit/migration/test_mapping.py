"""The seed's tables, line by line, and what of a configuration has no counterpart."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.settings import load_settings
from maestro.migration.mapping import Choices, Migration, migrated
from maestro.migration.readiness import Readiness, assessed
from maestro.migration.reading import is_environment, read_files, read_yaml
from maestro.migration.report import Entry, Outcome

EXAMPLES = Path(__file__).parents[3] / "examples" / "genebot"


def of(*texts: str, **choices: Any) -> Migration:
    return migrated([read_yaml(text, f"bot{n}.yaml") for n, text in enumerate(texts, start=1)], Choices(**choices))


def example(name: str, **choices: Any) -> Migration:
    root = EXAMPLES / name
    paths = sorted(path for path in root.rglob("*") if path.suffix == ".yaml" or is_environment(path))
    return migrated(read_files(paths, root=root), Choices(**choices))


def entries(migration: Migration) -> dict[str, Entry]:
    return {each.path: each for each in migration.report.entries}


def written(migration: Migration) -> Any:
    return yaml.safe_load(migration.text())


def strategy(migration: Migration, name: str) -> Any:
    (found,) = [each for each in written(migration)["orchestrator"]["strategies"] if each["name"] == name]
    return found


def test_seed_table_of_strategies() -> None:
    migration = example("single")
    assert strategy(migration, "moving_average") == {
        "type": "MovingAverageStrategy",
        "name": "moving_average",
        "enabled": True,
        "parameters": {"short_period": 10, "long_period": 20},
        "symbols": ["AAPL", "MSFT", "JPM"],
        "timeframe": "1d",
    }
    assert strategy(migration, "rsi_oversold")["type"] == "RSIStrategy"
    assert [each.runs_as for each in migration.strategies] == ["MovingAverageCrossover", "RsiReversion"]
    assert strategy(migration, "rsi_oversold")["parameters"] == {"period": 14, "oversold": 30, "overbought": 70}
    positions = entries(migration)["strategies.moving_average.max_positions"]
    assert (positions.outcome, positions.target) == (Outcome.REPLACED, "orchestrator.allocation")


def test_seed_table_of_risk() -> None:
    migration = example("single")
    risk = written(migration)["orchestrator"]["risk"]
    assert risk["position_size_limit"] == 0.1
    assert risk["max_portfolio_drawdown"] == 0.15
    assert risk["stop_loss_threshold"] == 0.02  # written as 2
    assert entries(migration)["risk.max_open_positions"].outcome is Outcome.REPLACED


def test_report_names_file_and_line_of_every_value() -> None:
    found = entries(example("single"))
    assert str(found["risk.stop_loss_percentage"].place) == "config/trading_bot_config.yaml:35"
    assert found["risk.stop_loss_percentage"].target == "orchestrator.risk.stop_loss_threshold"
    assert str(found["ALPACA_API_KEY"].place) == ".env:2"


def test_secrets_stay_in_the_environment_and_are_named_by_variable() -> None:
    migration = example("single")
    key = entries(migration)["exchanges.alpaca.api_key"]
    assert (key.outcome, key.target, key.value) == (Outcome.KEPT, "APCA_API_KEY_ID", "")
    assert migration.report.variables["ALPACA_API_SECRET"] == "APCA_API_SECRET_KEY"
    assert "PKEXAMPLE" not in migration.text()


@pytest.mark.parametrize("name", ["single", "three-bots", "custom", "odd"])
def test_example_gives_a_file_without_any_of_its_secrets(name: str) -> None:
    migration = example(name)
    said = migration.text() + repr(migration.report)
    assert [mark for mark in ("not-a-real", "PKEXAMPLE", "example-secret") if mark in said] == []
    assert written(migration)["orchestrator"]["strategies"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("MovingAverageStrategy", "MovingAverageCrossover"),
        ("moving_average", "MovingAverageCrossover"),
        ("src.strategies.moving_average_strategy.MovingAverageStrategy", "MovingAverageCrossover"),
        ("RSIStrategy", "RsiReversion"),
        ("RSI_Strategy", "RsiReversion"),
        ("MeanReversionStrategy", "BollingerReversion"),
        ("AdvancedMomentumStrategy", "TimeSeriesMomentum"),
        ("BreakoutStrategy", "DonchianBreakout"),
        ("volatility_targeted_trend", "VolatilityTargetedTrend"),
        ("CrossSectionalMomentum", "CrossSectionalMomentum"),
    ],
)
def test_type_is_found_by_class_by_name_and_by_what_genebot_calls_it(asked: str, expected: str) -> None:
    migration = of(f"strategies: {{mine: {{type: {asked}}}}}")
    (found,) = migration.strategies
    assert (found.runs_as, found.enabled, found.has_type) == (expected, True, True)


def test_type_comes_from_the_key_where_none_is_named() -> None:
    assert strategy(of("strategies: {rsi: {enabled: true}}"), "rsi")["type"] == "RSIStrategy"


def test_type_and_parameters_that_the_class_goes_by_stay_and_others_get_its_own_names() -> None:
    kept = strategy(one("MeanReversionStrategy", "period: 10, std_dev_threshold: 2"), "a")
    assert (kept["type"], kept["parameters"]) == ("MeanReversionStrategy", {"period": 10, "width": 2})
    ours = strategy(one("AdvancedMomentumStrategy", "momentum_period: 14"), "a")
    assert (ours["type"], ours["parameters"]) == ("TimeSeriesMomentum", {"lookback_days": 14})


def one(kind: str, parameters: str) -> Migration:
    return of(f"strategies: {{a: {{type: {kind}, parameters: {{{parameters}}}}}}}")


def test_parameter_that_is_set_under_two_names_counts_once() -> None:
    migration = of("strategies: {rsi: {parameters: {rsi_period: 10, period: 20}}}")
    assert strategy(migration, "rsi")["parameters"] == {"period": 10}
    assert "set by another key already" in entries(migration)["strategies.rsi.parameters.period"].why


def test_parameter_that_the_class_does_not_have_is_listed_with_those_it_has() -> None:
    migration = example("odd")
    entry = entries(migration)["strategies.moving_average.parameters.ma_type"]
    assert entry.outcome is Outcome.NOT_MAPPED
    assert "band, fast_days, max_positions, slow_days" in entry.advice
    assert "ma_type" not in strategy(migration, "moving_average")["parameters"]
    assert "parameters.ma_type: MovingAverageCrossover has no such parameter" in migration.text()


def test_symbols_that_yaml_takes_for_switches_stay_symbols() -> None:
    migration = example("odd")
    assert strategy(migration, "moving_average")["symbols"] == ["ON", "NO", "AAPL"]
    assert written(migration)["symbols"] == ["AAPL", "BTC/USDT", "ETH/USDT", "NO", "ON"]


def test_class_without_counterpart_is_not_listed_and_says_why() -> None:
    migration = example("odd")
    carry = entries(migration)["strategies.carry_trade.enabled"]
    assert (carry.outcome, carry.value) == (Outcome.NOT_MAPPED, "")
    assert "no currencies" in carry.why
    listed = [each["name"] for each in written(migration)["orchestrator"]["strategies"]]
    assert listed == ["moving_average", "crypto_momentum"]
    assert any("carry_trade stays with the old bot" in each.text for each in migration.report.cautions)
    assert "strategies.carry_trade.type: no class ForexCarryTradeStrategy" in migration.text()


def test_class_of_ones_own_is_kept_with_its_module() -> None:
    migration = example("custom")
    assert written(migration)["strategies"] == {"packages": ["own_rules.my_custom"]}
    mine = strategy(migration, "my_custom")
    assert (mine["type"], mine["enabled"]) == ("MyCustomStrategy", True)
    assert mine["parameters"] == {"lookback": 5, "threshold": 0.03}
    assert [each.name for each in migration.strategies if not each.has_type] == ["ml_patterns"]


def test_class_in_a_package_that_was_named_is_kept() -> None:
    text = "strategies: {mine: {type: Odd, parameters: {depth: 3}}}"
    assert written(of(text))["orchestrator"]["strategies"] == []
    migration = of(text, classes={"Odd": "my_rules"})
    assert strategy(migration, "mine") == {"type": "Odd", "name": "mine", "enabled": True, "parameters": {"depth": 3}}
    assert written(migration)["strategies"]["packages"] == ["my_rules"]


def test_timeframe_within_the_day_is_not_mapped_and_cautioned() -> None:
    migration = example("odd")
    assert "timeframe" not in strategy(migration, "crypto_momentum")
    assert entries(migration)["strategies.crypto_momentum.timeframe"].outcome is Outcome.NOT_MAPPED
    assert any("4h becomes 1d" in each.text for each in migration.report.cautions)


def test_amount_of_money_is_no_limit_and_an_ambiguous_one_is_cautioned() -> None:
    migration = example("odd")
    assert "position_size_limit" not in written(migration)["orchestrator"]["risk"]
    assert "amount of money" in entries(migration)["risk.max_position_size"].why
    texts = [each.text for each in migration.report.cautions]
    assert any(text.startswith("stop_loss_percentage: 0.5 is taken as 50 %") for text in texts)
    assert any(text.startswith("max_drawdown: 1 is taken as the whole") for text in texts)


def test_exchange_that_maestro_does_not_trade_at_is_listed_with_advice() -> None:
    entry = entries(example("odd"))["exchanges.binance.rate_limit"]
    assert entry.outcome is Outcome.NOT_MAPPED
    assert "Alpaca alone" in entry.why
    assert "let the old bot go on" in entry.advice


def test_account_is_a_live_one_only_where_every_file_says_so() -> None:
    live = "exchanges: {alpaca: {type: alpaca, api_key: $K, sandbox: no}}"
    paper = live.replace("no}", "yes}")
    assert written(of(live))["alpaca"] == {"paper": False}
    assert written(of(live, paper))["alpaca"] == {"paper": True}
    assert written(of(paper, live))["alpaca"] == {"paper": True}
    assert "alpaca" not in written(of("strategies: {rsi: {}}"))  # Maestro's default is paper


def test_merge_puts_the_files_name_before_equal_names() -> None:
    migration = example("three-bots")
    names = [each["name"] for each in written(migration)["orchestrator"]["strategies"]]
    assert names == ["bot1-moving_average", "bot2-moving_average", "rsi", "mean_reversion", "breakout"]
    assert strategy(migration, "bot2-moving_average")["parameters"] == {"short_period": 20, "long_period": 100}


def test_merge_takes_the_stricter_of_two_limits_and_lists_the_other() -> None:
    migration = example("three-bots")
    risk = written(migration)["orchestrator"]["risk"]
    assert risk["position_size_limit"] == 0.05  # 0.10, 5 % and 0.2
    assert risk["max_portfolio_drawdown"] == 0.15  # 0.15 and 20
    assert risk["stop_loss_threshold"] == 0.02  # 0.02, 5 and 0.05
    assert risk["daily_loss_limit"] == 0.03
    lost = [each for each in migration.report.entries if "the stricter limit counts" in each.why]
    assert {(each.place.file, each.path) for each in lost} == {
        ("config/bot1_config.yaml", "risk.max_position_size"),
        ("config/bot3_config.yaml", "risk_management.position_limits.max_position_size"),
        ("config/bot2_config.yaml", "risk.max_drawdown"),
        ("config/bot2_config.yaml", "risk.stop_loss_percentage"),
        ("config/bot3_config.yaml", "risk_management.stop_loss.default_percentage"),
    }


def test_two_files_with_one_name_and_stem_are_still_told_apart() -> None:
    text = "strategies: [{name: rsi}, {name: rsi}]"
    names = [each["name"] for each in written(of(text))["orchestrator"]["strategies"]]
    assert names == ["bot1-rsi", "bot1-rsi-2"]


def test_choices_count_before_the_files() -> None:
    text = "risk: {max_drawdown: 0.3}\norchestrator: {allocation: {method: equal_weight, max_allocation: 0.25}}"
    kept = written(of(text))["orchestrator"]
    assert kept["allocation"] == {"method": "equal_weight", "rebalance_frequency": "daily", "max_allocation": 0.25}
    method, frequency = AllocationMethod.RISK_PARITY, RebalanceFrequency.WEEKLY
    migration = of(text, allocation_method=method, rebalance_frequency=frequency, max_drawdown=0.08)
    chosen = written(migration)["orchestrator"]
    assert chosen["allocation"] == {"method": "risk_parity", "rebalance_frequency": "weekly", "max_allocation": 0.25}
    assert chosen["risk"]["max_portfolio_drawdown"] == 0.08
    assert "--max-drawdown 0.08 was chosen" in entries(migration)["risk.max_drawdown"].why
    assert "was chosen instead" in entries(migration)["orchestrator.allocation.method"].why


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("1d", "1d"),
        ("1D", "1d"),
        ("daily", "1d"),
        ("5d", "5d"),
        ("1w", "1w"),
        ("weekly", "1w"),
        ("1h", None),
        ("3x", None),
    ],
)
def test_timeframe_of_days_or_weeks_is_kept(frame: str, expected: str | None) -> None:
    assert strategy(of(f"strategies: {{rsi: {{timeframe: {frame}}}}}"), "rsi").get("timeframe") == expected


def test_symbols_of_the_file_are_those_of_strategies_unless_one_sees_all() -> None:
    some, every = (
        "strategies: {rsi: {symbols: [KO]}, ma: {symbols: [GE, KO]}}",
        "strategies: {rsi: {symbols: [KO]}, ma: {}}",
    )
    assert written(of(some))["symbols"] == ["GE", "KO"]
    assert "symbols" not in written(of(every))
    assert written(of("symbols: [XOM]\n" + every))["symbols"] == ["KO", "XOM"]


def test_generated_file_is_one_of_maestros_settings(tmp_path: Path) -> None:
    for name, count in (("single", 2), ("three-bots", 5), ("custom", 2)):
        (tmp_path / "maestro.yaml").write_text(example(name, allocation_method=AllocationMethod.RISK_PARITY).text())
        policy = load_settings({}, tmp_path).policy()
        assert policy.allocation.method is AllocationMethod.RISK_PARITY
        assert len(policy.strategies) == count
    assert policy.breakers.max_drawdown == 0.2
    assert policy.risk.position_size_limit == 0.1


def test_stop_that_is_switched_off_is_not_carried_over() -> None:
    migration = of("risk_management: {stop_loss: {enabled: false, default_percentage: 0.05}}")
    assert "risk" not in written(migration)["orchestrator"]


def test_strategies_that_were_not_chosen_stay_with_the_old_bot() -> None:
    migration = example("single", only=frozenset({"moving_average"}))
    flags = {each["name"]: each["enabled"] for each in written(migration)["orchestrator"]["strategies"]}
    assert flags == {"moving_average": True, "rsi_oversold": False}
    entry = entries(migration)["strategies.rsi_oversold.enabled"]
    assert (entry.outcome, entry.why) == (Outcome.REPLACED, "it was not chosen to move yet")


def test_name_that_cannot_part_ids_is_changed_and_said() -> None:
    migration = of("strategies: {'a/b__c': {type: RSIStrategy}}")
    assert strategy(migration, "a-b_c")
    assert any("is called 'a-b_c'" in each.text for each in migration.report.cautions)


def test_equal_key_that_does_not_count_has_an_entry_of_its_own() -> None:
    found = of("risk: {max_drawdown: 0.5, max_drawdown: 0.1}").report.entries
    assert [(each.outcome, "an equal key follows" in each.why) for each in found] == [
        (Outcome.NOT_MAPPED, True),
        (Outcome.MAPPED, False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("strategies: {rsi: {parameters: {period: 14, oversold: 30, overbought: 70}}}", Readiness.READY),
        ("strategies: {rsi: {parameters: {period: 14}}}", Readiness.LOOK),
        ("strategies: {ml: {type: MLPatternStrategy}}", Readiness.NOT_READY),
        ("risk: {max_drawdown: 0.1}", Readiness.NOT_READY),
    ],
)
def test_readiness_says_whether_anything_could_run(text: str, expected: Readiness) -> None:
    assert assessed(of(text)).readiness is expected


def test_assessment_names_reasons_for_and_against() -> None:
    several = assessed(example("three-bots"))
    assert any("5 strategies share one account" in reason for reason in several.recommended)
    alone = assessed(of("strategies: {rsi: {timeframe: 1h}}"))
    assert any("one strategy alone" in reason for reason in alone.against)
    assert any("within the day" in reason for reason in alone.against)
