"""Replay recorded trading days through the production cycle, one tick and one close a day.

1. move clock and venue to just after the day's close;
2. run the tick: the same ``run_cycle`` as in production, against whatever broker and store the cycle holds;
3. close the day, so that the next tick is scored on it;
4. note modes, allocations and equity for the report.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import blake2b
from zoneinfo import ZoneInfo

from backend.domain.book import PortfolioBook
from backend.domain.closing import ClosedDay
from backend.domain.decision import Decision
from backend.domain.equity_change import equity_changes
from backend.domain.errors import MarketDataError
from backend.domain.mode import Mode
from backend.domain.order import OrderState
from backend.domain.shadow import demotions
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.snapshots import DayClose, close_days
from maestro.backtest.outcome import ModeEvent, OrderEvent, OverrideEvent, ReplayOutcome, StrategyLine, StrategyPath

NEW_YORK = ZoneInfo("America/New_York")
AFTER_CLOSE = time(16, 1)


class ReplayClock:
    """A clock that stands where the replay put it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, now: datetime) -> None:
        self._now = now


def after_close(day: date) -> datetime:
    """Return the instant one minute after the New York close, in UTC."""
    return datetime.combine(day, AFTER_CLOSE, NEW_YORK).astimezone(UTC)


def seeded_entropy(request: TickRequest) -> bytes:
    """Derive nonces from the tick alone, so that two replays are equal to the byte."""
    return blake2b(request.tick_id.encode(), digest_size=32).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What to replay: ``move`` is told each new instant before its tick, ``progress`` each result after it."""

    key: PortfolioKey
    days: Sequence[date]
    close: DayClose
    clock: ReplayClock
    move: Callable[[datetime], None]
    progress: Callable[[date, TickResult], None] = lambda _day, _result: None

    def run(self) -> ReplayOutcome:
        """Play every day.

        Raises
        ------
        MarketDataError
            There is no day to play.
        """
        if not self.days:
            raise MarketDataError("expected at least one trading day to replay, found none; choose another window")
        diary = _Diary()
        for day in self.days:
            at = after_close(day)
            self.clock.move(at)
            self.move(at)
            result = run_cycle(TickRequest(key=self.key, scheduled_at=at), self.cycle)
            closed = close_days(self.key, day, self.close)
            diary.note(day, result, closed, self._marked(day))
            self.progress(day, result)
        return diary.outcome(self._buy_and_hold())

    @property
    def cycle(self) -> Cycle:
        return self.close.cycle

    def _marked(self, day: date) -> "_Marked":
        book = self.close.store.observe_book(self.key).book
        held = {symbol for each in book.strategies.values() for symbol in each.real.lots}
        prices = self.cycle.bars.daily(sorted(held), until=self.clock.now(), days=1).prices() if held else {}
        return _Marked(day=day, equity=self.cycle.broker.account().equity, book=book, prices=prices)

    def _buy_and_hold(self) -> tuple[float, ...]:
        """Value an equal-weight purchase of every symbol on the first day's close, held."""
        days = len(self.days)
        market = self.cycle.bars.daily(self.cycle.symbols, until=self.clock.now(), days=days)
        curves = [history.close / history.close[0] for history in market.values() if len(history.close) == days]
        if not curves:
            raise MarketDataError("expected a symbol with a close on every day of the replay, found none")
        return tuple(float(sum(curve[i] for curve in curves) / len(curves)) for i in range(days))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    day: date
    equity: Decimal
    book: PortfolioBook
    prices: Mapping[Symbol, Decimal]

    def allocation(self, strategy: StrategyId) -> float:
        holdings = self.book.of(strategy).real.holdings()
        value = sum((quantity * self.prices[symbol] for symbol, quantity in holdings.items()), Decimal(0))
        return float(value / self.equity)


