"""The loader as existing systems call it, and as the engine does."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.evaluation import Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.signal import Action, StrategyId
from backend.ports.strategies import Strategies
from functions.strategies.base import BaseStrategy
from functions.strategies.loader import StrategyLoader

ACCOUNT: Any = {"equity": 100_000.0, "sleeves": {}}


class LastPrice(BaseStrategy):
    """Written for the caller's own shape of data."""

    async def evaluate(self, market_data: Mapping[str, Any], account_snapshot: Any, regime: Any = None) -> Any:
        price = market_data["AAPL"]["price"]
        return self.buy("AAPL", 0.1, 0.7, f"{price} in {regime}") | {"metadata": {"price": price}}


class Failing(BaseStrategy):
    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        raise ValueError("no idea")


def rising(days: int = 160) -> list[float]:
    return list(100.0 * np.exp(0.003 * np.arange(days)))


def test_library_is_there_without_any_argument() -> None:
    loader = StrategyLoader()
    assert len(loader.strategies) == 7
    assert loader.load_errors == {}


def test_plain_dicts_of_closes_give_signals_of_the_whole_library() -> None:
    loader = StrategyLoader(tenant_id="acme", uid="u1")
    signals = asyncio.run(
        loader.evaluate_all_strategies(market_data={"AAPL": {"close": rising()}}, account_snapshot=ACCOUNT)
    )
    assert list(signals) == [strategy.name for strategy in loader.strategies]
    assert loader.failures == {}
    assert signals["time_series_momentum"]["action"] == "BUY"
    assert signals["time_series_momentum"]["ticker"] == "AAPL"
    assert type(signals["time_series_momentum"]["action"]) is str


def test_own_shape_of_data_reaches_the_strategy_and_its_extras_come_back() -> None:
    loader = StrategyLoader(strategies=[LastPrice()])
    signals = asyncio.run(loader.evaluate_all_strategies({"AAPL": {"price": 1.5}}, ACCOUNT, "bull"))
    assert signals == {
        "last_price": {
            "action": "BUY",
            "ticker": "AAPL",
            "allocation": 0.1,
            "confidence": 0.7,
            "reasoning": "1.5 in bull",
            "metadata": {"price": 1.5},
        }
    }


def test_failed_strategy_is_absent_listed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    loader = StrategyLoader(strategies=[LastPrice(), Failing()])
    with caplog.at_level(logging.WARNING):
        signals = asyncio.run(loader.evaluate_all_strategies({"AAPL": {"price": 1.0}}, ACCOUNT))
    assert set(signals) == {"last_price"}
    assert set(loader.failures) == {"failing"}
    assert "ValueError: no idea" in loader.failures["failing"]
    assert [record.getMessage() for record in caplog.records] == [
        f"strategy failed: failing: {loader.failures['failing']}"
    ]


def test_failures_are_those_of_the_last_evaluation() -> None:
    loader = StrategyLoader(strategies=[LastPrice()])
    loader.evaluate({"AAPL": {}}, ACCOUNT)
    assert set(loader.failures) == {"last_price"}
    loader.evaluate({"AAPL": {"price": 1.0}}, ACCOUNT)
    assert loader.failures == {}


def test_loader_is_the_engines_port() -> None:
    loader: Strategies = StrategyLoader(strategies=[LastPrice(), Failing()], time_limit_seconds=2.0)
    prices: dict[str, SymbolHistory] = {}
    evaluation = loader.evaluate(prices, ACCOUNT, "bear")
    assert isinstance(evaluation, Evaluation)
    assert set(evaluation.failures) == {"last_price", "failing"}

    library = StrategyLoader().evaluate({"AAPL": {"close": rising()}}, ACCOUNT)
    assert library.signals[StrategyId("moving_average_crossover")].action is Action.BUY


def test_load_errors_are_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        loader = StrategyLoader(packages=("no_such_fund",))
    assert loader.strategies == ()
    assert set(loader.load_errors) == {"no_such_fund"}
    assert "strategy not loaded: no_such_fund: expected a package" in caplog.text


def test_parameters_reach_the_library() -> None:
    loader = StrategyLoader(parameters={"rsi_reversion": {"oversold": 20.0}})
    assert {getattr(strategy, "oversold", None) for strategy in loader.strategies} == {None, 20.0}


def test_two_given_strategies_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="rename"):
        StrategyLoader(strategies=[LastPrice(), LastPrice()])
