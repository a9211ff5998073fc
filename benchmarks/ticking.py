"""One portfolio on the emulator that is ticked over and over, quiet and trading."""

from typing import Any

from backend.adapters.documents import Documents, DocumentStore, open_documents
from backend.adapters.documents.counted import CountedDocuments
from backend.adapters.documents.lease_documents import LeaseDocuments
from backend.adapters.log_telemetry import LogTelemetry
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.command import Halt, Obeyed
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.engine.control import command
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.leasing import StoredLeases
from backend.engine.telling import NoTelemetry
from backend.ports.broker import Broker
from backend.ports.telemetry import Telemetry
from benchmarks.fund import CASH, OPENS_AT, Clock, Stage, bars, strategies
from benchmarks.per_strategy_reads import TENANT
from functions.strategies.loader import StrategyLoader
from tests.fakes.broker import FakeBroker

KEY = PortfolioKey(tenant_id=TENANT)


class Ticker:
    """Runs whole ticks: loader, strategies, bars, broker, store and cycle are production's own.

    Parameters
    ----------
    is_logged : whether every step becomes a line of the log, as in a deployed process, and what it reads is counted
    """

    def __init__(self, client: Any, count: int, broker: Broker | None = None, *, is_logged: bool = False) -> None:
        source = bars()
        self._clock = Clock()
        self._stage = Stage()
        prices = source.daily(source.symbols, until=OPENS_AT, days=1).prices()
        documents: Documents = open_documents(client)
        telemetry: Telemetry = NoTelemetry()
        if is_logged:
            documents = counted = CountedDocuments(documents)
            telemetry = LogTelemetry(counted.traffic)
        self._store = DocumentStore(documents)
        self._cycle = Cycle(
            store=self._store,
            broker=broker or FakeBroker(CASH, prices),
            bars=source,
            strategies=StrategyLoader(tenant_id=TENANT, strategies=strategies(count, source.symbols, self._stage)),
            summarizer=TemplateSummarizer(),
            leases=StoredLeases(LeaseDocuments(documents)),
            clock=self._clock,
            policy=DecisionPolicy(),
            symbols=source.symbols,
            telemetry=telemetry,
        )

    def tick(self, *, is_trading: bool) -> TickResult:
        """Run the next minute's tick.

        Raises
        ------
        ValueError
            It sent orders when it should be quiet, or none when it should trade.
        """
        return self._tick(wants_trades=is_trading, is_trading=is_trading)

    def held_tick(self) -> TickResult:
        """Run the next minute's tick, with strategies that want to trade and may not."""
        return self._tick(wants_trades=True, is_trading=False)

    def halt(self) -> Obeyed:
        """Halt trading, as ``maestro halt`` does."""
        order = Halt(by="bench", reason="bench")
        return command(order, tenant_id=TENANT, control=self._store, now=self._clock.now)

    def _tick(self, *, wants_trades: bool, is_trading: bool) -> TickResult:
        self._stage.set_trading(wants_trades)
        result = run_cycle(TickRequest(key=KEY, scheduled_at=self._clock.next_tick()), self._cycle)
        if bool(result.orders) != is_trading:
            raise ValueError(f"{result.tick_id}: expected trading={is_trading}, found {len(result.orders)} orders")
        return result
