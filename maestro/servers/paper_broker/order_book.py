"""Every order of the account, by its ids, and what the open ones claim."""

from decimal import Decimal
from uuid import UUID

from maestro.servers.paper_broker.errors import invalid, not_found
from maestro.servers.paper_broker.orders import ZERO, PaperOrder, Side


class OrderBook:
    def __init__(self) -> None:
        self._orders: dict[UUID, PaperOrder] = {}
        self._by_client_order_id: dict[str, PaperOrder] = {}
        self._open: dict[UUID, PaperOrder] = {}

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def all(self) -> list[PaperOrder]:
        """Return every order in the order they came."""
        return list(self._orders.values())

    @property
    def open(self) -> list[PaperOrder]:
        return list(self._open.values())

    def check_unused(self, client_order_id: str | None) -> None:
        if client_order_id in self._by_client_order_id:
            raise invalid("client_order_id must be unique")

    def add(self, order: PaperOrder) -> None:
        self._orders[order.id] = self._open[order.id] = order
        self._by_client_order_id[order.client_order_id] = order

    def close(self, order: PaperOrder) -> None:
        del self._open[order.id]

    def by_id(self, order_id: str) -> PaperOrder:
        try:
            return self._orders[UUID(order_id)]
        except (ValueError, KeyError) as e:
            raise not_found(f"order not found for {order_id}") from e

    def by_client_order_id(self, client_order_id: str) -> PaperOrder:
        order = self._by_client_order_id.get(client_order_id)
        if order is None:
            raise not_found(f"order not found for {client_order_id}")
        return order

    def claimed_qty(self, symbol: str, side: Side) -> Decimal:
        """Return the shares that open orders on one side are still to trade."""
        orders = (o for o in self._open.values() if o.ticket.symbol == symbol and o.ticket.side is side)
        return sum((order.remaining_qty for order in orders), ZERO)

    def held_buying_power(self) -> Decimal:
        return sum((order.hold for order in self._open.values()), ZERO)
