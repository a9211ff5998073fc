"""Decide a tick now, and leave no trace of it: whatever would be written or sent is refused.

1. observe what a tick observes;
2. decide it (``drafting``) with a broker that only answers;
3. return what would be committed. The nonces and the order ids in it are of no tick.

The store is not known here: give the cycle one that refuses to write, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NoReturn

from backend.domain.account import Account, Asset
from backend.domain.errors import OrderRejected
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent
from backend.domain.signal import Symbol
from backend.domain.tick import PortfolioKey, TickCommit, TickRequest
from backend.engine.cycle import Cycle
from backend.engine.drafting import drafted
from backend.engine.telling import NoTelemetry
from backend.ports.broker import Broker


class Onlooker:
    """``Broker`` that is read, and sent nothing."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def account(self) -> Account:
        return self._broker.account()

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        return self._broker.assets(symbols)

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        return self._broker.find(client_order_id)

    def submit(self, intent: OrderIntent) -> NoReturn:
        raise OrderRejected(f"order {intent.client_order_id}: expected no order in a simulation, found one; report it")

    def cancel(self, client_order_id: ClientOrderId) -> NoReturn:
        raise OrderRejected(f"order {client_order_id}: expected nothing to be cancelled in a simulation; report it")


def simulated(key: PortfolioKey, cycle: Cycle) -> TickCommit:
    """Return what a tick of this portfolio would commit now.

    Raises
    ------
    MaestroError
        A tick could not be decided now; the message says why.
    """
    request = TickRequest(key=key, scheduled_at=cycle.clock.now())
    onlooking = replace(cycle, broker=Onlooker(cycle.broker), narrator=None, telemetry=NoTelemetry())
    return drafted(request, onlooking, cycle.store.observe(request))
