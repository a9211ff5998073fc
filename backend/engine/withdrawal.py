"""Withdraw what is in flight: cancel it where possible, and wait until every such order has an end.

An order that was committed before a command may still be on its way to the venue. So the venue is asked again and
again: one that appears is cancelled then, one that never appears is proven absent in time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.errors import BrokerRefused, BrokerUnavailable
from backend.domain.order import ClientOrderId, OrderState
from backend.domain.tick import PlacedOrder, PortfolioKey
from backend.engine.reconciling import Desk, reconcile
from backend.ports.control import TradingControl

IsMeant = Callable[[PortfolioKey, OrderState], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how long to wait for orders to end, and how to pass the time between two looks."""

    limit: timedelta
    now: Callable[[], datetime]
    pause: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The orders that were in flight, and how they stand after ``took``; ``faults`` is what the broker did not do."""

    orders: tuple[PlacedOrder, ...]
    took: timedelta
    faults: tuple[str, ...] = ()

    @property
    def unsettled(self) -> tuple[PlacedOrder, ...]:
        """Those that are still in flight, or may be."""
        return tuple(each for each in self.orders if not each.order.status.is_final)


def withdraw(
    desks: Mapping[PortfolioKey, Desk], control: TradingControl, is_meant: IsMeant, patience: Patience
) -> Withdrawn:
    """Cancel and settle every open order that is meant, of all portfolios of one tenant.

    Raises
    ------
    StoreError
        What was found could not be written down; run it again.
    """
    began = patience.now()
    seen: dict[ClientOrderId, str] = {}  # order → tenant
    while True:
        faults: list[str] = []
        for key, desk in desks.items():
            found, failed = _look(key, desk, is_meant)
            seen |= dict.fromkeys(found, key.tenant_id)
            faults += failed
        orders = tuple(each for tenant in set(seen.values()) for each in control.placed(tenant, list(seen)))
        done = Withdrawn(orders=orders, took=patience.now() - began, faults=tuple(faults))
        if not done.unsettled or done.took >= patience.limit:
            return done
        patience.pause()


def _look(key: PortfolioKey, desk: Desk, is_meant: IsMeant) -> tuple[list[ClientOrderId], list[str]]:
    """Cancel what is meant and open now, and book what became of it; return its ids, and what the broker refused."""
    faults = []
    open_orders = desk.store.observe_book(key).book.open_orders
    meant = [identifier for identifier, order in open_orders.items() if is_meant(key, order)]
    for identifier in meant:
        try:
            desk.cycle.broker.cancel(identifier)
        except (BrokerUnavailable, BrokerRefused) as e:
            faults.append(f"{identifier} was not cancelled: {e}")
    if meant:
        try:
            reconcile(key, desk)
        except (BrokerUnavailable, BrokerRefused) as e:
            faults.append(f"{key.portfolio_id} was not reconciled: {e}")
    return meant, faults
