"""Listed strategies: which class is meant, what it is built with, and why it could not be."""

from collections.abc import Mapping
from typing import Any

import pytest

from backend.domain.signal import Signal, StrategyId, Symbol
from backend.domain.strategy_definition import StrategyDefinition
from functions.strategies.base import BaseStrategy
from functions.strategies.library.moving_average_crossover import MovingAverageCrossover
from functions.strategies.library.rsi_reversion import RsiReversion
from functions.strategies.listing import listed
from functions.strategies.loader import StrategyLoader
from functions.strategies.roster import Roster, discover
from functions.strategies.scope import Scoped

CLASSES = discover().classes
AVERAGE = "functions.strategies.library.moving_average_crossover.MovingAverageCrossover"


def defined(kind: str, name: str = "mine", **more: Any) -> StrategyDefinition:
    return StrategyDefinition(name=StrategyId(name), kind=kind, **more)


def built(roster: Roster) -> BaseStrategy:
    assert roster.load_errors == {}
    (strategy,) = roster.strategies
    assert isinstance(strategy, Scoped)
    return strategy.inner


def refusal(*definitions: StrategyDefinition, classes: Mapping[str, type[BaseStrategy]] = CLASSES) -> str:
    roster = listed(definitions, classes)
    assert roster.strategies == ()
    (reason,) = roster.load_errors.values()
    return reason


@pytest.mark.parametrize(
    "kind", ["MovingAverageCrossover", "moving_average_crossover", AVERAGE, "MovingAverageStrategy"]
)
def test_listed_strategy_is_found_by_every_name_of_its_class(kind: str) -> None:
    strategy = built(listed([defined(kind)], CLASSES))
    assert isinstance(strategy, MovingAverageCrossover)
    assert (strategy.name, type(strategy).__name__) == ("mine", "MovingAverageCrossover")


def test_listed_strategy_takes_parameters_under_either_name_and_keeps_the_others() -> None:
    given = {"short_period": 10, "slow_days": 20}
    strategy = built(listed([defined("MovingAverageStrategy", parameters=given)], CLASSES))
    assert isinstance(strategy, MovingAverageCrossover)
    default = MovingAverageCrossover()
    assert (strategy.fast_days, strategy.slow_days, strategy.band) == (10, 20, default.band)


def test_two_instances_of_a_class_are_apart() -> None:
    short = defined("MovingAverageStrategy", "short", parameters={"short_period": 3})
    long = defined("MovingAverageStrategy", "long", parameters={"short_period": 30})
    roster = listed([short, long, defined("RSIStrategy", "rsi")], CLASSES)
    assert [strategy.name for strategy in roster.strategies] == ["long", "rsi", "short"]
    inner = [each.inner for each in roster.strategies if isinstance(each, Scoped)]
    assert [getattr(each, "fast_days", None) for each in inner] == [30, None, 3]
    assert MovingAverageCrossover.name == "moving_average_crossover"  # the class is as it was
    snapshot: Any = {"sleeves": {"short": {"AAPL": 5.0}, "long": {"MSFT": 7.0}}}
    assert [each.holdings(snapshot) for each in inner] == [{"MSFT": 7.0}, {}, {"AAPL": 5.0}]


def test_listed_strategies_are_shown_their_symbols_and_timeframe() -> None:
    roster = listed([defined("RSIStrategy", symbols=(Symbol("KO"),), timeframe="1w")], CLASSES)
    assert isinstance(built(roster), RsiReversion)
    assert "timeframe: expected 1 to 59 minutes" in refusal(defined("RSIStrategy", timeframe="90m"))


class Twin(RsiReversion):
    """Goes by a name that another class has, too."""

    also_called = ("MovingAverageStrategy",)


def test_ambiguous_name_is_refused_and_both_are_named() -> None:
    classes = {**CLASSES, "own.rules.Twin": Twin}
    assert refusal(defined("MovingAverageStrategy"), classes=classes) == (
        f"StrategyLoadError: type: expected one class MovingAverageStrategy, found {AVERAGE} and own.rules.Twin; "
        "write it in full"
    )
    assert isinstance(built(listed([defined("own.rules.Twin")], classes)), Twin)


def test_unknown_class_is_refused_with_the_nearest() -> None:
    assert refusal(defined("RSIStrategie")) == (
        "StrategyLoadError: type: expected a strategy class, found 'RSIStrategie'; did you mean RSIStrategy?"
    )
    assert "; known: BollingerBandsStrategy, BollingerReversion, " in refusal(defined("Zzz"))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"short": 10}, "unexpected keyword argument 'short'"),
        ({"short_period": 10, "fast_days": 10}, "parameters.fast_days: expected it once, found it under two names"),
        ({"short_period": 0}, "mine.fast_days: expected a whole number of at least 1, found 0"),
        ({"short_period": "ten"}, "mine.fast_days: expected a whole number of at least 1, found 'ten'"),
        ({"short_period": 60}, "mine.fast_days: expected less than slow_days (50), found 60"),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused_and_the_others_run(parameters: dict[str, Any], said: str) -> None:
    wrong = defined("MovingAverageStrategy", parameters=parameters)
    assert said in refusal(wrong)
    roster = listed([wrong, defined("RSIStrategy", "rsi")], CLASSES)
    assert ([each.name for each in roster.strategies], list(roster.load_errors)) == (["rsi"], ["mine"])


class NamesItself(BaseStrategy):
    def __init__(self) -> None:
        self.name = "itself"

    def evaluate(self, market_data: Any, account_snapshot: Any, regime: str | None = None) -> Signal:
        return self.hold()


class Jealous(NamesItself):
    """Refuses to be subclassed once it is complete."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        raise RuntimeError("no heirs")


def test_class_that_names_itself_is_refused() -> None:
    # Two of a name would stop every strategy at every tick.
    assert refusal(defined("NamesItself"), classes={"own.NamesItself": NamesItself}) == (
        "StrategyLoadError: type: expected a strategy that takes the name mine, found that NamesItself names itself "
        "'itself'; let it keep the name of its class"
    )


def test_class_that_cannot_be_given_another_name_is_refused() -> None:
    said = refusal(defined("Jealous"), classes={"own.Jealous": Jealous})
    assert "it raised RuntimeError: no heirs" in said


def test_loader_asks_exactly_those_that_are_listed_and_reports_the_rest() -> None:
    market = {"AAPL": {"close": [100.0] * 90}, "MSFT": {"close": [100.0] * 90}}
    definitions = (
        defined("RSIStrategy", "one"),
        defined("RSIStrategy", "two", timeframe="4h"),
        defined("RSIStrategy", "three", symbols=(Symbol("KO"),)),
    )
    found = StrategyLoader().evaluate(market, {"sleeves": {}}, None, definitions)  # type: ignore[typeddict-item]
    assert set(found.signals) == {"one"}
    assert "expected bars of 240 minutes, found a caller that has daily ones only" in found.failures[StrategyId("two")]
    assert "expected bars of KO, found none" in found.failures[StrategyId("three")]
    everyone = StrategyLoader().evaluate(market, {"sleeves": {}}, None)  # type: ignore[typeddict-item]
    assert "rsi_reversion" in everyone.signals
