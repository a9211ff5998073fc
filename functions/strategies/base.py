"""The base of every strategy: one decision per tick from prices and its own holdings, nothing remembered."""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from typing import ClassVar, cast

from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Action, Signal

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class BaseStrategy(ABC):
    """One trading rule.

    Subclass it, give every constructor parameter a default, and return one signal from ``evaluate``. A frozen
    dataclass is the shortest way to parameters that cannot change afterwards. Nothing is kept between ticks
    (the next one may run in another process): decide from prices and ``holdings`` alone.

    Attributes
    ----------
    name : str
        The strategy's identity in signals, records and configuration; by default the class name in
        snake_case without a trailing "Strategy".
    also_called : tuple of str
        Other names that a configuration may give the class.
    parameters_also_called : mapping
        Other name of a constructor parameter → its own.
    """

    name: str = ""
    also_called: ClassVar[tuple[str, ...]] = ()
    parameters_also_called: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            stem = cls.__name__.removesuffix("Strategy") or cls.__name__
            cls.name = _WORD_START.sub("_", stem).lower()

    @abstractmethod
    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal | Awaitable[Signal]:
        """Return the one most urgent action of this tick; ``async def`` works too.

        Parameters
        ----------
        market_data : mapping of symbol to SymbolHistory
            Read-only bars, oldest first: daily ones, unless a configuration lists the strategy with another timeframe.
        account_snapshot : AccountSnapshot
            Read-only; see ``holdings``.
        regime : str, optional
            The market regime, when a classifier runs.
        """

    def buy(self, ticker: str, allocation: float, confidence: float = 1.0, reasoning: str = "") -> Signal:
        """Hold ``allocation`` (0 to 1) of the strategy's own capital in ``ticker``.

        It is a target, so repeating it is harmless, and it is never a reason to trim.
        """
        return _signal(Action.BUY, ticker, allocation, confidence, reasoning)

    def sell(self, ticker: str, confidence: float = 1.0, reasoning: str = "") -> Signal:
        """Leave ``ticker`` entirely."""
        return _signal(Action.SELL, ticker, 0.0, confidence, reasoning)

    def close_all(self, confidence: float = 1.0, reasoning: str = "") -> Signal:
        """Leave everything that the strategy holds."""
        return _signal(Action.CLOSE_ALL, None, 0.0, confidence, reasoning)

    def hold(self, reasoning: str = "") -> Signal:
        """Change nothing."""
        return _signal(Action.HOLD, None, 0.0, 1.0, reasoning)

    def holdings(self, account_snapshot: AccountSnapshot) -> dict[str, float]:
        """Return the strategy's own signed quantity by symbol, zero ones left out.

        Reads ``account_snapshot["sleeves"][name]``. Only a snapshot without sleeves falls back on
        ``positions``: a strategy without a sleeve of its own must not sell what another one bought.

        Raises
        ------
        MarketDataError
            Positions are not a mapping of symbol to number.
        """
        sleeves = account_snapshot.get("sleeves")
        held: object = account_snapshot.get("positions", {}) if sleeves is None else sleeves.get(self.name, {})
        if not isinstance(held, Mapping):
            found = type(held).__name__
            raise MarketDataError(f"positions: expected symbol → number of shares, found a {found}; pass a mapping")
        quantities = {}
        for symbol, quantity in held.items():
            try:
                quantities[symbol] = float(quantity)
            except (TypeError, ValueError) as error:
                raise MarketDataError(
                    f"positions: expected a quantity for {symbol}, found {quantity!r}; pass symbol → number of shares"
                ) from error
        return {symbol: quantity for symbol, quantity in quantities.items() if quantity}

    def require_whole(self, parameter: str, *, at_least: int) -> int:
        """Check that a parameter is an int that is large enough; raise ConfigurationError."""
        value = getattr(self, parameter)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        self.require(is_whole and value >= at_least, parameter, f"a whole number of at least {at_least}")
        return cast(int, value)

    def require_number(self, parameter: str, *, above: float, at_most: float) -> float:
        """Check that a parameter is a number in (above, at_most]; raise ConfigurationError."""
        value = getattr(self, parameter)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        self.require(is_number and above < value <= at_most, parameter, f"above {above:g} and at most {at_most:g}")
        return float(value)

    def require(self, condition: bool, parameter: str, expected: str) -> None:
        """Raise ConfigurationError that names the parameter, unless ``condition`` holds."""
        if not condition:
            found = getattr(self, parameter)
            raise ConfigurationError(
                f"{self.name}.{parameter}: expected {expected}, found {found!r}; correct the strategy's parameters"
            )


def _signal(action: Action, ticker: str | None, allocation: float, confidence: float, reasoning: str) -> Signal:
    return Signal(action=action.value, ticker=ticker, allocation=allocation, confidence=confidence, reasoning=reasoning)
