"""The samples of one scrape: a portfolio's standing as names, labels and numbers."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.errors import MarketDataError
from backend.domain.guard import Guard
from backend.domain.mode import Mode
from backend.domain.notices import cumulative_returns
from backend.domain.order import OrderStatus
from backend.domain.signal import Symbol
from backend.domain.tenant_summary import TenantSummary
from backend.domain.trading_state import Trading, TradingState
from maestro.monitoring.standing import Standing

_RISK = {
    "correlation_max": "strategy_correlation_max",
    "var": "value_at_risk_ratio",
    "cvar": "conditional_value_at_risk_ratio",
    "leverage": "leverage_ratio",
    "concentration": "concentration_ratio",
}
_ALLOCATION = {"cash": "allocation_cash_ratio", "turnover": "allocation_turnover_ratio"}


class Sample(NamedTuple):
    """One number; ``labels`` are those beside tenant and portfolio, in the catalogue's order."""

    metric: str
    value: float
    labels: tuple[str, ...] = ()


def samples(standing: Standing) -> Iterator[Sample]:
    """Yield every number that is known; what is unknown is left out, never 0."""
    observed = standing.observed
    yield from _trading(observed.trading)
    yield from _equity(observed.trading.guard)
    for status in OrderStatus:
        if not status.is_final:
            count = sum(order.status is status for order in observed.book.open_orders.values())
            yield Sample("open_orders", count, (status.value,))
    yield from _sleeves(observed.book, observed.trading.guard.accepted_prices)
    for name, growth in cumulative_returns(observed.record).items():
        if name in observed.book.strategies:
            yield from _known("strategy_cumulative_return_ratio", growth, name)
    yield from _last_day(standing)
    yield from _decision(standing)
    yield from _parts(standing)


def summary_samples(summary: TenantSummary, portfolio_id: str) -> Iterator[Sample]:
    """Yield what the tenant's summary tells; of its newest tick only where that is this portfolio's."""
    yield Sample("consecutive_failures", summary.consecutive_failures)
    if summary.last_failure is not None:
        yield Sample("last_failure_timestamp_seconds", summary.last_failure.at.timestamp())
    tick = summary.last_tick
    if tick is None or tick.portfolio_id != portfolio_id:
        return
    yield Sample("last_tick_unresolved_orders", tick.unresolved)
    if tick.measured.durations:
        for stage, milliseconds in tick.measured.durations.items():
            yield Sample("last_tick_stage_seconds", milliseconds / 1000, (stage,))
        yield Sample("last_tick_documents", tick.measured.traffic.documents_read, ("read",))
        yield Sample("last_tick_documents", tick.measured.traffic.documents_written, ("written",))
        yield Sample("last_tick_round_trips", tick.measured.traffic.round_trips)


def _trading(trading: Trading) -> Iterator[Sample]:
    for state in TradingState:
        yield Sample("trading_state", float(trading.state is state), (state.value,))
    yield Sample("trading_epoch", trading.epoch)
    for source, restriction in trading.restrictions.items():
        yield Sample("trading_restriction", 1.0, (source, restriction.state.value))
    yield Sample("reserved_buying_power", float(trading.reserved))
    yield Sample("log_entries_total", trading.log_count)


def _equity(guard: Guard) -> Iterator[Sample]:
    if guard.equity is None:
        return
    yield Sample("equity", float(guard.equity))
    if guard.equity_at is not None:
        yield Sample("equity_timestamp_seconds", guard.equity_at.timestamp())
    if guard.high_water_mark > 0:
        yield Sample("high_water_mark", float(guard.high_water_mark))
        yield Sample("drawdown_ratio", max(0.0, float(1 - guard.equity / guard.high_water_mark)))
    if guard.day_start_equity > 0:
        yield Sample("day_pnl_ratio", float(guard.equity / guard.day_start_equity - 1))


def _sleeves(book: PortfolioBook, prices: Mapping[Symbol, Decimal]) -> Iterator[Sample]:
    for name, standing in sorted(book.strategies.items()):
        if standing.mode is not None:
            for mode in Mode:
                yield Sample("strategy_mode", float(standing.mode.mode is mode), (name, mode.value))
        worth = _worth(standing, prices)
        if worth is not None:
            yield Sample("strategy_sleeve_value", float(worth[0]), (name,))
            yield Sample("strategy_pnl", float(worth[1]), (name,))


def _worth(standing: StrategyBook, prices: Mapping[Symbol, Decimal]) -> tuple[Decimal, Decimal] | None:
    """Value the real sleeve, with all that it has gained; None while something that it holds has no price."""
    sleeve = standing.real
    try:
        return sleeve.cost() + sleeve.unrealised(prices), sleeve.pnl(prices)
    except MarketDataError:
        return None


def _last_day(standing: Standing) -> Iterator[Sample]:
    for day in standing.last_day:
        yield Sample("strategy_day_pnl", float(day.real_pnl), (day.strategy_id,))
        yield from _known("strategy_day_return_ratio", day.daily_return, day.strategy_id)
    cuts = [day.closes_at for day in standing.last_day if day.closes_at is not None]
    if cuts:
        yield Sample("closed_day_timestamp_seconds", max(cuts).timestamp())


def _decision(standing: Standing) -> Iterator[Sample]:
    if standing.newest is None:
        return
    body = standing.newest.body
    yield Sample("last_decision_timestamp_seconds", standing.newest.timestamp.timestamp())
    yield from _known("last_decision_orders", len(body["orders"]) if "orders" in body else None)
    if "systemic_risk_detected" in body:
        yield Sample("systemic_override", float(body["systemic_risk_detected"]))
    for name in sorted(body.get("failures", ())):
        yield Sample("strategy_failed", 1.0, (name,))
    for each in body.get("allocation_decisions", ()):
        yield from _known("strategy_sharpe_ratio", each.get("sharpe_ratio"), each["strategy_name"])
        yield from _known("strategy_observations", each.get("n"), each["strategy_name"])
    for name, signal in sorted(body.get("signals", {}).items()):
        yield from _known("strategy_base_weight_ratio", signal.get("base_weight"), name)
        yield from _known("strategy_multiplier_ratio", signal.get("weight_multiplier"), name)


def _parts(standing: Standing) -> Iterator[Sample]:
    allocation, risk = standing.part("allocation"), standing.part("risk")
    for key, metric in _ALLOCATION.items():
        yield from _known(metric, allocation.get(key))
    for name, weight in sorted((allocation.get("weights") or {}).items()):
        yield from _known("strategy_weight_ratio", weight, name)
    if allocation.get("method"):
        yield Sample("allocation_info", 1.0, (str(allocation["method"]),))
    for key, metric in _RISK.items():
        yield from _known(metric, risk.get(key))


def _known(metric: str, value: Any, *labels: str) -> Iterator[Sample]:
    """Yield a number, or its decimal text; nothing where it is None or not finite."""
    number = math.nan if value is None else float(value)
    if math.isfinite(number):
        yield Sample(metric, number, labels)
