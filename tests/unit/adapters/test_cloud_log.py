"""Lines as Cloud Logging and Error Reporting read them, from structlog and from the standard library."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from backend.adapters import cloud_log
from functions.tracing import logged_as


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What a process prints; structlog and the root logger are as they were afterwards."""
    root, stream = logging.getLogger(), StringIO()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [logging.StreamHandler(stream)]
    root.setLevel(logging.INFO)
    configured = structlog.get_config()
    cloud_log.configure()
    config = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream), cache_logger_on_first_use=False)
    structlog.configure(processors=config["processors"], wrapper_class=config["wrapper_class"])
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**configured)


def read(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("method", "severity"),
    [("info", "INFO"), ("warning", "WARNING"), ("warn", "WARNING"), ("error", "ERROR"), ("critical", "CRITICAL")],
)
def test_log_names_severities_as_cloud_logging_does(lines: StringIO, method: str, severity: str) -> None:
    getattr(cloud_log.logger(tenant_id="acme"), method)("told")
    (line,) = read(lines)
    assert (line["severity"], line["message"], line["tenant_id"]) == (severity, "told", "acme")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(line["timestamp"]))


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL])
def test_log_of_the_standard_library_has_the_same_form(lines: StringIO, level: int) -> None:
    with logged_as(correlation_id="ab" * 16):
        logging.getLogger("urllib3.connectionpool").log(level, "retry %d", 2)
    (line,) = read(lines)
    assert line["severity"] == logging.getLevelName(level)
    assert (line["message"], line["logger"]) == ("retry 2", "urllib3.connectionpool")
    assert line["correlation_id"] == "ab" * 16


def test_log_of_an_exception_is_what_error_reporting_groups(lines: StringIO) -> None:
    for log in (cloud_log.logger(), logging.getLogger("alpaca")):
        try:
            int("seven")
        except ValueError:
            log.exception("not a number")
    for line in read(lines):
        assert line["severity"] == "ERROR"
        assert str(line["stack_trace"]).startswith("Traceback (most recent call last):\n  File ")
        assert str(line["stack_trace"]).endswith("ValueError: invalid literal for int() with base 10: 'seven'")
        assert line["@type"] == cloud_log.REPORTED_ERROR
        assert line.keys().isdisjoint({"exception", "exc_info"})


def test_log_reports_errors_alone(lines: StringIO) -> None:
    log = cloud_log.logger()
    log.error("a breaker tripped")
    log.warning("a tick is tried again")
    first, second = read(lines)
    assert first["@type"] == cloud_log.REPORTED_ERROR
    assert "@type" not in second


def test_log_keeps_its_form_where_a_framework_prints_for_itself(lines: StringIO) -> None:
    stream = StringIO()
    framework = logging.getLogger("a.web.framework")
    framework.addHandler(logging.StreamHandler(stream))
    framework.propagate = False
    try:
        cloud_log.configure()
        framework.error("broke with api_key=%s", "PK0123456789ABCDEFGH")
    finally:
        framework.handlers.clear()
        framework.propagate = True
    (line,) = read(stream)
    assert line["message"] == "broke with api_key=[hidden]"


def test_secret_in_a_stack_trace_is_hidden(lines: StringIO) -> None:
    try:
        raise ConnectionError("GET https://ann:hush-hush@broker.example/v2 failed")
    except ConnectionError:
        cloud_log.logger().error("no answer", exc_info=sys.exc_info())
    assert "hush-hush" not in lines.getvalue()
    assert "https://[hidden]@broker.example" in lines.getvalue()
