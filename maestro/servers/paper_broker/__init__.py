"""A local server that speaks Alpaca's trading and market-data API over a file of daily closes."""

from typing import TYPE_CHECKING

from maestro.servers.paper_broker.config import FillDelay, PaperBrokerConfig
from maestro.servers.paper_broker.errors import FaultSpecError, PaperBrokerConfigError, PriceFileError

if TYPE_CHECKING:
    from maestro.servers.paper_broker.server import PaperBrokerServer, serve

__all__ = [
    "FaultSpecError",
    "FillDelay",
    "PaperBrokerConfig",
    "PaperBrokerConfigError",
    "PaperBrokerServer",
    "PriceFileError",
    "serve",
]


def __getattr__(name: str) -> object:
    """Import the server when it is asked for: the command line's help needs the options alone."""
    if name not in ("PaperBrokerServer", "serve"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from maestro.servers.paper_broker import server

    return getattr(server, name)
