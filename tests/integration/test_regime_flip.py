"""A strategy that loses, is shadowed, wins on paper and is active again: Firestore, alpaca-py and the paper broker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.alpaca import AlpacaBars, AlpacaBroker
from backend.adapters.alpaca.statements import AlpacaStatements
from backend.adapters.documents import DocumentStore, open_documents
from backend.adapters.documents.performance_history import DocumentPerformanceHistory
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.session import Session
from backend.domain.signal import Symbol
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.snapshots import DayClose, close_days
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.cycle import KEY, ScriptedStrategies, SetClock, buy, cycle_of, sell, tick_at

pytestmark = pytest.mark.firestore

FALLING, DAYS = 9, 34
FIRST = date(2024, 1, 2)
FALLS, RISES = (Decimal("0.985"), Decimal("0.989")), (Decimal("1.012"), Decimal("1.016"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """One strategy that buys KO on four days and sells it on the fifth, while KO falls for nine days and rises then."""

    sessions: list[Session]
    server: PaperBrokerServer
    clock: SetClock
    strategies: ScriptedStrategies
    close: DayClose

    @property
    def cycle(self) -> Cycle:
        return self.close.cycle

    def orders(self) -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = self.server.state()["orders"]
        return orders


@pytest.fixture
def fund(tmp_path: Path, firestore_client_factory: Callable[..., Any]) -> Iterator[Fund]:
    calendar = ExchangeCalendar("XNYS")
    sessions = list(calendar.sessions(FIRST - timedelta(days=6), FIRST + timedelta(days=2 * DAYS)))[: DAYS + 1]
    prices = tmp_path / "prices.csv"
    price, lines = Decimal(60), []
    for number, session in enumerate(sessions):
        lines.append(f"{session.day},{price}\n")
        price = (price * (FALLS if number <= FALLING else RISES)[number % 2]).quantize(Decimal("0.01"))
    prices.write_text("date,KO\n" + "".join(lines))
    config = PaperBrokerConfig(prices=prices, start=sessions[0].closes_at, slippage_bps=Decimal(5))
    with PaperBrokerServer(config) as server:
        clock, strategies = SetClock(sessions[0].closes_at), ScriptedStrategies()
        credentials = "key", "secret"
        store = DocumentStore(open_documents(firestore_client_factory()))
        cycle = Cycle(
            store=store,
            broker=AlpacaBroker(*credentials, url=server.url),
            bars=AlpacaBars(*credentials, url=server.url),
            strategies=strategies,
            summarizer=cycle_of(store, strategies).summarizer,
            clock=clock,
            policy=DecisionPolicy(lookback_days=14),
            symbols=(Symbol("KO"),),
        )
        statements = AlpacaStatements(*credentials, url=server.url)
        close = DayClose(cycle=cycle, store=store, calendar=calendar, statements=statements)
        yield Fund(sessions=sessions[1:], server=server, clock=clock, strategies=strategies, close=close)


def test_regime_flip_brings_a_strategy_back_without_one_shadow_entry_at_the_broker(
    fund: Fund, firestore_client_factory: Callable[..., Any]
) -> None:
    modes: dict[date, Mode] = {}
    sent: dict[date, list[str]] = {}
    virtual_fills = 0
    for number, session in enumerate(fund.sessions):
        before = len(fund.orders())
        fund.clock.time = session.opens_at + timedelta(minutes=30)
        fund.server.advance(fund.clock.time)
        fund.strategies.signals = {"s": sell("KO") if number % 5 == 4 else buy("KO", 0.5)}
        result = run_cycle(tick_at(fund.clock.time), fund.cycle)
        assert result.decision is not None
        virtual_fills += len(result.decision.virtual_fills)
        modes[session.day] = result.decision.strategies[0].mode
        sent[session.day] = [order["side"] for order in fund.orders()[before:]]
        fund.clock.time = session.closes_at + timedelta(minutes=15)
        fund.server.advance(fund.clock.time)
        (closed,) = close_days(KEY, session.day, fund.close)
        assert abs(closed.portfolio.residual) <= Decimal("0.01")

    path = [after for before, after in pairwise([None, *modes.values()]) if after is not before]
    assert [mode for mode in path if mode is not Mode.REDUCED] == [Mode.ACTIVE, Mode.SHADOW_MODE, Mode.ACTIVE]
    in_shadow = [day for day, mode in modes.items() if mode is Mode.SHADOW_MODE]
    assert [side for day in in_shadow for side in sent[day]] in ([], ["sell"])  # a real position is still left
    assert virtual_fills > 2
    assert "buy" in [side for day, sides in sent.items() if day > in_shadow[-1] for side in sides]

    history = DocumentPerformanceHistory(open_documents(firestore_client_factory()))
    found = history.strategy_days(KEY, first=fund.sessions[0].day, last=fund.sessions[-1].day)
    assert [each.period_start for each in found] == [session.day for session in fund.sessions]
    promotion = min(day for day in modes if day > in_shadow[-1])
    assert {each.period_start for each in found if each.is_virtual} == {*in_shadow, promotion}
    for each in found:
        assert each.attribution is not None
        assert each.attribution.total == each.real_pnl
