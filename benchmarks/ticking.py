"""One portfolio on the emulator that is ticked over and over, quiet and trading."""

from typing import Any

from backend.adapters.documents import DocumentStore, open_documents
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.engine.cycle import Cycle, run_cycle
from backend.ports.broker import Broker
from benchmarks.fund import CASH, OPENS_AT, Clock, Stage, bars, strategies
from benchmarks.per_strategy_reads import TENANT
from functions.strategies.loader import StrategyLoader
from tests.fakes.broker import FakeBroker

KEY = PortfolioKey(tenant_id=TENANT)


class Ticker:
    """Runs whole ticks: loader, strategies, bars, broker, store and cycle are production's own."""

    def __init__(self, client: Any, count: int, broker: Broker | None = None) -> None:
        source = bars()
        self._clock = Clock()
        self._stage = Stage()
        prices = source.daily(source.symbols, until=OPENS_AT, days=1).prices()
        self._cycle = Cycle(
            store=DocumentStore(open_documents(client)),
            broker=broker or FakeBroker(CASH, prices),
            bars=source,
            strategies=StrategyLoader(tenant_id=TENANT, strategies=strategies(count, source.symbols, self._stage)),
            summarizer=TemplateSummarizer(),
            clock=self._clock,
            policy=DecisionPolicy(),
            symbols=source.symbols,
        )

    def tick(self, *, is_trading: bool) -> TickResult:
        """Run the next minute's tick.

        Raises
        ------
        ValueError
            It sent orders when it should be quiet, or none when it should trade.
        """
        self._stage.set_trading(is_trading)
        result = run_cycle(TickRequest(key=KEY, scheduled_at=self._clock.next_tick()), self._cycle)
        if bool(result.orders) != is_trading:
            raise ValueError(f"{result.tick_id}: expected trading={is_trading}, found {len(result.orders)} orders")
        return result
