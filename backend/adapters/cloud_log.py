"""Log lines as Cloud Logging reads them: one JSON object each, with ``severity`` and ``message``."""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger


def configure() -> None:
    """Give structlog, and what the standard library's root logger prints, that form."""
    structlog.configure(
        processors=[*_lines(), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(json_lines())


def json_lines() -> logging.Formatter:
    """Return a formatter of that form for a handler of the standard library."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_lines(),
            structlog.processors.JSONRenderer(),
        ]
    )


def logger(**facts: Any) -> FilteringBoundLogger:
    """Return a logger that adds ``facts``, such as ``tenant_id`` and ``tick_id``, to every line."""
    bound: FilteringBoundLogger = structlog.get_logger(**facts)
    return bound


def _lines() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _severity,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
    ]


def _severity(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {"severity": "ERROR" if method == "exception" else method.upper(), **event}
