"""A cycle on fakes: scripted strategies, fixed prices, a broker in memory, and a clock that is set by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.track_record_documents import track_record_writes
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.command import Halt, ReduceOnly
from backend.domain.corporate_action import CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId, Symbol, read_signal
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.tick import PortfolioKey, TickRequest
from backend.domain.track_record import DailyReturn
from backend.domain.trading_state import TradingState
from backend.engine.control import command
from backend.engine.cycle import Cycle
from backend.ports.bars import Bars
from backend.ports.strategies import IntradayBars
from tests.fakes.broker import FakeBroker

AT = datetime(2026, 1, 30, 21, 1, tzinfo=UTC)
KEY = PortfolioKey(tenant_id="acme")
AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")
NO_BREAKERS = BreakerLimits(
    drawdown_warning=1.0,
    drawdown_reduce=1.0,
    max_drawdown=1.0,
    daily_loss_limit=1.0,
    failure_cascade_count=0,
    equity_jump_limit=1e9,
    price_jump_limit=1e9,
    stale_after_days=0,
)
PRICES = {AAPL: Decimal("100"), MSFT: Decimal("50")}


class SetClock:
    def __init__(self, now: datetime = AT) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class FixedBars:
    """Three flat days at the broker's present prices, which are the closes of every day; ``actions`` as they are."""

    def __init__(self, prices: Mapping[Symbol, Decimal], actions: Sequence[CorporateAction] = ()) -> None:
        self.prices = prices
        self.actions = actions

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

    def intraday(self, symbols: Sequence[Symbol], *, minutes: int, until: datetime, count: int) -> MarketData:
        raise MarketDataError(f"expected bars of {minutes} minutes, found daily ones only; use another fake")

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        return {symbol: self.prices[symbol] for symbol in symbols if symbol in self.prices}

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        return {symbol: self.prices[symbol] for symbol in symbols if symbol in self.prices}

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        found = [each for each in self.actions if each.symbol in symbols and first <= each.ex_day <= last]
        return sorted(found, key=lambda each: each.ex_day)


class DatedBars(FixedBars):
    """Closes by day: of a day without any, the newest before it."""

    def __init__(self, prices: Mapping[Symbol, Decimal], by_day: dict[date, Mapping[Symbol, Decimal]]) -> None:
        super().__init__(prices)
        self.by_day = by_day

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        known = max((each for each in self.by_day if each <= day), default=None)
        closes = {} if known is None else self.by_day[known]
        return {symbol: closes[symbol] for symbol in symbols if symbol in closes}


class ScriptedStrategies:
    """Says what it is told; ``seen`` keeps the account snapshots that it was shown."""

    def __init__(self, **signals: Mapping[str, Any]) -> None:
        self.signals: dict[str, Mapping[str, Any]] = dict(signals)
        self.seen: list[AccountSnapshot] = []

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
        intraday: IntradayBars | None = None,
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
    bars: Bars | None = None,
) -> Cycle:
    venue = broker if broker is not None else FakeBroker(Decimal(100_000), PRICES)
    return Cycle(
        store=store,
        broker=venue,
        bars=bars or FixedBars(PRICES),
        strategies=strategies,
        summarizer=TemplateSummarizer(),
        clock=clock or SetClock(),
        policy=policy or DecisionPolicy(),
        symbols=(AAPL, MSFT),
        entropy=lambda request: blake2b(request.tick_id.encode(), digest_size=32).digest(),
    )


def write_returns(documents: Documents, strategy: str, returns: Sequence[float], last: date) -> None:
    """Put returns of the days up to ``last`` on the track record, the way closing those days does."""
    observed = DocumentStore(documents).observe_book(KEY)
    days = [last - timedelta(days=len(returns) - 1 - i) for i in range(len(returns))]
    record = observed.record.extended(
        [DailyReturn(strategy=StrategyId(strategy), day=d, value=v) for d, v in zip(days, returns, strict=True)],
        checked_on=last,
    )
    documents.commit(track_record_writes(record, KEY, observed.versions.record))


def restrict(store: Any, state: TradingState, at: datetime = AT) -> None:
    """Hold trading down to a state, as an operator does."""
    orders = {TradingState.REDUCING: ReduceOnly, TradingState.HALTED: Halt}
    command(orders[state](by="ann", reason="test"), tenant_id=KEY.tenant_id, control=store, now=lambda: at)
