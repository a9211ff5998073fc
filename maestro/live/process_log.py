"""The log of a process that runs for long: JSON lines in a file that is rotated, readable ones on the console."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

from backend.adapters import cloud_log
from backend.adapters.log_secrets import hide_secrets

_BYTES = 10_000_000
_KEPT = 5


def open_log(path: Path, *, console: bool) -> None:
    """Send what structlog and the standard library log to ``path``, five files of 10 MB, and to standard error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    file.setFormatter(cloud_log.json_lines())
    handlers: list[logging.Handler] = [file]
    if console:
        handlers.append(_console())
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every request
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _console() -> logging.Handler:
    shown = logging.StreamHandler()
    shown.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.stdlib.add_log_level,
                hide_secrets,
                structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=shown.stream.isatty()),
            ]
        )
    )
    return shown
