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
│   ├── TickAlreadyCommitted    another delivery of the same tick won; resume from it
│   └── RequestAnswered         the same request was carried out before; its receipt has the answer
├── RequestError
│   ├── RequestInvalid          the request is not what the OpenAPI document describes; nothing was done
│   ├── NotAuthenticated        no token, or one that does not hold
│   ├── NotPermitted            the caller may not do this in this tenant
│   ├── NotFound                the tenant has no such thing
│   ├── KeyReused               the idempotency key belongs to another request
│   ├── RateExceeded            the caller has made more requests than allowed
│   ├── TookTooLong             the answer was not there within its time limit; nothing was changed
│   └── IdentityUnavailable     who asks could not be found out; nothing was done
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


class RequestAnswered(StoreError):
    pass


class RequestError(MaestroError):
    pass


class RequestInvalid(RequestError):
    pass


class NotAuthenticated(RequestError):
    pass


class NotPermitted(RequestError):
    pass


class NotFound(RequestError):
    pass


class KeyReused(RequestError):
    pass


class RateExceeded(RequestError):
    pass


class TookTooLong(RequestError):
    pass


class IdentityUnavailable(RequestError):
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
