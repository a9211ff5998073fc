"""Facts are bound for one invocation and never for its neighbours; headers become what Cloud Logging joins by."""

import threading

import pytest
from structlog.contextvars import get_contextvars

from functions.tracing import logged_as, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NAME = f"projects/demo/traces/{TRACE}"


def test_logged_as_binds_until_the_end_and_keeps_what_was_bound() -> None:
    with logged_as(correlation_id="one", tenant_id="acme"):
        with logged_as(tenant_id="globex", tick_id="t", portfolio_id=""):
            assert get_contextvars() == {"correlation_id": "one", "tenant_id": "globex", "tick_id": "t"}
        assert get_contextvars() == {"correlation_id": "one", "tenant_id": "acme"}
    assert get_contextvars() == {}


def test_logged_as_unbinds_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), logged_as(correlation_id="one"):
        _ = 1 / 0
    assert get_contextvars() == {}


def test_logged_as_never_signs_the_lines_of_another_thread() -> None:
    seen: dict[str, dict[str, object]] = {}
    together = threading.Barrier(8, timeout=10)

    def serve(name: str) -> None:
        with logged_as(correlation_id=name):
            together.wait()  # all are bound by now
            seen[name] = dict(get_contextvars())
            together.wait()
        seen[f"{name} after"] = dict(get_contextvars())

    threads = [threading.Thread(target=serve, args=(f"r{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: facts for name, facts in seen.items() if "after" not in name} == {
        f"r{number}": {"correlation_id": f"r{number}"} for number in range(8)
    }
    assert all(facts == {} for name, facts in seen.items() if "after" in name)


@pytest.mark.parametrize(
    ("headers", "span", "is_sampled"),
    [
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "00f067aa0ba902b7", True),
        ({"Traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}, "00f067aa0ba902b7", False),
        ({"traceparent": f"01-{TRACE}-00f067aa0ba902b7-01-what-is-to-come"}, "00f067aa0ba902b7", True),
        ({"X-Cloud-Trace-Context": f"{TRACE}/74;o=1"}, "000000000000004a", True),  # decimal there, hex in the log
        ({"x-cloud-trace-context": f"{TRACE}/18446744073709551615;o=0"}, "ffffffffffffffff", False),
        ({"X-Cloud-Trace-Context": TRACE}, None, False),
        ({"traceparent": "bent", "X-Cloud-Trace-Context": f"{TRACE}/74"}, "000000000000004a", False),
    ],
)
def test_trace_of_reads_both_headers(headers: dict[str, str], span: str | None, is_sampled: bool) -> None:
    found = trace_of(headers, "demo")
    assert found["logging.googleapis.com/trace"] == NAME
    assert found.get("logging.googleapis.com/spanId") == span
    assert found.get("logging.googleapis.com/trace_sampled", False) is is_sampled


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01-more"},
        {"X-Cloud-Trace-Context": "none"},
        {"X-Cloud-Trace-Context": f"{'0' * 32}/1"},
    ],
)
def test_trace_of_headers_that_name_none_is_empty(headers: dict[str, str]) -> None:
    assert trace_of(headers, "demo") == {}


def test_trace_of_a_process_without_a_project_is_empty() -> None:
    assert trace_of({"X-Cloud-Trace-Context": TRACE}, "") == {}
