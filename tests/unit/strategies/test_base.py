"""What a strategy gets from its base."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.signal import Action, read_signal
from functions.strategies.base import BaseStrategy


class RSIDipBuyerStrategy(BaseStrategy):
    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        return self.hold("nothing to do")


@dataclass(frozen=True, kw_only=True, eq=False)
class Windowed(BaseStrategy):
    days: int = 20
    width: float = 2.0

    def __post_init__(self) -> None:
        self.require_whole("days", at_least=2)
        self.require_number("width", above=0.0, at_most=10.0)

    def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        return self.hold()


def test_name_is_the_class_name_in_snake_case_without_strategy() -> None:
    assert RSIDipBuyerStrategy().name == "rsi_dip_buyer"


def test_name_given_by_the_class_stays_and_is_not_inherited() -> None:
    class Named(RSIDipBuyerStrategy):
        name = "XYZ"

    class Child(Named):
        pass

    assert Named().name == "XYZ"
    assert Child().name == "child"


def test_base_cannot_be_built_without_evaluate() -> None:
    with pytest.raises(TypeError, match="abstract"):
        BaseStrategy()  # type: ignore[abstract]


def test_signals_made_by_the_base_pass_the_check() -> None:
    strategy = RSIDipBuyerStrategy()
    made = [
        strategy.buy("AAPL", 0.25, 0.8, "cheap"),
        strategy.sell("AAPL", 0.9, "dear"),
        strategy.close_all(1.0, "storm"),
        strategy.hold("calm"),
    ]
    checked = [read_signal(signal, strategy=strategy.name) for signal in made]
    assert [signal.action for signal in checked] == [Action.BUY, Action.SELL, Action.CLOSE_ALL, Action.HOLD]
    assert [signal.ticker for signal in checked] == ["AAPL", "AAPL", None, None]
    assert [signal.allocation for signal in checked] == [0.25, 0.0, 0.0, 0.0]
    assert checked[0].confidence == 0.8
    assert checked[0].reasoning == "cheap"


def test_holdings_are_the_strategys_own_sleeve() -> None:
    snapshot: Any = {"positions": {"MSFT": 9.0}, "sleeves": {"rsi_dip_buyer": {"AAPL": 2.5, "KO": 0.0}}}
    assert RSIDipBuyerStrategy().holdings(snapshot) == {"AAPL": 2.5}


def test_holdings_without_a_sleeve_of_its_own_are_empty_not_the_accounts() -> None:
    snapshot: Any = {"positions": {"MSFT": 9.0}, "sleeves": {"another": {"MSFT": 9.0}}}
    assert RSIDipBuyerStrategy().holdings(snapshot) == {}


def test_holdings_without_any_sleeves_are_the_positions() -> None:
    assert RSIDipBuyerStrategy().holdings({"positions": {"MSFT": 9.0}}) == {"MSFT": 9.0}
    assert RSIDipBuyerStrategy().holdings({}) == {}


@pytest.mark.parametrize("positions", [{"MSFT": {"qty": "9"}}, [{"symbol": "MSFT", "qty": "9"}]])
def test_holdings_in_another_shape_say_which_shape_is_expected(positions: Any) -> None:
    with pytest.raises(MarketDataError, match="symbol → number of shares"):
        RSIDipBuyerStrategy().holdings({"positions": positions})


def test_parameters_are_frozen() -> None:
    strategy = Windowed(days=10)
    with pytest.raises(FrozenInstanceError):
        strategy.days = 5  # type: ignore[misc]


@pytest.mark.parametrize("days", [1, -3, 2.5, "20", None, True])
def test_whole_parameter_out_of_range_is_refused(days: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"windowed\.days: expected a whole number of at least 2, found"):
        Windowed(days=days)


@pytest.mark.parametrize("width", [0.0, -1.0, 11.0, float("nan"), float("inf"), "2", None, True])
def test_number_parameter_out_of_range_is_refused(width: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"windowed\.width: expected above 0 and at most 10, found"):
        Windowed(width=width)
