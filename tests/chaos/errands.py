"""What operators and jobs do to an account beside its ticks, as the command line does it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from backend.domain.command import Flatten, Halt, Resume, TradingCommand
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.engine.control import command
from backend.engine.flattening import flatten
from backend.engine.reconciling import Desk, reconcile
from backend.engine.withdrawal import Patience, withdraw
from tests.chaos.script import PORTFOLIOS, Errand, Hand
from tests.fakes.cycle import SetClock

FLAT, LEFT = "flat", "left"
ALL = "all"
_OPERATOR = "chaos"


def carried_out(hand: Hand, key: PortfolioKey, desk: Desk, clock: SetClock) -> str:
    """Carry out an errand; return how it ended."""
    store: Any = desk.store
    match hand.errand:
        case Errand.RECONCILE:
            reconcile(key, desk)
            return "reconciled"
        case Errand.RESUME:
            _order(Resume(by=_OPERATOR, reason="go on"), key, desk, clock)
            return "resumed"
        case Errand.HALT:
            _order(Halt(by=_OPERATOR, reason="stop"), key, desk, clock)
            withdrawn = withdraw(_desks(key, desk), store, lambda _, order: True, _patience(hand, clock))
            return "in flight" if withdrawn.unsettled else "halted"
        case Errand.FLATTEN:
            wanted = {each.portfolio_id: _meant(hand, each.portfolio_id) for each in store.portfolios(key.tenant_id)}
            order = Flatten(by=_OPERATOR, reason=said(hand, wanted), strategies=wanted, is_all=not hand.sells)
            _order(order, key, desk, clock)
    desks = _desks(key, desk)
    return FLAT if not desks or flatten(desks, store, _patience(hand, clock)).is_flat else LEFT


def said(hand: Hand, wanted: Mapping[str, frozenset[StrategyId]]) -> str:
    """Return what a flatten gives as its reason: so the log has what was ordered in the operator's own words."""
    names = sorted(f"{portfolio}:{name}" for portfolio, strategies in wanted.items() for name in strategies)
    return " ".join([ALL if not hand.sells else "some", *names])


def named(reason: str) -> frozenset[tuple[str, str]]:
    """Return the strategies, by portfolio, that the reason of a flatten names."""
    pairs = (word.partition(":") for word in reason.split()[1:])
    return frozenset((portfolio, name) for portfolio, _, name in pairs)


def _order(order: TradingCommand, key: PortfolioKey, desk: Desk, clock: SetClock) -> None:
    control: Any = desk.store
    command(order, tenant_id=key.tenant_id, control=control, now=clock.now)


def _meant(hand: Hand, portfolio: str) -> frozenset[StrategyId]:
    """Return whom a flatten means: everybody, whether it holds something or not, or one."""
    return frozenset(StrategyId(name) for name in PORTFOLIOS[portfolio] if hand.sells in ("", name))


def _desks(key: PortfolioKey, desk: Desk) -> dict[PortfolioKey, Desk]:
    store: Any = desk.store
    return dict.fromkeys(store.portfolios(key.tenant_id), desk)


def _patience(hand: Hand, clock: SetClock) -> Patience:
    def pause() -> None:
        clock.time += timedelta(seconds=1)

    return Patience(limit=timedelta(seconds=hand.looks - 1), now=clock.now, pause=pause)
