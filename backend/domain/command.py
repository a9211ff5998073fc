"""What an operator may order about trading, and what each order makes of the trading document.

Every command is obeyed by one commit of the trading document, together with its entry in the audit chain. So it holds
for every process at once: whatever was decided before it can no longer be committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from backend.domain.audit import AuditEntry, AuditKind, audited
from backend.domain.errors import ConfigurationError
from backend.domain.guard import Breaker
from backend.domain.signal import StrategyId
from backend.domain.trading_state import OPERATOR, Restriction, Trading, TradingState
from backend.domain.watch import rebased


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Who orders something, and why; both are needed."""

    by: str
    reason: str

    def __post_init__(self) -> None:
        for name, text in (("reason", self.reason), ("by", self.by)):
            if not text.strip():
                raise ConfigurationError(f"{name}: expected a text for the audit log, found none; say it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt(Command):
    """Nothing new goes out: no entry, and no exit but what is flattened on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceOnly(Command):
    """Exits only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Lift the operator's own restriction, and call off what is left of a flatten; breakers stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(Command):
    """Sell what strategies hold, by portfolio; whoever sells all of an account holds it to exits, too."""

    strategies: Mapping[str, frozenset[StrategyId]] = field(default_factory=dict)
    is_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Command):
    """Lift what breakers hold, all of them unless some are named; the evidence so far trips none of them again."""

    breakers: frozenset[Breaker] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWeights(Command):
    """Ask the method of the allocation for new weights in the next tick of these portfolios."""

    portfolios: frozenset[str] = frozenset()


TradingCommand = Halt | ReduceOnly | Resume | Flatten | Reset | SetWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """The trading document before and after a command, and the entry that says so."""

    before: Trading
    after: Trading
    entry: AuditEntry


def obeyed(command: TradingCommand, trading: Trading, *, tenant_id: str, at: datetime) -> Obeyed:
    """Return what a command makes of the trading document.

    Raises
    ------
    ConfigurationError
        There is nothing that the command could change.
    """
    match command:
        case Halt():
            kind, after = AuditKind.HALT, _restrained(trading, TradingState.HALTED, command, at)
        case ReduceOnly():
            kind, after = AuditKind.REDUCE_ONLY, _restrained(trading, TradingState.REDUCING, command, at)
        case Flatten():
            kind, after = AuditKind.FLATTEN, _sold_out(trading, command, at)
        case Reset():
            kind, after = AuditKind.RESET, _reset(trading, command, at)
        case Resume():
            kind, after = AuditKind.RESUME, _resumed(trading)
        case SetWeights():
            rebalances = trading.rebalances | command.portfolios
            kind, after = AuditKind.REBALANCE, replace(trading, rebalances=rebalances, epoch=trading.epoch + 1)
    return _logged(trading, after, kind, command, tenant_id=tenant_id, at=at)


def _logged(
    before: Trading, after: Trading, kind: AuditKind, command: Command, *, tenant_id: str, at: datetime
) -> Obeyed:
    """Append to the chain what a command changed."""
    changed, entry = audited(
        after,
        kind,
        tenant_id=tenant_id,
        at=at,
        actor=command.by,
        reason=command.reason,
        facts={
            "state_before": before.state.value,
            "state_after": after.state.value,
            "epoch_before": before.epoch,
            "epoch_after": after.epoch,
            "restrictions": {source: _said(each) for source, each in after.restrictions.items()},
            "liquidation": {portfolio: sorted(names) for portfolio, names in after.liquidation.items()},
            "in_flight": sorted(before.working),
        },
    )
    return Obeyed(before=before, after=changed, entry=entry)


def _said(restriction: Restriction) -> dict[str, Any]:
    since = restriction.since.isoformat()
    return {"state": restriction.state.value, "reason": restriction.reason, "by": restriction.by, "since": since}


def _restrained(trading: Trading, state: TradingState, command: Command, at: datetime) -> Trading:
    restriction = Restriction(state=state, reason=command.reason, by=command.by, since=at)
    return trading.restricted({**trading.restrictions, OPERATOR: restriction})


def _sold_out(trading: Trading, command: Flatten, at: datetime) -> Trading:
    wanted = {portfolio: names for portfolio, names in command.strategies.items() if names}
    if not wanted and not command.is_all:
        raise ConfigurationError("flatten: expected a strategy that holds something, found none; see maestro status")
    pending = {**trading.liquidation}
    for portfolio, names in wanted.items():
        pending[portfolio] = pending.get(portfolio, frozenset()) | names
    trading = replace(trading, liquidation=pending)
    own = trading.restrictions.get(OPERATOR)
    if not command.is_all or (own is not None and own.state is TradingState.HALTED):
        return replace(trading, epoch=trading.epoch + 1)
    return _restrained(trading, TradingState.REDUCING, command, at)


def _reset(trading: Trading, command: Reset, at: datetime) -> Trading:
    latched = trading.latched
    lifted = (command.breakers or frozenset(latched)) & latched.keys()
    if not lifted or (command.breakers - latched.keys()):
        asked = ", ".join(sorted(command.breakers)) or "a breaker"
        raise ConfigurationError(
            f"reset: expected {asked} to have tripped, found {', '.join(sorted(latched)) or 'none that has'}; "
            "see maestro status"
        )
    kept = {source: each for source, each in trading.restrictions.items() if source not in lifted}
    return replace(trading, guard=rebased(trading.guard, lifted, at=at)).restricted(kept)


def _resumed(trading: Trading) -> Trading:
    if OPERATOR not in trading.restrictions and not trading.liquidation:
        held = f" ({trading.reason}); use reset" if trading.restrictions else ""
        raise ConfigurationError(
            f"resume: expected a halt, reduce-only or flatten by an operator, found trading {trading.state}{held}"
        )
    kept = {source: each for source, each in trading.restrictions.items() if source != OPERATOR}
    after = replace(trading, liquidation={}).restricted(kept)
    return after if after.epoch != trading.epoch else replace(after, epoch=trading.epoch + 1)
