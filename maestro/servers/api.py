"""The HTTP API on this machine: the application of the Cloud Function, served by waitress until interrupted."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from backend.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from flask_openapi3.openapi import OpenAPI

_THREADS = 8


def serve(app: "OpenAPI", *, host: str, port: int, on_ready: Callable[[int], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; ``on_ready`` is told the port once it is taken.

    Raises
    ------
    ConfigurationError
        The address is not to be had.
    """
    from waitress import create_server  # type: ignore[import-untyped]

    try:
        server: Any = create_server(app, host=host, port=port, threads=_THREADS, ident=None)
    except OSError as e:
        raise ConfigurationError(
            f"--port {port}: expected a free port of {host}, found {e.strerror or e}; choose another, or 0 for any"
        ) from e
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        on_ready(int(server.effective_port))
        server.run()  # returns after Ctrl-C, once requests under way are answered
    finally:
        signal.signal(signal.SIGTERM, before)
        server.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
