"""Log lines as Cloud Logging reads them: one JSON object each, with ``severity`` and ``message``.

References
----------
Cloud Logging, "Structured logging" (the fields that it lifts out of a line); Error Reporting, "Format a log entry to
report error events" (``stack_trace`` as ``traceback.format_exc`` has it, and ``@type`` where there is none).
"""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from backend.adapters.log_secrets import hide_secrets

REPORTED_ERROR = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
_SEVERITIES = {
    "debug": "DEBUG",
    "info": "INFO",
    "msg": "INFO",
    "notice": "NOTICE",
    "warn": "WARNING",
    "warning": "WARNING",
    "error": "ERROR",
    "err": "ERROR",
    "exception": "ERROR",
    "critical": "CRITICAL",
    "fatal": "CRITICAL",
}
_REPORTED = frozenset({"ERROR", "CRITICAL"})


def configure() -> None:
    """Give structlog, and whatever the standard library's loggers print, that form."""
    structlog.configure(
        processors=[*_lines(), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    # Web servers and frameworks print through handlers of their own: a secret in a traceback must not pass by there.
    others = [each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    for handler in (each for logger in (root, *others) for each in logger.handlers):
        if isinstance(handler, logging.StreamHandler):
            handler.setFormatter(json_lines())


def json_lines() -> logging.Formatter:
    """Return a formatter of that form for a handler of the standard library."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            _logger_name,
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
        _reported,
        hide_secrets,
        structlog.processors.EventRenamer("message"),
    ]


def _severity(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {"severity": _SEVERITIES.get(method, "DEFAULT"), **event}


def _reported(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Make Error Reporting see every error; it groups those with a stack trace by their frames, others by words."""
    if "exception" in event:
        event["stack_trace"] = event.pop("exception")
    if event["severity"] in _REPORTED:
        event["@type"] = REPORTED_ERROR
    return event


def _logger_name(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Name the library that a line comes from; our own lines need none."""
    if not event["_from_structlog"]:
        event["logger"] = event["_record"].name
    return event
