"""``maestro status --verbose``: what the newest decision says, and no zero where it says nothing."""

from dataclasses import replace
from io import StringIO
from typing import Any

from rich.console import Console

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.tick import LogEntry
from backend.settings import Settings
from maestro.cli.status_details import details, print_details
from tests.fakes.cycle import KEY, buy
from tests.integration.engine.trading_days import MONDAY, TradingDays, utc


def newest(**blocks: Any) -> LogEntry:
    store = DocumentStore(SqliteDocuments(":memory:"))
    TradingDays(store).tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    (entry,) = store.decisions(KEY.tenant_id, last=1)
    return replace(entry, body={**entry.body, **blocks})


def printed(said: dict[str, Any]) -> str:
    text = StringIO()
    print_details(said, Console(file=text, width=200))
    return text.getvalue()


def test_details_of_a_decision_without_allocation_and_risk_are_unknown() -> None:
    known = newest()
    earlier = replace(known, body={key: each for key, each in known.body.items() if key not in ("allocation", "risk")})
    for entry in (None, earlier):
        said = details(entry, Settings())
        assert (said["allocation"], said["risk"]) == (None, None)
        assert printed(said).count("not in the newest decision") == 2


def test_details_are_the_decisions_own_figures() -> None:
    allocation = {"method": "risk_parity", "weights": {"a": 0.25}, "correlation": {"a": {"b": 0.5}}}
    risk = {"correlation_max": 0.5, "var": 0.02, "cuts": []}
    said = details(newest(allocation=allocation, risk=risk), Settings())
    assert (said["allocation"], said["risk"]) == (allocation, risk)
    lines = [line.strip() for line in printed(said).splitlines()]
    assert lines[2:5] == ["method: risk_parity", "weights:", "a: 0.25"]
    assert {"correlation_max: 0.5", "var: 0.02", "b: 0.5"} <= set(lines)


def test_details_have_every_strategys_parameters() -> None:
    parameters = details(None, Settings())["parameters"]
    assert (
        parameters["moving_average_crossover"] | {"fast_days": 5, "slow_days": 50, "band": 0.01}
        == parameters["moving_average_crossover"]
    )
