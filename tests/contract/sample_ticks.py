"""Ticks as the engine commits and records them, with every field away from its default."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from backend.domain.account import Account
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.guard import Guard
from backend.domain.journal import Filled, JournalEntry, ModeEntered
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill, Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId, OrderIntent, OrderKind, OrderState, OrderStatus, Side
from backend.domain.paper import PaperAccount, Step
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Action, StrategyId, StrategySignal, Symbol
from backend.domain.sleeve import Mark, Sleeve
from backend.domain.tick import (
    LogEntry,
    PortfolioKey,
    TickCommit,
    TickRecord,
    TickRequest,
    TickState,
    TickStatus,
    Versions,
)
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import GENESIS_HASH, Restriction, Trading, TradingState, WorkingOrder
from backend.engine.log_entry import log_entry

NOW = datetime(2025, 3, 14, 15, 9, 26, 535898, tzinfo=UTC)
KEY = PortfolioKey(tenant_id="acme")
SHADOWED = StrategyId("reversion")


def request_at(minute: int = 0, key: PortfolioKey = KEY) -> TickRequest:
    return TickRequest(key=key, scheduled_at=NOW + timedelta(minutes=minute))


def track_record(strategies: int, days: int = 60, *, seed: int = 7) -> TrackRecord:
    """Returns with gaps, losses, and virtual days."""
    random = np.random.default_rng(seed)
    returns = random.normal(-0.001, 0.02, (days, strategies))
    returns[random.random(returns.shape) < 0.1] = np.nan
    first = date(2025, 1, 10)
    return TrackRecord(
        strategies=tuple(StrategyId(f"strategy-{n:05d}") for n in range(strategies)),
        days=tuple(first + timedelta(days=n) for n in range(days)),
        returns=returns,
        is_virtual=random.random(returns.shape) < 0.3,
        checked_on=date(2025, 3, 14),
    )


@cache
def inputs(strategies: int = 3) -> DecisionInputs:
    """A momentum strategy that buys, a reversion strategy in shadow that buys, and holders beyond."""
    record = track_record(strategies)
    names = (StrategyId("momentum"), SHADOWED, *record.strategies[2:])
    record = replace(record, strategies=tuple(sorted(names)))
    losing = record.strategies.index(SHADOWED)
    record.returns[:, losing] = np.linspace(-0.02, -0.001, len(record.days))
    winning = record.strategies.index(StrategyId("momentum"))
    record.returns[:, winning] = np.linspace(0.001, 0.02, len(record.days))
    signals = {
        name: StrategySignal(
            action=Action.BUY if name in names[:2] else Action.HOLD,
            ticker=Symbol("AAPL"),
            allocation=0.2,
            confidence=0.75,
            reasoning="the price is above its average — ε",
        )
        for name in sorted(names)
    }
    return DecisionInputs(
        tenant_id=KEY.tenant_id,
        tick_id=request_at().tick_id,
        now=NOW,
        entropy=b"\x01" * 32,
        signals=signals,
        record=record,
        policy=DecisionPolicy(lookback_days=60),
        account=Account(
            account_id="PA1", equity=Decimal("100000"), cash=Decimal("100000"), buying_power=Decimal("100000")
        ),
        prices={Symbol("AAPL"): Decimal("212.37")},
    )


def decision(request: TickRequest, strategies: int = 3) -> Decision:
    return decide(replace(inputs(strategies), tenant_id=request.key.tenant_id, tick_id=request.tick_id))


def log_for(request: TickRequest, decided: Decision, *, previous_hash: str = GENESIS_HASH) -> LogEntry:
    derived_from = replace(inputs(len(decided.strategies)), tenant_id=request.key.tenant_id, tick_id=request.tick_id)
    return log_entry(
        derived_from,
        decided,
        key=request.key,
        trading=Trading(log_head=previous_hash),
        summary="one buys, one learns in shadow",
    )


def order(request: TickRequest, number: int = 0, **changes: Any) -> OrderState:
    """A partially filled limit order with every field set."""
    intent = OrderIntent(
        client_order_id=ClientOrderId(f"mae-{request.key.tenant_id}-{request.tick_id}-{number}"),
        strategy=StrategyId("momentum"),
        symbol=Symbol("BRK/B"),
        side=Side.SELL,
        quantity=Decimal("3.141592653589793238"),
        kind=OrderKind.LIMIT,
        limit_price=Decimal("0.10"),
        reserved=Decimal("0.30"),
        observed_price=Decimal("0.1000"),
        agent_id="acme_momentum",
        nonce="0123456789abcdef0123456789abcdef",
    )
    state = OrderState(
        intent=intent,
        tick_id=str(request.tick_id),
        decided_at=NOW,
        status=OrderStatus.PARTIALLY_FILLED,
        broker_order_id="b-1",
        booked_quantity=Decimal("1.5"),
        booked_value=Decimal("0.1500"),
        reason="half of it",
    )
    return replace(state, **changes)


def book(*orders: OrderState, strategies: int = 1, entries: int = 0) -> PortfolioBook:
    lots = {
        Symbol("AAPL"): (
            Lot(quantity=Decimal("1.50"), price=Decimal("212.370")),
            Lot(quantity=Decimal(2), price=Decimal(9)),
        )
    }
    real = Sleeve(
        lots=lots,
        realised=Decimal("-3.10"),
        fees=Decimal("0.30"),
        slippage=Decimal("-0.40"),
        spared=Decimal("0.050"),
        mark=Mark(
            pnl=Decimal("7.77"),
            realised=Decimal("-0.5"),
            fees=Decimal("0.10"),
            slippage=Decimal("0.20"),
            spared=Decimal("0.010"),
        ),
    )
    each = StrategyBook(
        mode=ModeState(mode=Mode.SHADOW_MODE, since=NOW, reason="Sharpe −1.00 < 0.50 (n=60)"),
        real=real,
        virtual=replace(real, realised=Decimal("12.5")),
        weight=Decimal("0.250"),
        capital=Decimal("20000.00"),
    )
    account = PaperAccount(
        cash=Decimal("-1000.10"), quantities={Symbol("AAPL"): Decimal("4.709")}, mark=Decimal("-0.0500")
    )
    names = [SHADOWED, *(StrategyId(f"strategy-{n:05d}") for n in range(1, strategies))]
    return PortfolioBook(
        strategies=dict.fromkeys(names, each),
        open_orders={each.intent.client_order_id: each for each in orders},
        paper=dict.fromkeys(names, dict.fromkeys(Step, account)),
        entries=entries,
        actions_through=date(2025, 3, 14),
        charged={"20250313000000000::fee": date(2025, 3, 13)},
    )


def working(**reserved: str) -> dict[ClientOrderId, WorkingOrder]:
    """Orders under way by what they reserve."""
    return {
        ClientOrderId(name): WorkingOrder(symbol=Symbol("BRK/B"), side=Side.BUY, reserved=Decimal(amount))
        for name, amount in reserved.items()
    }


GUARD = Guard(
    equity=Decimal("95000.10"),
    equity_at=NOW,
    high_water_mark=Decimal("100000.10"),
    accepted_prices={Symbol("BRK/B"): Decimal("410.50")},
    missing_orders=frozenset({ClientOrderId("mae-9")}),
)


def trading(log_head: str, **reserved: str) -> Trading:
    return Trading(
        epoch=3,
        restrictions={
            "drawdown": Restriction(state=TradingState.REDUCING, reason="16 %", by="breaker", since=NOW),
            "operator": Restriction(state=TradingState.REDUCING, reason="holiday", by="ann", since=NOW),
        },
        guard=GUARD,
        working=working(**reserved),
        sleeves={"main": {Symbol("BRK/B"): Decimal("3.50")}, "second": {}},
        external={Symbol("AAPL"): Decimal("-0.10")},
        liquidation={"main": frozenset({StrategyId("momentum"), StrategyId("a/b")})},
        log_head=log_head,
        log_count=1,
    )


def entry(number: int, run_id: str = "main-1") -> JournalEntry:
    """One commit's events: a mode, a fill and a cross."""
    state = ModeState(mode=Mode.SHADOW_MODE, since=NOW, reason="Sharpe −1.00 < 0.50 (n=60)")
    fill = Fill(
        symbol=Symbol("AAPL"),
        side=Side.SELL,
        quantity=Decimal("1.50"),
        price=Decimal("212.370"),
        fees=Decimal("0.01"),
        slippage=Decimal("-0.002"),
        spared=Decimal("0.10"),
    )
    at = NOW - timedelta(seconds=number)
    return JournalEntry(
        number=number,
        committed_at=NOW,
        run_id=run_id,
        events=(
            ModeEntered(at=at, strategy=SHADOWED, state=state),
            Filled(at=at, strategy=SHADOWED, fill=fill, trade_id=f"t-{number}", order_id="b-1"),
            Filled(at=at, strategy=SHADOWED, fill=fill, trade_id=f"crs-{number}-sell", is_cross=True),
        ),
    )


