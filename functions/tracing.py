"""What every log line of one invocation carries: its correlation id, its trace, whose it is.

Facts are bound in a context of the thread that runs the invocation, so that requests which are served at once, each in
a thread of its own, never sign each other's lines.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
SAMPLED = "logging.googleapis.com/trace_sampled"
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]+))?")


@contextmanager
def logged_as(**facts: object) -> Iterator[None]:
    """Add facts to every line until the end, however it comes; what is empty is left out.

    Lines of the standard library's loggers carry them, too, and those of strategies.
    """
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**{name: value for name, value in facts.items() if value not in (None, "")}):
        yield


def trace_of(headers: Mapping[str, str], project: str) -> dict[str, object]:
    """Return the fields by which Cloud Logging joins a line to its trace; empty where the headers name none.

    Parameters
    ----------
    headers : of the request: ``traceparent``, else ``X-Cloud-Trace-Context``
    project : that the trace is kept in

    References
    ----------
    W3C, Trace Context, 2021, §3.2; Cloud Trace, "Trace context": its older header has the span as a decimal number.
    """
    given = {name.lower(): value.strip().lower() for name, value in headers.items()}
    found = _of_w3c(given.get("traceparent", "")) or _of_google(given.get("x-cloud-trace-context", ""))
    if found is None or not project:
        return {}
    trace, span, is_sampled = found
    fields: dict[str, object] = {TRACE: f"projects/{project}/traces/{trace}"}
    if span:
        fields[SPAN] = f"{span:016x}"
    if is_sampled:
        fields[SAMPLED] = True
    return fields


def _of_w3c(header: str) -> tuple[str, int, bool] | None:
    match = _TRACEPARENT.fullmatch(header)
    if match is None:
        return None
    version, trace, span, flags, more = match.groups()
    is_valid = version != "ff" and not (version == "00" and more) and int(trace, 16) and int(span, 16)
    return (trace, int(span, 16), bool(int(flags, 16) & 1)) if is_valid else None


def _of_google(header: str) -> tuple[str, int, bool] | None:
    match = _CLOUD_TRACE.fullmatch(header)
    if match is None or not int(match[1], 16):
        return None
    span = int(match[2] or 0)
    return match[1], span if span < 1 << 64 else 0, bool(int(match[3] or 0) & 1)
