"""Which adapters a deployed process uses, chosen from its settings when they are first needed.

What a process shares between invocations (clients, prices) is kept by what it was made from, never by tenant;
whatever knows its tenant is built anew for every call. Importing this module imports no vendor.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions import clients, rehearsal, stores
from functions.required import credentials, project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import FilteringBoundLogger

    from backend.adapters.cloud_tasks import TickQueue
    from backend.adapters.dry_run import DryRunAccount
    from backend.adapters.firestore_portfolios import FirestorePortfolios
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


def portfolios(settings: "Settings") -> "FirestorePortfolios":
    """Return who is to be run."""
    from backend.adapters.firestore_portfolios import FirestorePortfolios

    return FirestorePortfolios(clients.firestore_client(project(settings)))


def tick_queue(settings: "Settings", *, location: str, function: str) -> "TickQueue":
    """Return the queue of the function that runs one tenant's tick."""
    return clients.tick_queue(project(settings), location, function)


def bars(settings: "Settings") -> "Bars":
    """Return prices from the settings' file, else from Alpaca."""
    if settings.prices_file is not None:
        return clients.csv_bars(settings.prices_file)
    alpaca = settings.alpaca
    key, secret = credentials(settings)
    return clients.alpaca_bars(key, secret, alpaca.data_url or alpaca.url, alpaca.feed, alpaca.timeout_seconds)


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


def broker(settings: "Settings") -> "Broker":
    """Return the venue, whose one account serves every tenant; no order leaves the store of a dry run."""
    alpaca = settings.alpaca
    key, secret = credentials(settings)
    venue = clients.alpaca_broker(key, secret, alpaca.paper, alpaca.url, alpaca.timeout_seconds)
    return rehearsal.broker(venue, dry_run_account(settings))


def statements(settings: "Settings") -> "Statements":
    """Return the books of the account at the venue, or of the dry run's."""
    alpaca = settings.alpaca
    key, secret = credentials(settings)
    books = clients.alpaca_statements(key, secret, alpaca.paper, alpaca.url, alpaca.timeout_seconds)
    return rehearsal.statements(books, dry_run_account(settings), clients.exchange_calendar(settings.calendar))


def dry_run_account(settings: "Settings") -> "DryRunAccount | None":
    """Return the account of a dry run where the settings name its store; no file is made to find out."""
    if settings.store != "sqlite" or not settings.sqlite_path.exists():
        return None
    return rehearsal.account(stores.documents(settings), bars(settings), clock())


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
    venue, prices = broker(settings), bars(settings)  # before the store: what cannot start leaves no file behind
    documents = CountedDocuments(stores.documents(settings))
    return Cycle(
        store=DocumentStore(documents),
        broker=venue,
        bars=prices,
        strategies=strategies,
        summarizer=TemplateSummarizer(),
        narrator=narrator(settings),
        statements=statements(settings),
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
    )


def day_close(settings: "Settings", key: "PortfolioKey", *, is_logged: bool = False) -> "DayClose":
    """Put together the parts that close one portfolio's days."""
    from backend.engine.snapshots import DayClose

    books = stores.store(settings)
    return DayClose(
        cycle=_cycle_of(settings, key, is_logged),
        store=books,
        calendar=calendar(settings, books.observe_book(key).portfolio),
        statements=statements(settings),
    )


def desk(settings: "Settings", key: "PortfolioKey", *, is_logged: bool = False) -> "Desk":
    """Put together the parts that bring one portfolio together with its broker."""
    from backend.engine.reconciling import Desk

    return Desk(
        cycle=_cycle_of(settings, key, is_logged),
        store=stores.store(settings),
        statements=statements(settings),
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
    """Log an error and write it to ``alerts/{alert_id}`` of the tenant; the same alert again replaces itself."""
    from backend.adapters.documents import paths
    from backend.adapters.documents.seam import replace

    log(tenant_id=tenant_id, **facts).error(message, kind=kind)
    fields = {"tenant_id": tenant_id, "kind": kind, "severity": "error", "message": message, **facts}
    stores.documents(settings).commit(
        [replace(paths.alert(tenant_id, alert_id), {**fields, "timestamp": clock().now()})]
    )


def log(**facts: Any) -> "FilteringBoundLogger":
    """Return a logger of JSON lines that carries ``facts``, such as ``tenant_id`` and ``tick_id``."""
    from backend.adapters import cloud_log

    _configure_log()
    return cloud_log.logger(**facts)


@lru_cache(maxsize=1)
def _configure_log() -> None:
    from backend.adapters import cloud_log

    cloud_log.configure()
