"""The venue's own account of a history: what it was sent, what it executed, and what that did to its cash."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Self

OPENING_CASH = Decimal(100_000)
OWNERS = "owner-"  # how the ids of the account owner's orders begin
CENT = Decimal("0.01")
ZERO = Decimal(0)
_OPEN = frozenset({"accepted", "new", "partially_filled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """``filled`` and ``value`` are summed up over its executions; ``cash`` is what they moved, in whole cents each."""

    client_order_id: str
    symbol: str
    side: str
    quantity: Decimal | None
    notional: Decimal | None
    is_open: bool
    filled: Decimal
    value: Decimal
    cash: Decimal
    executions: int

    @property
    def is_owners(self) -> bool:
        return self.client_order_id.startswith(OWNERS)

    @property
    def signed(self) -> Decimal:
        return self.filled if self.side == "buy" else -self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBooks:
    cash: Decimal
    positions: Mapping[str, Decimal]
    orders: tuple[VenueOrder, ...]

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Read ``GET /_paper/state``."""
        fills: defaultdict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
        for each in state["fills"]:
            fills[each["order_id"]].append((Decimal(each["qty"]), Decimal(each["price"])))
        return cls(
            cash=Decimal(state["cash"]),
            positions={each["symbol"]: Decimal(each["qty"]) for each in state["positions"]},
            orders=tuple(_order(each, fills[each["id"]]) for each in state["orders"]),
        )

    @property
    def is_at_rest(self) -> bool:
        return not any(order.is_open for order in self.orders)

    def of_owner(self) -> dict[str, Decimal]:
        held: defaultdict[str, Decimal] = defaultdict(Decimal)
        for order in self.orders:
            if order.is_owners:
                held[order.symbol] += order.signed
        return dict(held)


def _order(fields: Mapping[str, Any], fills: Sequence[tuple[Decimal, Decimal]]) -> VenueOrder:
    sign = -1 if fields["side"] == "buy" else 1
    return VenueOrder(
        client_order_id=fields["client_order_id"],
        symbol=fields["symbol"],
        side=fields["side"],
        quantity=_optional(fields["qty"]),
        notional=_optional(fields["notional"]),
        is_open=fields["status"] in _OPEN,
        filled=sum((quantity for quantity, _ in fills), ZERO),
        value=sum((quantity * price for quantity, price in fills), ZERO),
        cash=sum((sign * (quantity * price).quantize(CENT, ROUND_HALF_EVEN) for quantity, price in fills), ZERO),
        executions=len(fills),
    )


def _optional(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
