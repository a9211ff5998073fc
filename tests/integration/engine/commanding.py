"""One account, its store and its broker in memory, commanded the way the command line does."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from backend.adapters.documents import DocumentStore
from backend.domain.command import Obeyed, TradingCommand
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.control import command
from backend.engine.cycle import run_cycle
from backend.engine.flattening import Flattened, flatten
from backend.engine.reconciling import Desk, Reconciled, reconcile
from backend.engine.withdrawal import IsMeant, Patience, Withdrawn, withdraw
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import KEY, PRICES, FixedBars, ScriptedStrategies, SetClock, cycle_of, tick_at
from tests.fakes.statements import FakeCalendar, FakeStatements


class CommandPost:
    """What an operator has at hand; ``pause`` lets a second pass, and does what ``meanwhile`` says."""

    def __init__(self, store: Any, cash: str = "100000", policy: DecisionPolicy | None = None) -> None:
        self.store = store
        self.clock = SetClock()
        self.broker = FakeBroker(Decimal(cash), PRICES, self.clock)
        self.policy = policy
        self.meanwhile: list[Any] = []

    def desk(self) -> Desk:
        bars = FixedBars(PRICES)
        return Desk(
            cycle=cycle_of(self.store, ScriptedStrategies(), self.broker, self.clock, self.policy, bars),
            store=self.store,
            statements=FakeStatements(self.broker, FakeCalendar(), bars),
        )

    def tick(self, key: PortfolioKey = KEY, store: DocumentStore | None = None, **signals: Any) -> TickResult:
        self.clock.time += timedelta(seconds=30)
        strategies = ScriptedStrategies(**signals)
        cycle = cycle_of(store or self.store, strategies, self.broker, self.clock, self.policy)
        return run_cycle(tick_at(self.clock.time, key), cycle)

    def order(self, given: TradingCommand) -> Obeyed:
        return command(given, tenant_id=KEY.tenant_id, control=self.store, now=self.clock.now)

    def reconcile(self, key: PortfolioKey = KEY) -> Reconciled:
        return reconcile(key, self.desk())

    def withdraw(self, is_meant: IsMeant = lambda key, order: True, seconds: float = 600) -> Withdrawn:
        return withdraw(self._desks(), self.store, is_meant, self.patience(seconds))

    def flatten(self, seconds: float = 600) -> Flattened:
        return flatten(self._desks(), self.store, self.patience(seconds))

    def patience(self, seconds: float) -> Patience:
        return Patience(limit=timedelta(seconds=seconds), now=self.clock.now, pause=self.pause)

    def pause(self) -> None:
        self.clock.time += timedelta(seconds=1)
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def _desks(self) -> dict[PortfolioKey, Desk]:
        return {key: self.desk() for key in self.store.portfolios(KEY.tenant_id)}
