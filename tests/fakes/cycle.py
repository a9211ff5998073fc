"""A cycle on fakes: scripted strategies, fixed prices, a broker in memory, and a clock that is set by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np

from backend.adapters.documents import DocumentStore
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId, Symbol, read_signal
from backend.domain.tick import Observation, PortfolioKey, TickRequest
from backend.domain.trading_state import TradingState
from backend.engine.cycle import Cycle
from tests.fakes.broker import FakeBroker

AT = datetime(2026, 1, 30, 21, 1, tzinfo=UTC)
KEY = PortfolioKey(tenant_id="acme")
AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")
PRICES = {AAPL: Decimal("100"), MSFT: Decimal("50")}


class SetClock:
    def __init__(self, now: datetime = AT) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class FixedBars:
    """Three flat days at the broker's present prices."""

    def __init__(self, prices: Mapping[Symbol, Decimal]) -> None:
        self.prices = prices

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        dates = tuple(until.date() - timedelta(days=back) for back in (2, 1, 0))
        return MarketData(
            {
                symbol: SymbolHistory(symbol=symbol, days=dates, close=flat, high=flat, low=flat)
                for symbol in symbols
                if symbol in self.prices
                for flat in [np.full(3, float(self.prices[symbol]))]
            }
        )

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        return {symbol: self.prices[symbol] for symbol in symbols if symbol in self.prices}


class ScriptedStrategies:
    """Says what it is told; ``seen`` keeps the account snapshots that it was shown."""

    def __init__(self, **signals: Mapping[str, Any]) -> None:
        self.signals: dict[str, Mapping[str, Any]] = dict(signals)
        self.seen: list[AccountSnapshot] = []

    def evaluate(
        self, market_data: Mapping[str, SymbolHistory], account_snapshot: AccountSnapshot, regime: str | None = None
    ) -> Evaluation:
        self.seen.append(account_snapshot)
        return Evaluation(
            signals={StrategyId(name): read_signal(raw, strategy=name) for name, raw in sorted(self.signals.items())}
        )


def buy(ticker: str, allocation: float = 0.5) -> dict[str, Any]:
    return {"action": "BUY", "ticker": ticker, "allocation": allocation, "confidence": 0.8, "reasoning": "test"}


def sell(ticker: str) -> dict[str, Any]:
    return {"action": "SELL", "ticker": ticker, "allocation": 1.0, "confidence": 0.8, "reasoning": "test"}


HOLD: dict[str, Any] = {"action": "HOLD", "ticker": None, "allocation": 0.0, "confidence": 0.0, "reasoning": "test"}


def tick_at(at: datetime = AT, key: PortfolioKey = KEY) -> TickRequest:
    return TickRequest(key=key, scheduled_at=at)


def cycle_of(
    store: Any,
    strategies: ScriptedStrategies,
    broker: Any = None,
    clock: SetClock | None = None,
    policy: DecisionPolicy | None = None,
) -> Cycle:
    venue = broker if broker is not None else FakeBroker(Decimal(100_000), PRICES)
    return Cycle(
        store=store,
        broker=venue,
        bars=FixedBars(PRICES),
        strategies=strategies,
        summarizer=TemplateSummarizer(),
        clock=clock or SetClock(),
        policy=policy or DecisionPolicy(),
        symbols=(AAPL, MSFT),
        entropy=lambda request: blake2b(request.tick_id.encode(), digest_size=32).digest(),
    )


def write_returns(store: DocumentStore, strategy: str, returns: Sequence[float], last: date) -> None:
    """Put a track record into the store the way the daily snapshot does."""
    from backend.domain.track_record import DailyReturn

    observed = store.observe_book(KEY)
    days = [last - timedelta(days=len(returns) - 1 - i) for i in range(len(returns))]
    record = observed.record.extended(
        [DailyReturn(strategy=StrategyId(strategy), day=d, value=v) for d, v in zip(days, returns, strict=True)],
        checked_on=last,
    )
    store.close_day(KEY, expected=observed.versions, snapshots=(), record=record, book=observed.book)


class Restricted:
    """Shows a store's trading document in another state."""

    def __init__(self, store: Any, state: TradingState) -> None:
        self._store = store
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def observe(self, request: TickRequest) -> Observation:
        observed: Observation = self._store.observe(request)
        return replace(observed, trading=replace(observed.trading, state=self._state))
