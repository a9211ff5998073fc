"""Ask every strategy for its signal; one that fails never stops or changes another.

1. show   – market data, account and regime become read-only views, once for all;
2. ask    – each strategy answers on a watched thread, within its time limit (``deadlines``);
3. read   – its answer is checked there too, so that nothing of it can do harm later;
4. report – checked signals in name order, and one sentence for each strategy that failed.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from itertools import pairwise
from typing import Any

from backend.domain.errors import ConfigurationError, SignalError, StrategyFailed, StrategyTimeout
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.signal import Action, StrategyId, StrategySignal, read_signal
from functions.strategies.base import BaseStrategy
from functions.strategies.deadlines import Abandoned, Outcome, Wait, outcomes
from functions.strategies.failure import first_line, place
from functions.strategies.views import read_only


def evaluate_all(
    strategies: Iterable[BaseStrategy],
    market_data: Mapping[str, SymbolHistory],
    account_snapshot: AccountSnapshot,
    regime: str | None = None,
    *,
    time_limit_seconds: float,
    known_symbols: Collection[str] | None = None,
    abandoned: Abandoned | None = None,
) -> Evaluation:
    """Ask all strategies and return their checked signals, and one sentence for each that failed.

    Parameters
    ----------
    time_limit_seconds : float
        For each strategy by itself, from when it is asked.
    known_symbols : collection of str, optional
        What may be bought; by default the symbols of ``market_data``. What the account holds may always be sold.
    abandoned : dict, optional
        Threads given up earlier, by strategy. Pass the same one every tick: a strategy whose thread still runs
        is not asked again, so that one which hangs costs one thread and not one every tick.

    Raises
    ------
    ConfigurationError
        Two strategies of one name, or a time limit that is not above 0.
    """
    if not 0.0 < time_limit_seconds < math.inf:
        raise ConfigurationError(f"time_limit_seconds: expected more than 0, found {time_limit_seconds}; correct it")
    question = _Question(
        market_data=read_only(market_data),
        account_snapshot=read_only(account_snapshot),
        regime=read_only(regime),
        known_symbols=frozenset(market_data if known_symbols is None else known_symbols),
        held_symbols=_held_symbols(account_snapshot),
    )
    given_up = {} if abandoned is None else abandoned
    return _evaluation(outcomes(_by_name(strategies), question.ask, time_limit_seconds, given_up))


async def evaluate_all_async(
    strategies: Iterable[BaseStrategy],
    market_data: Mapping[str, SymbolHistory],
    account_snapshot: AccountSnapshot,
    regime: str | None = None,
    *,
    time_limit_seconds: float,
    known_symbols: Collection[str] | None = None,
    abandoned: Abandoned | None = None,
) -> Evaluation:
    """Do the same as ``evaluate_all`` without blocking the running event loop."""
    return await asyncio.to_thread(
        evaluate_all,
        strategies,
        market_data,
        account_snapshot,
        regime,
        time_limit_seconds=time_limit_seconds,
        known_symbols=known_symbols,
        abandoned=abandoned,
    )


def _by_name(strategies: Iterable[BaseStrategy]) -> list[BaseStrategy]:
    ordered = sorted(strategies, key=lambda strategy: strategy.name)
    for one, other in pairwise(ordered):
        if one.name == other.name:
            raise ConfigurationError(f"expected strategies of different names, found {one.name!r} twice; rename one")
    return ordered


def _evaluation(outcome_by_name: Mapping[str, Outcome]) -> Evaluation:
    signals: dict[StrategyId, StrategySignal] = {}
    failures: dict[StrategyId, str] = {}
    for name, outcome in sorted(outcome_by_name.items()):
        if isinstance(outcome, StrategySignal):
            signals[StrategyId(name)] = outcome
        else:
            failures[StrategyId(name)] = f"{type(outcome).__name__}: {outcome}"
    return Evaluation(signals=signals, failures=failures)


def _held_symbols(account_snapshot: AccountSnapshot) -> frozenset[str]:
    held = [account_snapshot.get("positions"), *(account_snapshot.get("sleeves") or {}).values()]
    # Callers of their own may pass positions in another shape; then only the market data's symbols are known.
    return frozenset().union(*(symbols for symbols in held if isinstance(symbols, Mapping)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    """What every strategy is asked."""

    market_data: Mapping[str, SymbolHistory]
    account_snapshot: AccountSnapshot
    regime: str | None
    known_symbols: frozenset[str]
    held_symbols: frozenset[str]

    def ask(self, strategy: BaseStrategy, wait: Wait) -> StrategySignal:
        try:
            answer: Any = strategy.evaluate(self.market_data, self.account_snapshot, self.regime)
            signal = read_signal(wait(answer) if isawaitable(answer) else answer, strategy=strategy.name)
        except (SignalError, StrategyTimeout):
            raise
        except BaseException as error:  # a strategy may raise anything, SystemExit too; none may end the thread
            raise StrategyFailed(
                f"expected a signal, evaluate() raised {first_line(error)}{place(error)}; correct the strategy"
            ) from error
        self._check_ticker(signal)
        return signal

    def _check_ticker(self, signal: StrategySignal) -> None:
        if signal.action not in (Action.BUY, Action.SELL) or signal.ticker in self.known_symbols:
            return
        # An exit is not held back because today's bars are missing.
        if signal.action is Action.SELL and signal.ticker in self.held_symbols:
            return
        raise SignalError(
            f"unknown ticker {signal.ticker!r}: expected one of the {len(self.known_symbols)} symbols in the market "
            "data; correct it or load its bars"
        )
