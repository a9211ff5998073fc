"""What a process shares between invocations: each client is made once from what it is made of, never by tenant.

A broker's clients are made of an access, and there may be one for each tenant: those used last are kept.

Importing this module imports no vendor; making a client does.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.kept import kept

if TYPE_CHECKING:
    from backend.adapters.alpaca import AlpacaBars, AlpacaBroker, AlpacaStatements
    from backend.adapters.documents import Documents
    from backend.domain.access import BrokerAccess, Secret
    from backend.ports.bars import Bars
    from backend.ports.bearers import Bearers
    from backend.ports.calendar import Calendar
    from backend.ports.credentials import Credentials
    from backend.ports.dispatch import TaskQueue
    from backend.ports.summary import Summarizer

    Told = Callable[[BrokerAccess], None]

_BUILD = lru_cache(maxsize=8)  # what all tenants share
_BUILD_FOR_ACCESS = kept(32)  # more accounts than a process has ticks at once; each client holds sockets


@_BUILD
def sqlite_documents(path: Path) -> "Documents":
    from backend.adapters.sqlite import SqliteDocuments

    return SqliteDocuments(path)


@_BUILD
def firestore_client(project: str) -> Any:
    from google.cloud import firestore

    # Not firebase_admin's: that one fails in the emulator without default credentials. Synchronous: an
    # AsyncClient dies with the event loop of the first invocation.
    return firestore.Client(project=project)


@_BUILD
def firestore_documents(project: str) -> "Documents":
    from backend.adapters.documents import open_documents

    return open_documents(firestore_client(project))


@_BUILD
def task_queue(project: str, location: str, function: str, deadline_seconds: int) -> "TaskQueue":
    from backend.adapters.cloud_tasks import CloudTaskQueue

    return CloudTaskQueue(project, location, function, deadline_seconds)


@_BUILD
def csv_bars(path: Path) -> "Bars":
    from backend.adapters.csv_bars import CsvBars

    return CsvBars(path)


@_BUILD_FOR_ACCESS
def alpaca_bars(
    access: "BrokerAccess", url: str | None, feed: str, timeout_seconds: float, on_refused: "Told"
) -> "AlpacaBars":
    from backend.adapters.alpaca import AlpacaBars

    return AlpacaBars(
        access.key,
        access.secret.reveal(),
        url=url,
        feed=feed,
        timeout_seconds=timeout_seconds,
        on_refused=partial(on_refused, access),
    )


@_BUILD
def exchange_calendar(name: str) -> "Calendar":
    from backend.adapters.exchange_calendar import ExchangeCalendar

    return ExchangeCalendar(name)


@_BUILD_FOR_ACCESS
def alpaca_broker(
    access: "BrokerAccess", url: str | None, timeout_seconds: float, on_refused: "Told"
) -> "AlpacaBroker":
    from backend.adapters.alpaca import AlpacaBroker

    return AlpacaBroker(
        access.key,
        access.secret.reveal(),
        paper=access.paper,
        url=url,
        timeout_seconds=timeout_seconds,
        on_refused=partial(on_refused, access),
    )


@_BUILD_FOR_ACCESS
def alpaca_statements(
    access: "BrokerAccess", url: str | None, timeout_seconds: float, on_refused: "Told"
) -> "AlpacaStatements":
    from backend.adapters.alpaca import AlpacaStatements

    return AlpacaStatements(
        access.key,
        access.secret.reveal(),
        paper=access.paper,
        url=url,
        timeout_seconds=timeout_seconds,
        on_refused=partial(on_refused, access),
    )


@_BUILD
def environment(key: str, secret: "Secret", paper: bool) -> "Credentials":
    from backend.adapters.environment import EnvironmentCredentials

    return EnvironmentCredentials(key, secret, paper=paper)


@_BUILD
def secret_file(path: Path, cache_seconds: float) -> "Credentials":
    from backend.adapters.cached_credentials import CachedCredentials
    from backend.adapters.secret_file import SecretFile
    from backend.adapters.system_clock import SystemClock

    return CachedCredentials(SecretFile(path, SystemClock()), cache_seconds)


@_BUILD
def secret_manager(project: str, cache_seconds: float) -> "Credentials":
    from backend.adapters.cached_credentials import CachedCredentials
    from backend.adapters.secret_manager import SecretManagerCredentials

    return CachedCredentials(SecretManagerCredentials(project), cache_seconds)


@_BUILD
def vertex_summarizer(project: str, location: str, model: str, timeout_seconds: float) -> "Summarizer":
    from backend.adapters.vertex import VertexSummarizer

    return VertexSummarizer(project, location, model, timeout_seconds)


@_BUILD
def firebase_tokens(project: str) -> "Bearers":
    from backend.adapters.firebase_tokens import FirebaseTokens

    return FirebaseTokens(project)
