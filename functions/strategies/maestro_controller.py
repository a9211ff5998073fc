"""MaestroController: thin over the engine, for systems that execute the judged signals themselves."""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.adapters.documents import DocumentStore, open_documents
from backend.adapters.documents.acceptance_documents import AcceptanceDocuments
from backend.adapters.documents.retained import RetainedDocuments
from backend.adapters.system_clock import SystemClock
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.acceptance import MAX_AGE
from backend.domain.decision import published_signals
from backend.domain.errors import SignalError
from backend.domain.mode import ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from backend.domain.retention import Retention
from backend.domain.signal import Signal, StrategyId, StrategySignal, read_signal
from backend.domain.tick import PortfolioKey
from backend.engine.acceptance import accept
from backend.engine.cycle import ENTROPY_BYTES
from backend.engine.orchestration import Judged, judge
from backend.ports.clock import Clock
from backend.ports.summary import Summarizer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationDecision:
    """One strategy's allocation before and after Maestro; ``sharpe_ratio`` is None where it is undefined."""

    strategy_name: str
    original_allocation: float
    final_allocation: float
    mode: str
    reasoning: str
    sharpe_ratio: float | None
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MaestroDecision:
    """What one orchestration decided; ``failures`` names the strategies whose signal could not be read."""

    timestamp: datetime
    session_id: str
    allocation_decisions: list[AllocationDecision]
    systemic_risk_detected: bool
    systemic_risk_details: str
    signals_modified: int
    ai_summary: str | None
    failures: Mapping[str, str]


class MaestroController:
    """Judge signals for one tenant and user, and accept each of them once.

    ``orchestrate`` returns judged signals. Whoever executes them calls ``accept`` before each one.

    The class attributes are process-wide defaults, read at call time; a tenant's ``config/orchestrator``
    document overrides them without touching the class.

    Parameters
    ----------
    db : google.cloud.firestore.Client or Documents
        Where track records, configuration and the decision log live.
    summarizer : Summarizer, optional
        Who words each decision, such as a model: what the decision does not support of it is dropped.
    """

    SHARPE_THRESHOLD_REDUCE = 1.0
    SHARPE_THRESHOLD_SHADOW = 0.5
    SYSTEMIC_SELL_THRESHOLD = 3
    PERFORMANCE_LOOKBACK_DAYS = 30
    MIN_DAILY_RETURNS = 5
    RETENTION = Retention()

    def __init__(
        self,
        db: Any,
        tenant_id: str,
        uid: str | None = None,
        *,
        clock: Clock | None = None,
        summarizer: Summarizer | None = None,
    ) -> None:
        documents = open_documents(db)
        if documents is not db:  # a client; whoever passes documents has chosen how long they are kept
            documents = RetainedDocuments(documents, self.RETENTION)
        self._store = DocumentStore(documents)
        self._acceptances = AcceptanceDocuments(documents)
        self._key = PortfolioKey(tenant_id=tenant_id, uid=uid or "default")
        self._clock = clock or SystemClock()
        self._narrator = summarizer
        logger.info("MaestroController initialized: tenant=%s, uid=%s", tenant_id, self._key.uid)

    async def orchestrate(
        self,
        signals: Mapping[str, Any],
        strategies: Mapping[str, Any] | Iterable[Any],
        *,
        failures: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Signal], MaestroDecision]:
        """Score, weigh, restrain and identify ``signals``.

        Parameters
        ----------
        signals : mapping of strategy name to signal
            A signal that cannot be read is left out of the result and named in ``failures``.
        strategies : mapping by name, or iterable of names or strategies
            Who was asked; one without a signal is named in the decision's ``failures``.
        failures : mapping of strategy name to reason, optional
            Why strategies gave no signal.

        Raises
        ------
        StoreError, ConfigurationError
            Nothing falls back to raw signals.
        """
        logger.info("Maestro orchestration starting: %d signals", len(signals))
        checked, failed = _read(signals, strategies, failures or {})
        judged = await asyncio.to_thread(self._judge, checked, failed)
        for each in judged.decision.strategies:
            sharpe = "n/a" if each.sharpe is None else f"{each.sharpe:.2f}"
            logger.info(
                "Strategy %s: Sharpe=%s, Weight=%.2f, Mode=%s", each.strategy, sharpe, each.multiplier, each.mode.value
            )
        logger.info("Maestro orchestration complete: %d signals modified", judged.decision.signals_modified)
        return published_signals(judged.decision), _public(judged)

    async def accept(self, signal: Mapping[str, Any], *, actor: str, max_age: timedelta = MAX_AGE) -> None:
        """Spend the nonce of a judged signal; execute the signal when this returns, and only then.

        Parameters
        ----------
        signal : mapping
            As ``orchestrate`` returned it, or as it came out of JSON or a document store.
        actor : str
            Who executes it, for the audit log.
        max_age : timedelta
            How long after its decision a signal is good; at most 12 hours.

        Raises
        ------
        SignalRefused
            It is not what Maestro issued, too old, executed before, or trading does not allow it. The refusal is in the
            audit log.
        StoreError
            It is not known whether the nonce is spent: do not execute the signal; ask again if you like.
        ConfigurationError
            No actor, or ``max_age`` out of range.
        """
        await asyncio.to_thread(
            accept,
            signal,
            tenant_id=self._key.tenant_id,
            actor=actor,
            acceptances=self._acceptances,
            now=self._clock.now,
            max_age=max_age,
        )

    def _judge(self, signals: Mapping[StrategyId, StrategySignal], failures: Mapping[StrategyId, str]) -> Judged:
        return judge(
            self._key,
            signals,
            failures,
            log=self._store,
            returns=self._store,
            policy=self.default_policy(),
            now=self._clock.now(),
            entropy=secrets.token_bytes(ENTROPY_BYTES),
            summarizer=TemplateSummarizer(),
            narrator=self._narrator,
        )

    @classmethod
    def default_policy(cls) -> DecisionPolicy:
        """Return the class attributes, as they stand now, as a policy."""
        return DecisionPolicy(
            scoring=ThresholdPolicy(
                reduce=cls.SHARPE_THRESHOLD_REDUCE,
                shadow=cls.SHARPE_THRESHOLD_SHADOW,
                min_returns=cls.MIN_DAILY_RETURNS,
            ),
            lookback_days=cls.PERFORMANCE_LOOKBACK_DAYS,
            systemic_sell_threshold=cls.SYSTEMIC_SELL_THRESHOLD,
        )


