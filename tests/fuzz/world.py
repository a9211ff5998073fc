"""Maestro's own cycle and day close over a real database file, beside the model venue; driven by a script."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.allocation_policy import AllocationPolicy
from backend.domain.closing import ClosedDay
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import MaestroError
from backend.domain.mode import ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Symbol
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.snapshots import DayClose, close_days
from tests.fakes.cycle import NO_BREAKERS
from tests.fakes.faults import Countdown, Killed, Mortal
from tests.fuzz.back_office import BackOffice
from tests.fuzz.market import Market, Moment, at_local, is_session_day, local_day
from tests.fuzz.script import (
    PORTFOLIOS,
    SYMBOLS,
    Close,
    Crash,
    Deposit,
    Dividend,
    Execute,
    Hop,
    Mood,
    OwnTrade,
    Redeliver,
    Restart,
    Say,
    Setup,
    Split,
    Step,
    Tick,
    Wait,
)
from tests.fuzz.venue import Venue
from tests.fuzz.voices import Graded, Voices

TENANT = "acme"
OPENING_PRICES = {"AAPL": Decimal("201.37"), "MSFT": Decimal("48.05"), "XOM": Decimal("9.9981")}
OPENING_CASH = Decimal(100_000)
NEVER = 10**9


def key_of(portfolio: str) -> PortfolioKey:
    return PortfolioKey(tenant_id=TENANT, portfolio_id=portfolio)


class World:
    """One account, its venue, and Maestro with the portfolios in it.

    Attributes
    ----------
    counts : what happened, by kind
    results : what ticks returned since the last step
    closed : the days that were closed, by portfolio
    """

    def __init__(self, setup: Setup, file: Path) -> None:
        self.setup = setup
        self.counts: Counter[str] = Counter()
        self.market = Market(prices=dict(OPENING_PRICES))
        self.office = BackOffice(market=self.market, fee_style=setup.fee_style)
        self.office.open_account(OPENING_CASH, setup.owned)
        self.venue = Venue(
            market=self.market,
            office=self.office,
            slip=setup.slip,
            average_places=setup.average_places,
            whole_share_symbols=setup.whole_shares,
            restamps_expiries=setup.restamps_expiries,
        )
        self.results: list[TickResult] = []
        self.closed: dict[str, list[ClosedDay]] = {name: [] for name in PORTFOLIOS}
        self._last_tick: dict[str, tuple[TickRequest, Tick]] = {}
        self._file = file
        self.documents = SqliteDocuments(file, durable=False)

    @property
    def store(self) -> DocumentStore:
        return DocumentStore(self.documents)

    def run(self, step: Step) -> None:
        self.results = []
        self.counts[f"step {type(step).__name__}"] += 1
        self.venue.advance(self.market.time + timedelta(seconds=1))
        match step:
            case Tick():
                request = TickRequest(key=key_of(step.portfolio), scheduled_at=self.market.time)
                self._last_tick[step.portfolio] = request, step
                self._tick(request, step, step.crash)
            case Redeliver():
                if step.portfolio in self._last_tick:
                    self._tick(*self._last_tick[step.portfolio], None)
            case Close():
                self.close(step.portfolio, step.days_back, step.crash)
            case Restart():
                self.documents.close()
                self.documents = SqliteDocuments(self._file, durable=False)
            case _:
                self._venue_step(step)

    def close(self, portfolio: str, days_back: int = 0, crash: Crash | None = None) -> bool:
        """Close days; False when it failed or was killed."""
        through = local_day(self.market.time) - timedelta(days=days_back)
        countdown = _countdown(crash)
        parts = DayClose(
            cycle=self._cycle({}, countdown, self.store),
            store=Mortal(self.store, countdown),
            calendar=self.market,
            statements=self.office,
        )
        try:
            closed = close_days(key_of(portfolio), through, parts)
        except (MaestroError, Killed) as e:
            self.counts[f"close ended by {type(e).__name__}"] += 1
            return False
        self.closed[portfolio] += closed
        self.counts["days closed"] += len(closed)
        return True

    def _tick(self, request: TickRequest, tick: Tick, crash: Crash | None) -> None:
        countdown = _countdown(crash)
        store: Any = self.store
        if not self.setup.earns_modes:
            store = Graded(store, tick.says, self.market.time)
        try:
            self.results.append(run_cycle(request, self._cycle(tick.says, countdown, store)))
        except (MaestroError, Killed) as e:
            self.counts[f"tick ended by {type(e).__name__}"] += 1

    def _cycle(self, says: Mapping[str, Say], countdown: Countdown, store: Any) -> Cycle:
        return Cycle(
            store=Mortal(store, countdown),
            broker=Mortal(self.venue, countdown),
            bars=self.market,
            strategies=Voices(says),
            summarizer=TemplateSummarizer(),
            clock=self.market,
            policy=policy_of(self.setup),
            symbols=tuple(map(Symbol, SYMBOLS)),
            entropy=lambda request: blake2b(request.tick_id.encode(), digest_size=32).digest(),
        )

    def _venue_step(self, step: Step) -> None:
        venue = self.venue
        match step:
            case Wait():
                for symbol, factor in step.moves.items():
                    self.market.move(symbol, factor)
                venue.advance(landing(step.hop, self.market.time))
            case Mood():
                venue.reception, venue.answering = step.reception, step.answering
            case Execute() if venue.working() and self.market.is_open:
                order = venue.working()[step.which % len(venue.working())]
                venue.fill(order, step.part) if step.part else venue.end(order)
            case OwnTrade() if self.market.is_open:
                venue.trade_for_owner(step.symbol, step.shares)
            case Deposit():
                self.office.deposit(step.amount)
            case Split() | Dividend():
                self.counts["actions announced"] += self.market.announce(_action(step, self.market.time))


def policy_of(setup: Setup) -> DecisionPolicy:
    return DecisionPolicy(
        scoring=ThresholdPolicy(min_returns=2 if setup.earns_modes else 5),
        on_demotion=setup.on_demotion,
        allocation=AllocationPolicy(method=setup.allocation, base_weights=setup.base_weights),
        risk=RiskLimits(gross_limit=setup.gross_limit),
        drift_band=setup.drift_band,
        systemic_sell_threshold=setup.systemic_sell_threshold,
        shadow_fee_bps=Decimal(setup.shadow_fee_bps),
        breakers=NO_BREAKERS,  # scripts move prices wildly, and are about what is booked
    )


def _countdown(crash: Crash | None) -> Countdown:
    return Countdown(NEVER, after=False) if crash is None else Countdown(crash.calls, after=crash.after)


def _action(step: Split | Dividend, now: datetime) -> CorporateAction:
    symbol, ex_day = Symbol(step.symbol), local_day(now) + timedelta(days=step.in_days)
    if isinstance(step, Dividend):
        return CorporateAction(symbol=symbol, kind=ActionKind.DIVIDEND, ex_day=ex_day, per_share=step.per_share)
    new, old = Decimal(step.new), Decimal(step.old)
    return CorporateAction(symbol=symbol, kind=ActionKind.SPLIT, ex_day=ex_day, new_shares=new, old_shares=old)


_SPANS = {
    Hop.MINUTE: timedelta(minutes=1),
    Hop.SIX_MINUTES: timedelta(minutes=6),
    Hop.HOUR: timedelta(hours=1),
    Hop.THREE_DAYS: timedelta(days=3),
}


def landing(hop: Hop, now: datetime) -> datetime:
    if hop in _SPANS:
        return now + _SPANS[hop]
    moment = {Hop.OPENING: Moment.OPEN, Hop.MIDNIGHT: Moment.MIDNIGHT}.get(hop, Moment.CLOSE)
    day = local_day(now)
    while at_local(day, moment) <= now or not (is_session_day(day) or moment is Moment.MIDNIGHT):
        day += timedelta(days=1)
    return at_local(day, moment) + (timedelta(0) if hop is Hop.CLOSE else timedelta(minutes=2))
