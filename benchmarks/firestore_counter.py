"""A door before the Firestore emulator that counts what passes: calls, and documents read, written and deleted.

A deployed function's process has a client of its own, which nothing can look into; what it sends goes through here
unchanged, byte by byte. Passing it on takes time, so nothing is timed through it.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, CommitRequest, RunQueryResponse, Write

_THREADS = 8


@dataclass(slots=True)
class Passed:
    """What passed since it was last taken.

    Attributes
    ----------
    written, kept : kilobytes of documents written, and of those that were new, so that storage grows by them
    added : documents that were new
    """

    round_trips: int = 0
    reads: int = 0
    writes: int = 0
    deletes: int = 0
    added: int = 0
    written: float = 0.0
    kept: float = 0.0


class FirestoreCounter:
    """Counts; see ``firestore_counter``."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._passed = Passed()
        self._seen: set[str] = set()

    def take(self) -> Passed:
        """Return what passed since the last time."""
        passed, self._passed = self._passed, Passed()
        return passed

    def sent(self, method: str, message: bytes) -> None:
        """Count a call."""
        self._passed.round_trips += 1
        if method == "Commit":
            for write in CommitRequest.deserialize(message).writes:
                self._wrote(write)

    def _wrote(self, write: Write) -> None:
        if "delete" in write:
            self._passed.deletes += 1
            return
        kilobytes = len(Write.serialize(write)) / 1024
        self._passed.writes += 1
        self._passed.written += kilobytes
        if write.update.name not in self._seen:
            self._seen.add(write.update.name)
            self._passed.added += 1
            self._passed.kept += kilobytes

    def answered(self, method: str, message: bytes) -> None:
        """Count the documents of an answer, as Firestore bills them: one that does not exist is read, too."""
        if method == "BatchGetDocuments":
            answer = BatchGetDocumentsResponse.deserialize(message)
            self._passed.reads += ("found" in answer) + ("missing" in answer)
        elif method == "RunQuery":
            self._passed.reads += "document" in RunQueryResponse.deserialize(message)


@contextmanager
def firestore_counter(emulator: str) -> Iterator[FirestoreCounter]:
    """Open a door to the emulator at ``emulator``, for clients that are told its ``host``."""
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    counter = FirestoreCounter(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    with grpc.insecure_channel(emulator) as channel:
        server.add_generic_rpc_handlers((_Door(channel, counter),))
        server.start()
        try:
            yield counter
        finally:
            server.stop(None).wait()


class _Door(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Every call as two streams of bytes: on the wire a single message is a stream of one."""

    def __init__(self, channel: Any, counter: FirestoreCounter) -> None:
        self._channel = channel
        self._counter = counter

    def service(self, details: Any) -> Any:
        name = details.method.rpartition("/")[2]
        onward = self._channel.stream_stream(details.method)

        def passed_on(messages: Iterator[bytes], context: Any) -> Iterator[bytes]:
            answers = onward(self._noted(name, messages), metadata=context.invocation_metadata())
            try:
                for answer in answers:
                    self._counter.answered(name, answer)
                    yield answer
            except grpc.RpcError as e:
                context.abort(e.code(), e.details())

        return grpc.stream_stream_rpc_method_handler(passed_on)

    def _noted(self, name: str, messages: Iterator[bytes]) -> Iterator[bytes]:
        for message in messages:
            self._counter.sent(name, message)
            yield message
