"""The server around the application: in a thread for tests and the demo, or as a process of its own."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from backend.adapters.csv_actions import ScheduledAction
from maestro.servers.paper_broker.app import build_app
from maestro.servers.paper_broker.config import PaperBrokerConfig
from maestro.servers.paper_broker.errors import PaperBrokerConfigError
from maestro.servers.paper_broker.venue import Venue

_HOST = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 3_600
_SHUTDOWN_SECONDS = 2
_Result = TypeVar("_Result")


class _Protocol(H11Protocol):
    """HTTP that lets the application reach its connection, to close it on purpose."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """A server that says when it listens, and that ends what hangs when it stops."""

    def __init__(self, venue: Venue, on_ready: Callable[[], None]) -> None:
        self._is_stopping = asyncio.Event()
        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                build_app(venue, self._is_stopping),
                http=_Protocol,
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    def stop(self) -> None:
        """Ask the server to stop; only on its loop's thread."""
        self.should_exit = True
        self._is_stopping.set()

    async def main_loop(self) -> None:
        tick = 0
        stopping = asyncio.ensure_future(self._is_stopping.wait())
        while not await self.on_tick(tick):
            tick += 1
            await asyncio.wait([stopping], timeout=0.1)
        stopping.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once: uvicorn's own shutdown sleeps, and waits for clients that keep their connection."""
        self._is_stopping.set()
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_SHUTDOWN_SECONDS)
        await asyncio.sleep(0)


class PaperBrokerServer:
    """A paper broker on a loopback port, in a thread of its own.

    Use it as a context manager. `advance`, `set_faults`, `schedule`, `transfer`, `state` and `reset` do what the
    control plane under ``/_paper`` does, from any thread; `rotate` has no route, since it decides who may come in.

    Raises
    ------
    PriceFileError, FaultSpecError, PaperBrokerConfigError
        On construction, when the configuration cannot be served.
    """

    def __init__(self, config: PaperBrokerConfig) -> None:
        self._venue = Venue(config)
        self._port = config.port
        self._is_ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._run, name="paper-broker", daemon=True)
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._port}"

    @property
    def stream_url(self) -> str:
        return f"ws://{_HOST}:{self._port}/stream"

    def __enter__(self) -> Self:
        self._socket = _bound(self._port)
        self._port = self._socket.getsockname()[1]
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join()

    def advance(self, to: datetime) -> None:
        """Move the broker's clock to the aware instant `to`; waiting orders execute on the way."""
        self._call(lambda: self._venue.advance(to))

    def set_faults(self, specs: Sequence[str]) -> None:
        """Put `specs` in the place of all faults; none clears them."""
        self._call(lambda: self._venue.faults.replace(specs))

    def rotate(self, key: str, secret: str) -> None:
        """Insist on these credentials from here on; those before open the account no more."""
        self._call(lambda: self._venue.rotate(key, secret))

    def schedule(self, actions: Sequence[ScheduledAction]) -> None:
        """Add splits and dividends whose ex-dates lie ahead of the clock."""
        self._call(lambda: self._venue.broker.office.schedule(actions, self._venue.broker.now))

    def transfer(self, amount: Decimal, kind: str | None = None) -> None:
        """Deposit, or withdraw a negative `amount`; `kind` INT books interest, JNLC a journal."""
        self._call(lambda: self._venue.broker.transfer(kind, amount))

    def state(self) -> dict[str, Any]:
        """Return cash, positions, orders, fills, other activities and faults, as ``GET /_paper/state``."""
        return self._call(self._venue.state)

    def reset(self) -> None:
        """Return to the configured start, faults included."""
        self._call(self._venue.reset)

    def _call(self, action: Callable[[], _Result]) -> _Result:
        """Run `action` on the server's thread, which alone touches the venue."""
        if self._loop is None or not self._thread.is_alive():
            return action()

        async def on_loop() -> _Result:
            return action()

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._is_ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = _Server(self._venue, self._is_ready.set)
        await self._server.serve(sockets=[self._socket] if self._socket else None)


def serve(config: PaperBrokerConfig) -> None:
    """Serve until interrupted; print one line with the address when ready.

    Raises
    ------
    MaestroError
        When the configuration, the price file or a fault is wrong, or the port is taken.
    """
    venue = Venue(config)
    listener = _bound(config.port)
    url = f"http://{_HOST}:{listener.getsockname()[1]}"

    def announce() -> None:
        sys.stdout.write(f"paper broker ready at {url}\n")
        sys.stdout.flush()

    async def run() -> None:
        await _Server(venue, announce).serve(sockets=[listener])

    asyncio.run(run())


def _bound(port: int) -> socket.socket:
    # asyncio turns Nagle off only where it can see that the socket is TCP; with it each answer takes 44 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as e:
        listener.close()
        raise PaperBrokerConfigError(
            f"port: expected a free port on {_HOST}, found {port} taken ({e}); choose another, or 0 for any."
        ) from e
    return listener
