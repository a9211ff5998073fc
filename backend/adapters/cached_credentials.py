"""Broker credentials held in memory for a while, so that a tick asks their place seldom."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from backend.domain.access import AccessRecord, BrokerAccess
from backend.ports.credentials import Credentials

_CAPACITY = 512  # tenants; one more costs the one that was asked for longest ago


class CachedCredentials:
    """``Credentials`` in front of others.

    Parameters
    ----------
    source : where they are kept
    seconds : how long an answer is used; 0 asks each time
    capacity : how many tenants are held
    monotonic : seconds of a clock that never goes back
    """

    def __init__(
        self,
        source: Credentials,
        seconds: float,
        *,
        capacity: int = _CAPACITY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._seconds = seconds
        self._capacity = capacity
        self._monotonic = monotonic
        self._held: OrderedDict[str, tuple[float, BrokerAccess]] = OrderedDict()
        self._lock = Lock()

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        """Return what is held, unless it is too old; a failure is never held."""
        asked_at = self._monotonic()
        with self._lock:
            held = self._held.get(tenant_id)
            if held is not None and asked_at - held[0] < self._seconds:
                self._held.move_to_end(tenant_id)
                return held[1]
            self._held.pop(tenant_id, None)
        access = self._source.broker_access(tenant_id)
        with self._lock:
            self._held[tenant_id] = (asked_at, access)
            self._held.move_to_end(tenant_id)
            while len(self._held) > self._capacity:
                self._held.popitem(last=False)
        return access

    def record(self, tenant_id: str) -> AccessRecord | None:
        return self._source.record(tenant_id)

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        try:
            self._source.store_broker_access(tenant_id, access)
        finally:
            self._drop(tenant_id)  # a failure may have come after the change

    def remove(self, tenant_id: str) -> None:
        try:
            self._source.remove(tenant_id)
        finally:
            self._drop(tenant_id)

    def forget(self, access: BrokerAccess) -> None:
        with self._lock:
            for tenant_id in [name for name, (_, held) in self._held.items() if held == access]:
                del self._held[tenant_id]
        self._source.forget(access)

    def _drop(self, tenant_id: str) -> None:
        with self._lock:
            self._held.pop(tenant_id, None)
