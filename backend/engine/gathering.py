"""Gather what a decision depends on: prices, what the strategies say, the track record, a look for the breakers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.account import Account
from backend.domain.book import PortfolioBook
from backend.domain.commitment import account_snapshot
from backend.domain.decision import DecisionInputs
from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.market import MarketData
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Symbol
from backend.domain.tick import Observation, TickRequest
from backend.engine.bookkeeping import Standing
from backend.engine.policies import policy_of
from backend.engine.sightings import Look, sighting
from backend.engine.track_records import current_record
from backend.ports.strategies import IntradayBars

if TYPE_CHECKING:
    from backend.engine.cycle import Cycle


def gathered(
    request: TickRequest, cycle: "Cycle", current: Observation, account: Account, standing: Standing
) -> tuple[DecisionInputs, bool]:
    """Return the inputs of a decision, and whether the track record was brought up to date for it.

    Raises
    ------
    ConfigurationError, MarketDataError
        The portfolio's definition or the tenant's configuration is wrong, or there are no prices.
    """
    now = cycle.clock.now()
    policy = policy_of(cycle.policy, current.configuration)
    market = _market(_universe(cycle, current, policy), now, cycle)
    symbols = tuple(Symbol(symbol) for symbol in market)
    snapshot = account_snapshot(account, current.book)
    with cycle.telemetry.stage("strategies"):
        evaluation = cycle.strategies.evaluate(market, snapshot, None, policy.strategies, _intraday(now, cycle))
    record, is_extended = current_record(
        cycle.store, request.key, current.record, now.date(), evaluation.signals.keys()
    )
    look = Look(at=now, market=market, prices=cycle.bars.latest(symbols, at=now))
    trading = current.trading
    inputs = DecisionInputs(
        tenant_id=request.key.tenant_id,
        tick_id=request.tick_id,
        now=now,
        entropy=cycle.entropy(request),
        signals=evaluation.signals,
        failures=evaluation.failures,
        record=record,
        policy=policy,
        book=_shown(current.book),
        trading_state=trading.state,
        latched=trading.latched,
        guard=trading.guard,
        sighting=sighting(look, account, standing, failed=evaluation.failures, statements=cycle.statements),
        reserved=trading.reserved,
        working=trading.sides(),
        reserved_in=trading.reserved_in(),
        is_rebalance_ordered=request.key.portfolio_id in trading.rebalances,
        liquidating=trading.liquidation.get(request.key.portfolio_id, frozenset()),
        account=account,
        prices=look.prices,
        assets=cycle.broker.assets(symbols),
    )
    return inputs, is_extended


def _shown(book: PortfolioBook) -> PortfolioBook:
    """Leave out what no rule asks for; what a model did to a summary, least of all."""
    return replace(book, paper={}, lease=None, told=replace(book.told, fallback_on=None))


def _universe(cycle: "Cycle", current: Observation, policy: DecisionPolicy) -> tuple[Symbol, ...]:
    """Return the portfolio's own symbols, else the configured ones, those of strategies, and what the sleeves hold."""
    symbols = current.portfolio.get("symbols", cycle.symbols)
    if not isinstance(symbols, list | tuple) or not all(isinstance(symbol, str) and symbol for symbol in symbols):
        raise ConfigurationError(
            f"portfolios/…: expected symbols to be a list of tickers, found {symbols!r}; correct it"
        )
    own = [symbol for each in policy.strategies for symbol in each.symbols]
    return tuple(sorted({*map(Symbol, symbols), *own, *current.book.held()}))


def _market(universe: tuple[Symbol, ...], now: datetime, cycle: "Cycle") -> MarketData:
    market = cycle.bars.daily(universe, until=now, days=cycle.history_days)
    if universe and not market:
        raise MarketDataError(
            f"expected daily bars of at least one of {', '.join(universe)}, found none until {now.isoformat()}; "
            "check the price source and the symbols"
        )
    return market


def _intraday(now: datetime, cycle: "Cycle") -> IntradayBars:
    def read(minutes: int, symbols: Sequence[Symbol]) -> MarketData:
        return cycle.bars.intraday(symbols, minutes=minutes, until=now, count=cycle.history_days)

    return read