def _read(
    signals: Mapping[str, Any], strategies: Mapping[str, Any] | Iterable[Any], known: Mapping[str, str]
) -> tuple[dict[StrategyId, StrategySignal], dict[StrategyId, str]]:
    checked: dict[StrategyId, StrategySignal] = {}
    failures = {
        StrategyId(name): known.get(name, "no signal: the strategy failed or was not asked")
        for name in map(_name, strategies)
        if name not in signals
    }
    for name in sorted(signals):
        try:
            checked[StrategyId(name)] = read_signal(signals[name], strategy=name)
        except SignalError as e:
            logger.warning("Signal refused: %s", e)
            failures[StrategyId(name)] = str(e)
    return checked, failures


def _name(strategy: Any) -> str:
    return strategy if isinstance(strategy, str) else str(strategy.name)


def _public(judged: Judged) -> MaestroDecision:
    decision = judged.decision
    return MaestroDecision(
        timestamp=decision.decided_at,
        session_id=decision.session_id,
        allocation_decisions=[
            AllocationDecision(
                strategy_name=each.strategy,
                original_allocation=each.signal.allocation,
                final_allocation=each.final_allocation,
                mode=each.mode.value,
                reasoning=each.reasoning,
                sharpe_ratio=each.sharpe,
                timestamp=decision.decided_at,
            )
            for each in decision.strategies
        ],
        systemic_risk_detected=decision.systemic_risk_detected,
        systemic_risk_details=decision.systemic_risk_details,
        signals_modified=decision.signals_modified,
        ai_summary=judged.summary or None,
        failures={str(name): reason for name, reason in decision.failures.items()},
    )
