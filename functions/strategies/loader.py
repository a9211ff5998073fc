"""The strategies of one tenant: found, asked every tick, and answered for.

``StrategyLoader`` is the import path that existing systems know; ``evaluate`` is the same as a port of the engine.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from backend.domain.errors import ConfigurationError
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.signal import Signal, StrategyId, StrategySignal
from backend.domain.strategy_definition import StrategyDefinition
from backend.ports.strategies import IntradayBars
from functions.strategies.base import BaseStrategy
from functions.strategies.deadlines import Abandoned
from functions.strategies.evaluation import evaluate_all, evaluate_all_async
from functions.strategies.intraday import served
from functions.strategies.listing import listed
from functions.strategies.maestro_controller import MaestroController, MaestroDecision
from functions.strategies.roster import LIBRARY, Parameters, Roster, discover, given
from functions.strategies.views import as_histories

_logger = logging.getLogger(__name__)


class StrategyLoader:
    """Discover strategies once, then ask them every tick.

    Parameters
    ----------
    db : optional
        A Firestore client or a store; with it Maestro judges the signals.
    tenant_id, uid : str
        Whose strategies these are.
    packages : sequence of str
        Where strategies are looked for, as dotted names.
    parameters : mapping, optional
        Constructor parameters by strategy name.
    strategies : sequence of BaseStrategy, optional
        Use exactly these and discover nothing.
    time_limit_seconds : float
        For each strategy in each tick.
    abandoned : dict, optional
        Threads that earlier loaders of the same strategies gave up; see ``evaluate_all``.

    Attributes
    ----------
    failures : mapping
        One sentence for each strategy that gave no signal in the last evaluation.
    """

    def __init__(
        self,
        db: Any = None,
        tenant_id: str = "default",
        uid: str | None = None,
        *,
        packages: Sequence[str] = LIBRARY,
        parameters: Parameters | None = None,
        strategies: Sequence[BaseStrategy] | None = None,
        time_limit_seconds: float = 5.0,
        abandoned: Abandoned | None = None,
    ) -> None:
        self._db = db
        self._tenant_id = tenant_id
        self._uid = uid
        self._time_limit_seconds = time_limit_seconds
        self._roster = discover(packages, parameters) if strategies is None else given(strategies)
        self._asked: frozenset[str] | None = None  # all of them
        self._listed: tuple[tuple[StrategyDefinition, ...], Roster] = ((), Roster())
        self._abandoned: Abandoned = {} if abandoned is None else abandoned
        self.failures: Mapping[str, str] = {}
        for source, reason in self.load_errors.items():
            _logger.warning("strategy not loaded: %s: %s", source, reason)

    @property
    def strategies(self) -> tuple[BaseStrategy, ...]:
        """All strategies that loaded, in name order."""
        return self._roster.strategies

    @property
    def classes(self) -> Mapping[str, type[BaseStrategy]]:
        """Every strategy class that was found, by its dotted name."""
        return self._roster.classes

    @property
    def load_errors(self) -> Mapping[str, str]:
        """Why a package, module or class did not load, by its dotted name."""
        return self._roster.load_errors

    def only(self, names: Collection[str], definitions: tuple[StrategyDefinition, ...] = ()) -> "StrategyLoader":
        """Return a loader that asks these strategies alone; the others give no signal and keep what they hold.

        Raises
        ------
        ConfigurationError
            A name that no listed strategy has, or no strategy where none is listed.
        """
        known = sorted(str(each.name) for each in definitions or self.strategies)
        for name in sorted(set(names) - set(known)):
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
            raise ConfigurationError(f"strategies: expected one that loads, found {name!r}; {hint}")
        asked = copy(self)
        asked._asked = frozenset(names)
        asked._roster = replace(
            self._roster, strategies=tuple(each for each in self.strategies if each.name in asked._asked)
        )
        return asked

    def evaluate(
        self,
        market_data: Mapping[str, Any],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
        intraday: IntradayBars | None = None,
    ) -> Evaluation:
        """Ask every strategy, or those that are listed; see ``evaluate_all``.

        Plain dicts with a list of closes become histories. A listed strategy that could not be built, or whose bars
        could not be read, has failed.
        """
        roster = self._listing(definitions)
        histories = as_histories(market_data)
        strategies, failures = served(roster.strategies, histories, intraday)
        evaluation = evaluate_all(
            strategies,
            histories,
            account_snapshot,
            regime,
            time_limit_seconds=self._time_limit_seconds,
            abandoned=self._abandoned,
        )
        if definitions:
            failures |= {StrategyId(name): reason for name, reason in roster.load_errors.items()}
        return self._noted(replace(evaluation, failures={**evaluation.failures, **failures}))

    async def evaluate_all_strategies(
        self,
        market_data: Mapping[str, Any],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> dict[str, Signal]:
        """Return the signal of every strategy that gave a valid one; ``failures`` says why others did not."""
        evaluation = await evaluate_all_async(
            self.strategies,
            as_histories(market_data),
            account_snapshot,
            regime,
            time_limit_seconds=self._time_limit_seconds,
            abandoned=self._abandoned,
        )
        return {name: _public(signal) for name, signal in self._noted(evaluation).signals.items()}

    async def evaluate_all_strategies_with_maestro(
        self,
        market_data: Mapping[str, Any],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> tuple[dict[str, Signal], MaestroDecision | None]:
        """Return the judged signals and the decision; raw signals and None for a loader made without ``db``.

        Raises
        ------
        MaestroError
            Maestro could not judge. It never falls back to raw signals.
        """
        signals = await self.evaluate_all_strategies(market_data, account_snapshot, regime)
        if self._db is None:
            _logger.warning("Maestro not initialized: pass db=… to StrategyLoader; returning raw signals")
            return signals, None
        controller = MaestroController(self._db, self._tenant_id, self._uid)
        names = [strategy.name for strategy in self.strategies]
        return await controller.orchestrate(signals, names, failures=self.failures)

    def _listing(self, definitions: tuple[StrategyDefinition, ...]) -> Roster:
        """Build what is listed, once for as long as the list stays as it is."""
        if not definitions:
            return self._roster
        if self._asked is not None:
            definitions = tuple(each for each in definitions if each.name in self._asked)
        if self._listed[0] != definitions:
            self._listed = (definitions, listed(definitions, self._roster.classes))
        return self._listed[1]

    def _noted(self, evaluation: Evaluation) -> Evaluation:
        self.failures = {str(name): reason for name, reason in evaluation.failures.items()}
        for name, reason in self.failures.items():
            _logger.warning("strategy failed: %s: %s", name, reason)
        return evaluation


def _public(signal: StrategySignal) -> Signal:
    public = Signal(
        action=signal.action.value,
        ticker=signal.ticker,
        allocation=signal.allocation,
        confidence=signal.confidence,
        reasoning=signal.reasoning,
    )
    if signal.metadata is not None:
        public["metadata"] = dict(signal.metadata)
    if signal.expires_at is not None:
        public["expires_at"] = signal.expires_at
    return public
