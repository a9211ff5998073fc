"""What the exit status says: 0 done, 1 failed, 2 usage or configuration, 3 store, 4 broker, 5 prices."""

from backend.domain.errors import BrokerError, ConfigurationError, MaestroError, MarketDataError, StoreError

_CODES: tuple[tuple[type[MaestroError], int], ...] = (
    (ConfigurationError, 2),
    (StoreError, 3),
    (BrokerError, 4),
    (MarketDataError, 5),
)


def exit_code(error: MaestroError) -> int:
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)
