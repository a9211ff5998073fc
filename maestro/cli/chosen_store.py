"""Which store a reading command reads: the one named, else the configured one, else the process's, else the demo's."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from backend.domain.errors import ConfigurationError
from backend.domain.tick import PortfolioKey
from backend.ports.audit import AuditTrail
from backend.ports.control import TradingControl
from backend.ports.decisions import DecisionLog
from backend.ports.notifications import AlertHistory
from backend.ports.operations import Operations
from backend.ports.performances import PerformanceHistory
from backend.settings import Settings, load_settings
from functions import stores
from maestro.live.process_files import ProcessFiles

DEMO_STORE = Path(".maestro/demo.db")
DEMO_TENANT = "demo"

StoreOption = Annotated[
    Path | None,
    typer.Option(help="SQLite file to read; by default the configured store, else the last demo's."),
]
TenantOption = Annotated[str | None, typer.Option(help="Tenant to read; by default the configured one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStore:
    log: DecisionLog
    control: TradingControl
    trail: AuditTrail
    performances: PerformanceHistory
    alerts: AlertHistory
    operations: Operations
    key: PortfolioKey
    name: str
    settings: Settings


def demo_marker(store: Path) -> Path:
    """Return the file beside a store that says that a demo wrote it."""
    return Path(f"{store}.demo")


def choose_store(store: Path | None, tenant: str | None, *, demo: bool = True) -> ChosenStore:
    """Open the store to read; with ``demo`` off, as for what changes trading, never one that was not named.

    Raises
    ------
    ConfigurationError
        There is none yet.
    """
    settings = load_settings()
    if demo and store is None and settings.store == "sqlite" and not settings.sqlite_path.exists():
        store = next((each for each in (_process_store(), DEMO_STORE) if each is not None and each.exists()), None)
    if store is not None:
        settings = settings.model_copy(update={"store": "sqlite", "sqlite_path": store})
    return opened(settings, tenant)


def opened(settings: Settings, tenant: str | None) -> ChosenStore:
    """Open the store that the settings name.

    Raises
    ------
    ConfigurationError
        There is none yet.
    """
    is_sqlite = settings.store == "sqlite"
    if is_sqlite and not settings.sqlite_path.exists():
        raise ConfigurationError(
            f"expected a store at {settings.sqlite_path}, found none; run `maestro demo` or `maestro tick` first, "
            "or name one with --store"
        )
    is_demo = is_sqlite and demo_marker(settings.sqlite_path).exists()
    key = PortfolioKey(
        tenant_id=tenant or (DEMO_TENANT if is_demo else settings.tenant_id),
        portfolio_id=settings.portfolio_id,
        uid=settings.uid,
    )
    name = str(settings.sqlite_path) if is_sqlite else f"Firestore project {settings.project}"
    books = stores.store(settings)
    return ChosenStore(
        log=books,
        control=books,
        trail=stores.audit_trail(settings),
        performances=stores.performances(settings),
        alerts=stores.alerts(settings),
        operations=stores.operations(settings),
        key=key,
        name=name,
        settings=settings,
    )


def end_of_time(chosen: ChosenStore) -> datetime:
    """Return now; for a demo, whose days are long past, the instant of its last decision."""
    settings = chosen.settings
    if settings.store == "sqlite" and demo_marker(settings.sqlite_path).exists():
        for newest in chosen.log.decisions(chosen.key.tenant_id, last=1):
            return newest.timestamp
    return datetime.now(UTC)


def _process_store() -> Path | None:
    """Return the store of the process that runs in this folder, or ran last: that of a dry run, before any real one."""
    path = ProcessFiles().read_state().get("sqlite_path")
    return Path(path) if isinstance(path, str) else None
