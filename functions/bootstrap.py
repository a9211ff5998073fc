"""Which adapters a deployed process uses, chosen from its settings when they are first needed.

What a process shares between invocations (clients, prices) is kept by what it was made from, never by tenant;
whatever knows its tenant is built anew for every call. Importing this module imports no vendor.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions import channels, clients, rehearsal, stores
from functions.access import credentials
from functions.required import project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import FilteringBoundLogger

    from backend.adapters.dry_run import DryRunAccount
    from backend.domain.access import BrokerAccess
    from backend.domain.tick import PortfolioKey
    from backend.engine.cycle import Cycle
    from backend.engine.reconciling import Desk
    from backend.engine.snapshots import DayClose
    from backend.ports.bars import Bars
    from backend.ports.broker import Broker
    from backend.ports.calendar import Calendar
    from backend.ports.clock import Clock
    from backend.ports.statements import Statements
    from backend.ports.summary import Summarizer
    from backend.settings import Settings
    from functions.strategies.deadlines import Abandoned
    from functions.strategies.loader import StrategyLoader


@lru_cache(maxsize=1)
def settings() -> "Settings":
    """Return the settings of this process, read once; what is logged from here on is JSON."""
    from backend.settings import load_settings

    _configure_log()
    return load_settings()


def clock() -> "Clock":
    from backend.adapters.system_clock import SystemClock

    return SystemClock()


def bars(settings: "Settings", tenant_id: str) -> "Bars":
    """Return prices from the settings' file, else from Alpaca, whose limit of requests is then the tenant's own.

    Raises
    ------
    ConfigurationError
        They would come from Alpaca, and the tenant has no credentials.
    """
    if settings.prices_file is not None:
        return clients.csv_bars(settings.prices_file)
    alpaca, own = settings.alpaca, credentials(settings)
    url = alpaca.data_url or alpaca.url
    return clients.alpaca_bars(own.broker_access(tenant_id), url, alpaca.feed, alpaca.timeout_seconds, own.forget)


def calendar(settings: "Settings", portfolio: "Mapping[str, Any]") -> "Calendar":
    """Return when the portfolio's own venue trades, else the settings'.

    Raises
    ------
    ConfigurationError
        The portfolio's definition names its calendar by something that is no text.
    """
    from backend.domain.errors import ConfigurationError

    name = portfolio.get("calendar", settings.calendar)
    if not isinstance(name, str):
        raise ConfigurationError(
            f"portfolios/….calendar: expected the name of a calendar such as XNYS or 24/7, found {name!r}; correct it"
        )
    return clients.exchange_calendar(name)


def broker(settings: "Settings", tenant_id: str) -> "Broker":
    """Return the venue with the tenant's own account; no order leaves the store of a dry run.

    Ask anew for every tick: credentials that the venue refused are forgotten, those of one tick stay the same.

    Raises
    ------
    ConfigurationError
        The tenant has no credentials.
    StoreUnavailable
        The place that keeps them does not answer.
    """
    access = credentials(settings).broker_access(tenant_id)
    return rehearsal.broker(venue(settings, access), dry_run_account(settings, tenant_id))


def venue(settings: "Settings", access: "BrokerAccess") -> "Broker":
    """Return the venue with the account that ``access`` opens."""
    alpaca = settings.alpaca
    return clients.alpaca_broker(access, alpaca.url, alpaca.timeout_seconds, credentials(settings).forget)


def statements(settings: "Settings", tenant_id: str) -> "Statements":
    """Return the books of the tenant's account at the venue, or of the dry run's; raises as ``broker``."""
    alpaca, own = settings.alpaca, credentials(settings)
    access = own.broker_access(tenant_id)
    books = clients.alpaca_statements(access, alpaca.url, alpaca.timeout_seconds, own.forget)
    return rehearsal.statements(
        books, dry_run_account(settings, tenant_id), clients.exchange_calendar(settings.calendar)
    )


def dry_run_account(settings: "Settings", tenant_id: str) -> "DryRunAccount | None":
    """Return the account of a dry run where the settings name its store; no file is made to find out."""
    if settings.store != "sqlite" or not settings.sqlite_path.exists():
        return None
    return rehearsal.account(stores.documents(settings), bars(settings, tenant_id), clock())


def cycle(settings: "Settings", *, tenant_id: str, portfolio_id: str, uid: str, is_logged: bool = False) -> "Cycle":
    """Put together the parts that run one portfolio's tick.

    Parameters
    ----------
    is_logged : whether its steps become lines of the log, as in a process that has configured one

    Raises
    ------
    ConfigurationError
        What the chosen adapters need is not set.
    """
    from backend.adapters.documents import DocumentStore
    from backend.adapters.documents.counted import CountedDocuments
    from backend.adapters.documents.lease_documents import LeaseDocuments
    from backend.adapters.log_telemetry import LogTelemetry
    from backend.adapters.template_summary import TemplateSummarizer
    from backend.domain.signal import Symbol
    from backend.engine.cycle import Cycle
    from backend.engine.leasing import StoredLeases
    from backend.engine.telling import NoTelemetry
    from functions.strategies.maestro_controller import MaestroController

    strategies = loader(settings, tenant_id, uid)
    # before the store: what cannot start leaves no file behind
    account, prices = broker(settings, tenant_id), bars(settings, tenant_id)
    documents = CountedDocuments(stores.documents(settings))
    return Cycle(
        store=DocumentStore(documents),
        broker=account,
        bars=prices,
        strategies=strategies,
        summarizer=TemplateSummarizer(),
        narrator=narrator(settings),
        statements=statements(settings, tenant_id),
        leases=StoredLeases(LeaseDocuments(documents)),
        clock=clock(),
        policy=settings.policy(MaestroController.default_policy()),
        symbols=tuple(map(Symbol, settings.symbols)),
        history_days=settings.history_days,
        telemetry=LogTelemetry(documents.traffic) if is_logged else NoTelemetry(),
    )


def loader(settings: "Settings", tenant_id: str, uid: str) -> "StrategyLoader":
    """Return the strategies that are found in library and packages."""
    from functions.strategies.loader import StrategyLoader
    from functions.strategies.roster import LIBRARY

    return StrategyLoader(
        tenant_id=tenant_id,
        uid=uid,
        packages=(*LIBRARY, *settings.strategies.packages),
        time_limit_seconds=settings.strategies.time_limit_seconds,
        abandoned=_abandoned(tenant_id, uid),
    )


@lru_cache(maxsize=1024)
def _abandoned(tenant_id: str, uid: str) -> "Abandoned":
    """Return the threads that this process gave up for a tenant: what hangs costs one, not one every tick."""
    return {}


def day_close(settings: "Settings", key: "PortfolioKey", *, is_logged: bool = False) -> "DayClose":
    """Put together the parts that close one portfolio's days."""
    from backend.engine.snapshots import DayClose

    books = stores.store(settings)
    return DayClose(
        cycle=_cycle_of(settings, key, is_logged),
        store=books,
        calendar=calendar(settings, books.observe_book(key).portfolio),
        statements=statements(settings, key.tenant_id),
    )


