"""What a process shares between invocations: each client is made once from what it is made of, never by tenant.

Importing this module imports no vendor; making a client does.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.adapters.documents import Documents
    from backend.ports.bars import Bars
    from backend.ports.broker import Broker
    from backend.ports.calendar import Calendar
    from backend.ports.dispatch import TaskQueue
    from backend.ports.statements import Statements
    from backend.ports.summary import Summarizer

_BUILD = lru_cache(maxsize=8)  # a process serves few accounts; each client holds sockets


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


@_BUILD
def alpaca_bars(key: str, secret: str, url: str | None, feed: str, timeout_seconds: float) -> "Bars":
    from backend.adapters.alpaca import AlpacaBars

    return AlpacaBars(key, secret, url=url, feed=feed, timeout_seconds=timeout_seconds)


@_BUILD
def exchange_calendar(name: str) -> "Calendar":
    from backend.adapters.exchange_calendar import ExchangeCalendar

    return ExchangeCalendar(name)


@_BUILD
def alpaca_broker(key: str, secret: str, paper: bool, url: str | None, timeout_seconds: float) -> "Broker":
    from backend.adapters.alpaca import AlpacaBroker

    return AlpacaBroker(key, secret, paper=paper, url=url, timeout_seconds=timeout_seconds)


@_BUILD
def alpaca_statements(key: str, secret: str, paper: bool, url: str | None, timeout_seconds: float) -> "Statements":
    from backend.adapters.alpaca import AlpacaStatements

    return AlpacaStatements(key, secret, paper=paper, url=url, timeout_seconds=timeout_seconds)


@_BUILD
def vertex_summarizer(project: str, location: str, model: str, timeout_seconds: float) -> "Summarizer":
    from backend.adapters.vertex import VertexSummarizer

    return VertexSummarizer(project, location, model, timeout_seconds)
