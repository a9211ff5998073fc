"""Log lines as Cloud Logging reads them: one JSON object each, with ``severity`` and ``message``."""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger


def configure() -> None:
    """Give structlog, and what the standard library's root logger prints, that form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _severity,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
    ]
    render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
    )
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(formatter)


def logger(**facts: Any) -> FilteringBoundLogger:
    """Return a logger that adds ``facts``, such as ``tenant_id`` and ``tick_id``, to every line."""
    bound: FilteringBoundLogger = structlog.get_logger(**facts)
    return bound


def _severity(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {"severity": "ERROR" if method == "exception" else method.upper(), **event}