@dataclass(slots=True)
class _Diary:
    """Notes of every day, turned into the outcome at the end."""

    days: list[_Marked] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    returns: list[dict[str, float | None]] = field(default_factory=list)
    strategy_days: list[StrategyPerformanceSnapshot] = field(default_factory=list)
    portfolio_days: list[PortfolioPerformanceSnapshot] = field(default_factory=list)
    orders: list[tuple[date, OrderState]] = field(default_factory=list)
    fills: int = 0

    def note(
        self,
        day: date,
        result: TickResult,
        closed: Sequence[ClosedDay],
        marked: _Marked,
    ) -> None:
        if result.decision is None:
            raise MarketDataError(f"{day}: this day was replayed into the store before; start with an empty one")
        self.days.append(marked)
        self.decisions.append(result.decision)
        self.returns.append({each.strategy_id: each.daily_return for last in closed for each in last.strategies})
        self.strategy_days.extend(each for last in closed for each in last.strategies)
        self.portfolio_days.extend(last.portfolio for last in closed)
        self.orders.extend((day, order) for order in result.orders)
        self.fills += len(result.trades)

    def outcome(self, growth: tuple[float, ...]) -> ReplayOutcome:
        first = float(self.days[0].equity)
        failures = Counter(name for decision in self.decisions for name in decision.failures)
        return ReplayOutcome(
            days=tuple(marked.day for marked in self.days),
            equity=tuple(float(marked.equity) for marked in self.days),
            benchmark=tuple(first * each for each in growth),
            strategies=_lines(self.decisions[-1]),
            paths=self._paths(),
            mode_changes=tuple(self._mode_changes()),
            overrides=tuple(self._overrides()),
            orders=tuple(_order_event(day, order) for day, order in self.orders),
            fills=self.fills,
            ticks=len(self.days),
            demotions=demotions(self.strategy_days),
            equity_changes=equity_changes(self.portfolio_days, self.strategy_days),
            failures=dict(sorted(failures.items())),
        )

    def _paths(self) -> dict[str, StrategyPath]:
        return {name: self._path(name) for name in self.days[-1].book.strategies}

    def _path(self, name: StrategyId) -> StrategyPath:
        """A day on which the strategy failed keeps its mode and has no Sharpe ratio."""
        decided = [{each.strategy: each for each in decision.strategies}.get(name) for decision in self.decisions]
        modes = [marked.book.of(name).mode for marked in self.days]
        return StrategyPath(
            mode=tuple(state.mode.value if state else Mode.ACTIVE.value for state in modes),
            sharpe=tuple(each.sharpe if each else None for each in decided),
            allocation=tuple(marked.allocation(name) for marked in self.days),
            returns=tuple(returns.get(name) for returns in self.returns),
        )

    def _mode_changes(self) -> Iterator[ModeEvent]:
        for marked, decision in zip(self.days, self.decisions, strict=True):
            for change in decision.mode_changes:
                if change.before is not None:
                    yield ModeEvent(
                        day=marked.day,
                        strategy=change.strategy,
                        before=change.before.value,
                        after=change.after.mode.value,
                        reason=change.after.reason,
                    )

    def _overrides(self) -> Iterator[OverrideEvent]:
        for marked, decision in zip(self.days, self.decisions, strict=True):
            if decision.systemic_risk_detected:
                held = tuple(each.strategy for each in decision.strategies if each.action is not each.signal.action)
                yield OverrideEvent(day=marked.day, sellers=decision.systemic_sellers, held=held)


def _lines(decision: Decision) -> tuple[StrategyLine, ...]:
    return tuple(
        StrategyLine(
            strategy=each.strategy,
            mode=each.mode.value,
            sharpe=each.sharpe,
            n=each.n,
            original_allocation=each.base_weight,
            final_allocation=each.base_weight * each.multiplier,
            why=each.override_reason or each.reasoning,
        )
        for each in decision.strategies
    )


def _order_event(day: date, order: OrderState) -> OrderEvent:
    filled = order.booked_quantity
    return OrderEvent(
        day=day,
        strategy=order.intent.strategy,
        symbol=order.intent.symbol,
        side=order.intent.side.value,
        status=order.status.value,
        quantity=float(filled) if filled else None,
        price=float(order.booked_value / filled) if filled else None,
    )
