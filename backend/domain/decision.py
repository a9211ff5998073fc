"""What one cycle decided, per strategy and in total, and the public dictionaries made from it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from backend.domain.account import Account, Asset
from backend.domain.book import PortfolioBook
from backend.domain.crossing import Cross
from backend.domain.guard import Breaker, Guard
from backend.domain.identity import agent_id
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ModeState
from backend.domain.notices import Notice
from backend.domain.order import OrderIntent, Side
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_figures import RiskFigures
from backend.domain.sighting import Sighting, Watched
from backend.domain.signal import Action, Signal, StrategyId, StrategySignal, Symbol
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import TradingState
from backend.domain.weights import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInputs:
    """All that a decision depends on. Equal inputs give an equal decision.

    Without ``account`` nothing is sized: the caller executes the signals himself. ``entropy`` is what nonces
    are derived from (at most 64 bytes). ``reserved``, in all and by symbol, and ``working`` are the buying power and
    the sides of the market that orders under way hold, of all portfolios of the account. ``liquidating`` are the
    strategies whose positions an operator has ordered to be sold; ``is_rebalance_ordered`` says that one has ordered
    new weights. ``trading_state`` is what held before this look; ``sighting`` is the look that the breakers judge, with
    the ``guard`` and the ``latched`` ones of the looks before it.
    """

    tenant_id: str
    tick_id: str
    now: datetime
    entropy: bytes
    signals: Mapping[StrategyId, StrategySignal]
    record: TrackRecord
    policy: DecisionPolicy
    failures: Mapping[StrategyId, str] = field(default_factory=dict)
    book: PortfolioBook = field(default_factory=PortfolioBook)
    trading_state: TradingState = TradingState.ACTIVE
    latched: Mapping[Breaker, TradingState] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)
    sighting: Sighting | None = None
    reserved: Decimal = Decimal(0)
    working: Mapping[Symbol, frozenset[Side]] = field(default_factory=dict)
    reserved_in: Mapping[Symbol, Decimal] = field(default_factory=dict)
    liquidating: frozenset[StrategyId] = frozenset()
    is_rebalance_ordered: bool = False
    account: Account | None = None
    prices: Mapping[Symbol, Decimal] = field(default_factory=dict)
    assets: Mapping[Symbol, Asset] = field(default_factory=dict)


class StrategyDecision(NamedTuple):
    """One strategy's signal with what became of it.

    A tuple rather than a frozen dataclass: a decision makes one for every strategy, and this is three times faster.
    """

    strategy: StrategyId
    signal: StrategySignal
    action: Action
    mode: Mode
    sharpe: float | None
    n: int
    base_weight: float
    multiplier: float
    final_allocation: float
    reasoning: str
    override_reason: str | None
    nonce: str

    @property
    def is_modified(self) -> bool:
        return self.action is not self.signal.action or self.final_allocation != self.signal.allocation


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualFill:
    """A shadow entry or exit, filled on paper at the observed price."""

    strategy: StrategyId
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """An order that a signal asked for and that we did not make, or made smaller, and why."""

    strategy: StrategyId
    symbol: Symbol | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A position that a stop-loss sells, really or virtually, and why."""

    strategy: StrategyId
    symbol: Symbol
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChange:
    strategy: StrategyId
    before: Mode | None
    after: ModeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of ``decide``; ``trading_state`` is the one that it was taken under, after what the breakers saw.

    ``channels`` are where its alerts go.
    """

    tenant_id: str
    tick_id: str
    session_id: str
    decided_at: datetime
    strategies: tuple[StrategyDecision, ...]
    failures: Mapping[StrategyId, str]
    systemic_sellers: tuple[StrategyId, ...]
    systemic_risk_detected: bool
    systemic_risk_details: str
    trading_state: TradingState = TradingState.ACTIVE
    watched: Watched = field(default_factory=lambda: Watched(guard=Guard()))
    weights: Weights = field(default_factory=Weights)
    risk: RiskFigures = field(default_factory=RiskFigures)
    mode_changes: tuple[ModeChange, ...] = ()
    intents: tuple[OrderIntent, ...] = ()
    crosses: tuple[Cross, ...] = ()
    virtual_fills: tuple[VirtualFill, ...] = ()
    denials: tuple[Denial, ...] = ()
    stopped: tuple[Stop, ...] = ()
    notices: tuple[Notice, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def signals_modified(self) -> int:
        return sum(1 for each in self.strategies if each.is_modified)

    @property
    def modes(self) -> dict[str, int]:
        """How many strategies are in each mode; modes that none is in are left out."""
        return dict(Counter(each.mode.value for each in self.strategies))


def published_signals(decision: Decision) -> dict[str, Signal]:
    """Return the public signals of a decision, by strategy."""
    stamp = decision.decided_at.isoformat()
    return {each.strategy: _published(each, decision, stamp) for each in decision.strategies}


def _published(each: StrategyDecision, decision: Decision, stamp: str) -> Signal:
    signal = Signal(
        action=each.action.value,
        ticker=each.signal.ticker,
        allocation=each.final_allocation,
        confidence=each.signal.confidence,
        reasoning=each.signal.reasoning,
        mode=each.mode.value,
        original_allocation=each.signal.allocation,
        weight_multiplier=each.multiplier,
        base_weight=each.base_weight,
        sharpe_ratio=each.sharpe,
        agent_id=agent_id(decision.tenant_id, each.strategy),
        nonce=each.nonce,
        session_id=decision.session_id,
        identity_timestamp=stamp,
    )
    if each.signal.metadata is not None:
        signal["metadata"] = dict(each.signal.metadata)
    if each.signal.expires_at is not None:
        signal["expires_at"] = each.signal.expires_at
    if each.mode is Mode.SHADOW_MODE:
        signal["shadow_mode"] = True
    if each.override_reason is not None:
        signal["original_action"] = each.signal.action.value
        signal["override_reason"] = each.override_reason
        signal["confidence"] = 0.0
    return signal