def _number(request: TickRequest) -> int:
    """Two entries a tick: its commit's and its record's."""
    return int((request.scheduled_at - NOW) / timedelta(minutes=1)) * 2 + 1


def tick_commit(
    request: TickRequest, *, expected: Versions | None = None, orders: int = 2, **changes: Any
) -> TickCommit:
    decided = decision(request, changes.pop("strategies", 3))
    logged = log_for(request, decided)
    placed = tuple(order(request, n, status=OrderStatus.INTENT) for n in range(orders))
    number = _number(request)
    commit = TickCommit(
        request=request,
        expected=expected or Versions(),
        tick=TickState(
            status=TickStatus.COMMITTED,
            committed_at=NOW + timedelta(microseconds=1),
            session_id=decided.session_id,
            account_id="PA1",
            orders=placed,
        ),
        decision=decided,
        log=logged,
        trading=trading(logged.entry_hash, first="0.30", second="1000.10"),
        book=book(*placed, entries=number),
        journal=entry(number, request.tick_id),
    )
    return replace(commit, **changes)


def tick_record(commit: TickCommit, versions: Versions, **changes: Any) -> TickRecord:
    filled = tuple(replace(each, status=OrderStatus.FILLED, reason="") for each in commit.tick.orders)
    number = _number(commit.request) + 1
    record = TickRecord(
        request=commit.request,
        expected=versions,
        tick=replace(commit.tick, status=TickStatus.DONE, orders=filled),
        trading=trading(commit.log.entry_hash),
        book=book(entries=number),
        orders=filled,
        trades=tuple(trade(each) for each in filled),
        journal=entry(number, commit.request.tick_id),
        log_id=commit.log.log_id,
    )
    return replace(record, **changes)


def trade(filled: OrderState) -> LedgerTrade:
    return LedgerTrade(
        trade_id=f"{filled.intent.client_order_id}-1.5",
        tenant_id=KEY.tenant_id,
        uid="default",
        strategy_id=filled.intent.strategy,
        run_id=filled.tick_id,
        symbol=filled.intent.symbol,
        side=filled.intent.side,
        qty=Decimal("1.5"),
        price=Decimal("0.1000"),
        ts=NOW,
        order_id=filled.intent.client_order_id,
        fees=Decimal("0.01"),
        slippage=Decimal("-0.002"),
        broker_fill_id="f-1",
        account_id="PA1",
    )
