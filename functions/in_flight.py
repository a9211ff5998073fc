"""What is seen to after a command stands: orders in flight are withdrawn, what is to be sold is sold.

Whatever the broker does, the command holds: what it did not do is told, not raised. Doing any of it twice does no harm.
Importing this module imports no vendor.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.domain.errors import MaestroError
    from backend.domain.tick import PlacedOrder, PortfolioKey
    from backend.engine.flattening import Flattened
    from backend.engine.reconciling import Desk
    from backend.engine.withdrawal import IsMeant, Patience, Withdrawn
    from backend.ports.control import TradingControl
    from backend.settings import Settings

_LOOK_EVERY_SECONDS = 0.5


def withdrawn(
    settings: "Settings",
    tenant_id: str,
    control: "TradingControl",
    in_flight: "Sequence[PlacedOrder]",
    is_meant: "IsMeant",
    wait: float,
) -> "tuple[Withdrawn | None, str]":
    """See to the orders in flight that are meant; return how they stand, or None and why nobody could.

    Parameters
    ----------
    wait : seconds until nothing is in flight any more; 0 looks once
    """
    from backend.domain.errors import MaestroError
    from backend.engine.withdrawal import withdraw

    try:
        keys = tuple(control.portfolios(tenant_id)) if in_flight else ()
        return withdraw(_desks(settings, keys), control, is_meant, _patience(wait)), ""
    except MaestroError as e:
        return None, told(e)


def withdrawn_json(found: "Withdrawn | None", fault: str) -> dict[str, Any]:
    """Return what became of the orders in flight as JSON-ready values."""
    return {
        "withdrawn": [order_json(each) for each in found.orders] if found else [],
        "unsettled": [each.order.intent.client_order_id for each in found.unsettled] if found else [],
        "seconds_to_flat": found.took.total_seconds() if found and not found.unsettled else None,
        "faults": [*([fault] if fault else []), *(found.faults if found else ())],
    }


def flattened(settings: "Settings", tenant_id: str, control: "TradingControl", wait: float) -> dict[str, Any]:
    """Sell what stands to be sold, for at most ``wait`` seconds; return what came of it as JSON-ready values."""
    from backend.domain.errors import MaestroError
    from backend.engine.flattening import flatten

    done, fault = None, ""
    try:
        keys = tuple(control.portfolios(tenant_id))
        done = flatten(_desks(settings, keys), control, _patience(wait)) if keys else None
    except MaestroError as e:
        fault = told(e)
    return _flattened_json(done, fault)


def order_json(placed: "PlacedOrder") -> dict[str, Any]:
    """Return an order as JSON-ready values; money and quantities as decimal text."""
    order, intent = placed.order, placed.order.intent
    return {
        "client_order_id": intent.client_order_id,
        "portfolio_id": placed.portfolio_id,
        "strategy": intent.strategy,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "qty": None if intent.quantity is None else str(intent.quantity),
        "notional": None if intent.notional is None else str(intent.notional),
        "status": order.status.value,
        "filled_qty": str(order.booked_quantity),
        "reserved": str(intent.reserved),
        "decided_at": order.decided_at.isoformat(),
        "broker_order_id": order.broker_order_id or None,
        "reason": order.reason,
    }


def told(error: "MaestroError") -> str:
    return f"{type(error).__name__}: {error}"


def _desks(settings: "Settings", keys: "tuple[PortfolioKey, ...]") -> "dict[PortfolioKey, Desk]":
    """Put together what stands between each portfolio and its broker."""
    from functions import bootstrap

    return {key: bootstrap.desk(settings, key) for key in keys}


def _patience(seconds: float) -> "Patience":
    from datetime import UTC, datetime, timedelta
    from time import sleep

    from backend.engine.withdrawal import Patience

    return Patience(
        limit=timedelta(seconds=seconds), now=lambda: datetime.now(UTC), pause=lambda: sleep(_LOOK_EVERY_SECONDS)
    )


def _flattened_json(done: "Flattened | None", fault: str) -> dict[str, Any]:
    faults = [fault] if fault else []
    if done is None:
        return {
            "is_flat": not fault,
            "exits": [],
            "withdrawn": [],
            "left": {},
            "seconds_to_flat": None,
            "faults": faults,
        }
    return {
        "is_flat": done.is_flat,
        "exits": [order_json(each) for each in done.exits],
        "withdrawn": [order_json(each) for each in done.withdrawn.orders],
        "left": {portfolio: sorted(names) for portfolio, names in done.left.items()},
        "seconds_to_flat": done.took.total_seconds() if done.is_flat else None,
        "faults": [*faults, *done.withdrawn.faults, *done.faults],
    }
