"""The venue that holds the account."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from backend.domain.account import Account, Asset
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent
from backend.domain.signal import Symbol


class Broker(Protocol):
    """Reads raise BrokerUnavailable or BrokerRefused; nothing here sends an order twice by itself."""

    def account(self) -> Account:
        """Read account and positions."""
        ...

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        """Read what can be traded, and whether in fractions; answers are kept for the adapter's life."""
        ...

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Send one order, once.

        Raises
        ------
        DuplicateOrder
            The venue has this client_order_id already: look it up.
        OrderRejected
            The venue said no; it holds nothing.
        OrderUnresolved
            Time-out, connection lost, 429, 5xx or an unreadable answer: the venue may or may not have it.
        """
        ...

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        """Look an order up; None when the venue does not know it."""
        ...

    def cancel(self, client_order_id: ClientOrderId) -> None:
        """Ask the venue to cancel a working order; no error when it is final already."""
        ...