def desk(settings: "Settings", key: "PortfolioKey", *, is_logged: bool = False) -> "Desk":
    """Put together the parts that bring one portfolio together with its broker."""
    from backend.engine.reconciling import Desk

    return Desk(
        cycle=_cycle_of(settings, key, is_logged),
        store=stores.store(settings),
        statements=statements(settings, key.tenant_id),
    )


def _cycle_of(settings: "Settings", key: "PortfolioKey", is_logged: bool) -> "Cycle":
    return cycle(settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid, is_logged=is_logged)


def narrator(settings: "Settings") -> "Summarizer | None":
    """Return Gemini when it is enabled."""
    gemini = settings.gemini
    if not gemini.enabled:
        return None
    return clients.vertex_summarizer(
        gemini.project or project(settings), gemini.location, gemini.model, gemini.timeout_seconds
    )


def raise_alert(settings: "Settings", *, tenant_id: str, alert_id: str, kind: str, message: str, **facts: Any) -> None:
    """Log an alert, keep it in ``alerts/{alert_id}`` and send it over the tenant's channels; never raise."""
    event = {"kind": kind, "severity": "error", "message": message, **facts}
    logger = log(tenant_id=tenant_id, **{**facts, "kind": kind})
    getattr(logger, event["severity"])(message)
    for fault in channels.raise_event(settings, tenant_id, alert_id, event, clock().now()):
        logger.error("alert not sent", reason=fault)


def log(**facts: Any) -> "FilteringBoundLogger":
    """Return a logger of JSON lines that carries ``facts``, such as ``tenant_id`` and ``tick_id``."""
    from backend.adapters import cloud_log

    _configure_log()
    return cloud_log.logger(**facts)


@lru_cache(maxsize=1)
def _configure_log() -> None:
    from backend.adapters import cloud_log

    cloud_log.configure()
