"""Which rule of the library does what a strategy of genebot did, and what its parameters are called there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from functions.strategies.base import BaseStrategy
from functions.strategies.library.bollinger_reversion import BollingerReversion
from functions.strategies.library.cross_sectional_momentum import CrossSectionalMomentum
from functions.strategies.library.donchian_breakout import DonchianBreakout
from functions.strategies.library.moving_average_crossover import MovingAverageCrossover
from functions.strategies.library.rsi_reversion import RsiReversion
from functions.strategies.library.time_series_momentum import TimeSeriesMomentum
from functions.strategies.library.volatility_targeted_trend import VolatilityTargetedTrend


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """A class of the library, with names that bots have for its parameters beside those it goes by: theirs → ours."""

    strategy: type[BaseStrategy]
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> frozenset[str]:
        """What its constructor takes."""
        return frozenset(each.name for each in fields(self.strategy))  # type: ignore[arg-type]

    def kind(self, asked: str) -> str:
        """Return the name to list it under: the one that was asked for, where the class goes by it."""
        others = (name for name in self.strategy.also_called if _plain(name) == _plain(asked))
        return next(others, self.strategy.__name__)

    def parameter(self, name: str) -> tuple[str, str] | None:
        """Return the name to write a parameter under, and its own; None where the class has none like it."""
        plain = name.strip().lower()
        own = self.strategy.parameters_also_called.get(plain, plain)
        if own in self.parameters:
            return plain, own
        found = self.renamed.get(plain)
        return None if found is None else (found, found)


def _renamed(**ours: str) -> Mapping[str, str]:
    """Turn ours="theirs theirs" around."""
    return MappingProxyType({theirs: own for own, names in ours.items() for theirs in names.split()})


_CROSSOVER = Counterpart(
    strategy=MovingAverageCrossover,
    renamed=_renamed(
        fast_days="short_window short_ma fast_period fast_window fast_ma sma_short_period ma_short",
        slow_days="long_window long_ma slow_period slow_window slow_ma sma_long_period ma_long",
    ),
)
_RSI = Counterpart(
    strategy=RsiReversion,
    renamed=_renamed(
        period="rsi_period window lookback_period",
        oversold="oversold_threshold oversold_level rsi_oversold buy_threshold",
        overbought="overbought_threshold overbought_level rsi_overbought sell_threshold",
    ),
)
_BANDS = Counterpart(
    strategy=BollingerReversion,
    renamed=_renamed(
        days="lookback_period lookback window bollinger_period bb_period",
        width="std_dev_threshold std num_std deviation bollinger_deviation bb_std z_score_threshold",
    ),
)
_MOMENTUM = Counterpart(
    strategy=TimeSeriesMomentum, renamed=_renamed(lookback_days="momentum_period lookback_period lookback period")
)
_BREAKOUT = Counterpart(
    strategy=DonchianBreakout,
    renamed=_renamed(
        entry_days="period lookback_period lookback entry_period channel_period breakout_period",
        exit_days="exit_period exit_lookback",
    ),
)
_KNOWN: Mapping[str, Counterpart] = {
    "crosssectionalmomentum": Counterpart(strategy=CrossSectionalMomentum),
    "volatilitytargetedtrend": Counterpart(strategy=VolatilityTargetedTrend),
    **dict.fromkeys(
        ("movingaveragecrossover", "movingaverage", "ma", "macrossover", "sma", "smacrossover"), _CROSSOVER
    ),
    **dict.fromkeys(("rsireversion", "rsi"), _RSI),
    **dict.fromkeys(("bollingerreversion", "meanreversion", "bollinger", "bollingerbands"), _BANDS),
    **dict.fromkeys(("timeseriesmomentum", "momentum", "advancedmomentum"), _MOMENTUM),
    **dict.fromkeys(("donchianbreakout", "breakout", "donchian", "donchianchannel", "turtle"), _BREAKOUT),
}
_NO_COUNTERPART: Mapping[str, str] = {
    "multiindicator": "several indicators in one rule: run MovingAverageStrategy and RSIStrategy beside each other",
    "atrvolatility": "a breakout by average true range; the nearest rules are DonchianBreakout and "
    "VolatilityTargetedTrend",
    "mlpattern": "a trained model: bring it as a class of your own",
    "forexcarrytrade": "Maestro trades US shares through Alpaca, no currencies",
    "forexsession": "Maestro trades US shares through Alpaca, no currencies",
    "forexnews": "Maestro trades US shares through Alpaca, no currencies",
    "crossmarketarbitrage": "Maestro trades at one venue and decides on daily bars",
    "triangulararbitrage": "Maestro trades at one venue and decides on daily bars",
    "cryptoforexarbitrage": "Maestro trades at one venue and decides on daily bars",
}


def counterpart(name: str) -> Counterpart | None:
    """Return the class of the library for a type, a class or a key of genebot; None where there is none."""
    return _KNOWN.get(_plain(name))


def no_counterpart(name: str) -> str:
    """Say why a known type of genebot has no counterpart; empty for a class that is not genebot's own."""
    return _NO_COUNTERPART.get(_plain(name), "")


def _plain(name: str) -> str:
    """Return a name without case, marks and the word strategy: ``RSI_Strategy`` is ``rsi``."""
    letters = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())
    return letters.removesuffix("strategy") or letters
