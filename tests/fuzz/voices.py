"""What strategies say and how they have done, as the script has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from backend.adapters.documents import DocumentStore
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.signal import StrategyId, StrategySignal, Symbol
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.tick import Observation, TickRequest
from backend.domain.track_record import TrackRecord
from backend.ports.strategies import IntradayBars
from tests.fuzz.script import Form, Say

# Five returns a day apart whose annualised Sharpe ratio is mean ÷ deviation × √252 = 15.9, 0.75 and −15.9.
_FORMS = {Form.GOOD: 1.0, Form.MIDDLING: 0.75 / 252**0.5, Form.BAD: -1.0}
_WAVE = np.array([1.0, -1.0, 1.0, -1.0, 0.0])


@dataclass(slots=True)
class Voices:
    """``Strategies`` that say what the script has them say."""

    says: Mapping[str, Say] = field(default_factory=dict)

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
        intraday: IntradayBars | None = None,
    ) -> Evaluation:
        return Evaluation(signals={StrategyId(name): _signal(say) for name, say in sorted(self.says.items())})


def _signal(say: Say) -> StrategySignal:
    return StrategySignal(
        action=say.action, ticker=Symbol(say.symbol), allocation=say.allocation, confidence=1.0, reasoning=""
    )


@dataclass(slots=True)
class Graded:
    """A store that shows a scripted track record instead of the stored one."""

    store: DocumentStore
    says: Mapping[str, Say]
    now: datetime

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def observe(self, request: TickRequest) -> Observation:
        return replace(self.store.observe(request), record=scripted_record(self.says, self.now))


def scripted_record(says: Mapping[str, Say], now: datetime) -> TrackRecord:
    graded = {name: _FORMS[say.form] for name, say in sorted(says.items()) if say.form is not Form.NONE}
    returns = np.array([0.01 * (_WAVE + mean) for mean in graded.values()]).T.reshape(5, len(graded))
    return TrackRecord(
        strategies=tuple(map(StrategyId, graded)),
        days=tuple(now.date() - timedelta(days=back) for back in (5, 4, 3, 2, 1)),
        returns=returns,
        is_virtual=np.zeros(returns.shape, dtype=np.bool_),
        checked_on=now.date(),
    )
