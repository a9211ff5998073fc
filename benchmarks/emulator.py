"""The Firestore emulator for a measurement, and a client that counts what goes over its wire."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ
from typing import Any
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
from google.cloud import firestore
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, RunQueryResponse

from benchmarks.unavailable import BenchmarkUnavailable
from tests.emulators.firestore_emulator import ENABLE_COMMAND, HOST_VARIABLE, firestore_emulator


@dataclass(slots=True)
class Wire:
    """What went over one channel: calls by method, documents that came back, names that were asked in vain."""

    calls: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    missing: int = 0

    @property
    def round_trips(self) -> int:
        return self.calls.total()

    @property
    def reads(self) -> int:
        """Documents read as Firestore bills them: those that do not exist count, too."""
        return self.documents + self.missing

    def reset(self) -> None:
        self.calls.clear()
        self.documents = self.missing = 0


class _Meter(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Counts at the transport, where no layer above can hide a call or a retry."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self._note(details)
        return continuation(details, request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        self._note(details)
        return _CountedStream(continuation(details, request), self._wire)

    def _note(self, details: Any) -> None:
        self._wire.calls[details.method.rpartition("/")[2]] += 1


class _CountedStream:
    """A stream of answers that counts the documents in it."""

    def __init__(self, stream: Any, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> "_CountedStream":
        return self

    def __next__(self) -> Any:
        answer = next(self._stream)
        if isinstance(answer, BatchGetDocumentsResponse):
            self._wire.documents += "found" in answer
            self._wire.missing += "missing" in answer
        elif isinstance(answer, RunQueryResponse):
            self._wire.documents += "document" in answer
        return answer


class MeteredClient(firestore.Client):
    """A Firestore client with a meter on its channel."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.wire = Wire()

    def _emulator_channel(self, transport: Any) -> Any:
        channel = super()._emulator_channel(transport)  # type: ignore[no-untyped-call]
        return grpc.intercept_channel(channel, _Meter(self.wire))


@contextmanager
def firestore_host() -> Iterator[str]:
    """Point Google's clients at an emulator for as long as this lasts.

    Raises
    ------
    BenchmarkUnavailable
        None runs and none can be started.
    """
    before = environ.get(HOST_VARIABLE)
    with firestore_emulator() as host:
        if host is None:
            raise BenchmarkUnavailable(f"expected a Firestore emulator, found none; enable it with: {ENABLE_COMMAND}")
        environ[HOST_VARIABLE] = host  # Google's clients look nowhere else
        try:
            yield host
        finally:
            if before is None:
                del environ[HOST_VARIABLE]
            else:
                environ[HOST_VARIABLE] = before


@contextmanager
def client(kind: type[Any] = firestore.Client) -> Iterator[Any]:
    """Open a client of a project that nobody else writes to."""
    opened = kind(project=f"demo-{uuid4().hex[:16]}")
    try:
        yield opened
    finally:
        opened.close()
