"""What is told of a tick on its way from schedule to fill, one event a step.

started → decided → each order submitted, rejected, unresolved, denied or cancelled → each fill booked → finished or
failed. All of them carry the tick's correlation id, a fill that is booked later by whatever job that of its order.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from backend.domain.errors import MaestroError
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.measured import Measured
from backend.domain.order import ClientOrderId, OrderState, OrderStatus
from backend.domain.tick import PortfolioKey, TickCommit, TickRequest, TickResult
from backend.domain.trading_state import WorkingOrder
from backend.ports.telemetry import Telemetry

STARTED, DECIDED, FINISHED, FAILED = "tick started", "tick decided", "tick finished", "tick failed"
SUBMITTED, BOOKED = "order submitted", "fill booked"
_ENDS = {
    OrderStatus.REJECTED: "order rejected",
    OrderStatus.UNRESOLVED: "order unresolved",
    OrderStatus.DENIED: "order denied",
    OrderStatus.CANCELLED: "order cancelled",
}
TROUBLE = frozenset({FAILED, *_ENDS.values()})
NAMED_FAILURES = 20  # names of strategies in one line; the count has them all


class NoTelemetry:
    """``Telemetry`` to which nobody listens."""

    measured = Measured()

    def begun(self) -> "NoTelemetry":
        return self

    def about(self, **facts: object) -> AbstractContextManager[None]:
        return nullcontext()

    def stage(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def event(self, name: str, /, **facts: object) -> None:
        return


def facts_of(request: TickRequest) -> dict[str, str]:
    """Return what every line of a tick carries."""
    return {**owner_of(request.key), "tick_id": request.tick_id, "correlation_id": request.correlation_id}


def owner_of(key: PortfolioKey) -> dict[str, str]:
    return {"tenant_id": key.tenant_id, "portfolio_id": key.portfolio_id}


def tell_started(request: TickRequest, telemetry: Telemetry) -> None:
    telemetry.event(STARTED, scheduled_at=request.scheduled_at.isoformat())


def tell_decided(draft: TickCommit, telemetry: Telemetry) -> None:
    """Tell of a decision once it is committed."""
    decision = draft.decision
    telemetry.event(
        DECIDED,
        session_id=decision.session_id,
        sequence=draft.log.sequence,
        trading_state=decision.trading_state.value,
        strategies=len(decision.strategies),
        modes=decision.modes,
        failures=len(decision.failures),
        failed=sorted(decision.failures)[:NAMED_FAILURES],
        orders=len(decision.intents),
        crosses=len(decision.crosses),
        virtual_fills=len(decision.virtual_fills),
        denials=len(decision.denials),
        systemic_risk=decision.systemic_risk_detected,
        trips=[each.breaker.value for each in decision.watched.trips],
    )


def tell_sent(order: OrderState, telemetry: Telemetry) -> None:
    """Tell how the attempt to send an order ended."""
    intent = order.intent
    size = {"notional": str(intent.notional)} if intent.quantity is None else {"quantity": str(intent.quantity)}
    why = {"reason": order.reason} if order.status in _ENDS else {}
    telemetry.event(
        _ENDS.get(order.status, SUBMITTED),
        client_order_id=intent.client_order_id,
        strategy=intent.strategy,
        symbol=intent.symbol,
        side=intent.side.value,
        **size,
        status=order.status.value,
        **why,
    )


def tell_booked(
    trades: Iterable[LedgerTrade], telemetry: Telemetry, working: Mapping[ClientOrderId, WorkingOrder] | None = None
) -> None:
    """Tell of every fill that a commit has booked, as a part of the tick that ordered it.

    Parameters
    ----------
    working : the orders under way before that commit, where it is not the tick's own
    """
    for trade in trades:
        if trade.kind is not TradeKind.FILL:
            continue
        order = (working or {}).get(trade.order_id)
        origin = {"correlation_id": order.correlation_id} if order is not None and order.correlation_id else {}
        telemetry.event(
            BOOKED,
            client_order_id=trade.order_id,
            strategy=trade.strategy_id,
            symbol=trade.symbol,
            side=trade.side.value,
            quantity=f"{trade.qty:f}",
            price=f"{trade.price:f}",
            filled_at=trade.ts.isoformat(),
            tick_id=trade.run_id,
            **origin,
        )


def tell_finished(result: TickResult, telemetry: Telemetry) -> None:
    """Tell the end, with the tick's metrics."""
    decision = result.decision
    telemetry.event(
        FINISHED,
        status=result.status.value,
        was_resumed=result.was_resumed,
        orders=len(result.orders),
        unresolved=len(result.unresolved),
        fills=len(result.trades),
        strategies=len(decision.strategies) if decision else None,
        failures=len(decision.failures) if decision else None,
        **_taken(telemetry.measured),
    )


def tell_failed(error: MaestroError, telemetry: Telemetry) -> None:
    telemetry.event(FAILED, error=type(error).__name__, reason=str(error), **_taken(telemetry.measured))


def _taken(measured: Measured) -> dict[str, object]:
    return {
        "durations_ms": {name: round(taken, 3) for name, taken in measured.durations.items()},
        "documents_read": measured.traffic.documents_read,
        "documents_written": measured.traffic.documents_written,
        "round_trips": measured.traffic.round_trips,
    }
