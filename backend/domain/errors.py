"""Every error Maestro raises on purpose.

MaestroError
├── ConfigurationError          a setting is missing, unknown or out of range
├── SignalError                 a strategy returned something that is not a signal
│   └── SignalRefused           a presented signal may not be executed: altered, expired, replayed, not ours
├── StrategyError
│   ├── StrategyLoadError       a strategy module does not import, or its class cannot be built
│   ├── StrategyFailed          evaluate() raised
│   └── StrategyTimeout         evaluate() exceeded its time limit
├── TrackRecordError            a performance document that cannot be read as a return
├── AllocationError             weights are not defined: the covariance, the returns or the bounds allow none
├── LedgerError                 a fill that cannot be booked
├── LeaseHeld                   another orchestrator trades one of the strategies on this account
├── PortfolioPaused             the portfolio is not active, so no tick of it is begun
├── TickExpired                 nobody had begun the tick when it was too late for it
├── TaskTimedOut                a tenant's task did not end within its time limit
├── MarketDataError             prices are missing, malformed or stale
├── StoreError
│   ├── StoreUnavailable        the store did not answer; what it committed is unknown
│   ├── StoreCorrupt            a stored document cannot be read back
│   ├── CommitConflict          a precondition was lost; nothing was committed
│   └── TickAlreadyCommitted    another delivery of the same tick won; resume from it
├── NotificationError           a channel did not take an alert
└── BrokerError
    ├── BrokerUnavailable       no usable answer to a read (time-out, 429, 5xx, not JSON)
    ├── BrokerRefused           401 or 403: the credentials do not open this account
    ├── OrderRejected           the venue said no (422, 403 buying power); it holds nothing
    ├── DuplicateOrder          the venue already knows this client_order_id; look it up
    └── OrderUnresolved         the venue may or may not have the order; never send it again
"""


class MaestroError(Exception):
    """Root of the tree; a message says what was expected, what was found and what to do."""


class ConfigurationError(MaestroError):
    pass


class SignalError(MaestroError):
    pass


class SignalRefused(SignalError):
    pass


class StrategyError(MaestroError):
    pass


class StrategyLoadError(StrategyError):
    pass


class StrategyFailed(StrategyError):
    pass


class StrategyTimeout(StrategyError):
    pass


class TrackRecordError(MaestroError):
    pass


class AllocationError(MaestroError):
    pass


class LedgerError(MaestroError):
    pass


class LeaseHeld(MaestroError):
    pass


class PortfolioPaused(MaestroError):
    pass


class TickExpired(MaestroError):
    pass


class TaskTimedOut(MaestroError):
    pass


class MarketDataError(MaestroError):
    pass


class StoreError(MaestroError):
    pass


class StoreUnavailable(StoreError):
    pass


class StoreCorrupt(StoreError):
    pass


class CommitConflict(StoreError):
    pass


class TickAlreadyCommitted(StoreError):
    pass


class NotificationError(MaestroError):
    pass


class BrokerError(MaestroError):
    pass


class BrokerUnavailable(BrokerError):
    pass


class BrokerRefused(BrokerError):
    pass


class OrderRejected(BrokerError):
    pass


class DuplicateOrder(BrokerError):
    pass


class OrderUnresolved(BrokerError):
    pass
