"""What orchestrations leave in the tenant's log: one unbroken chain, or nothing at all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import replace
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import ConfigurationError, StoreCorrupt, StoreUnavailable
from functions.strategies.maestro_controller import MaestroController
from tests.contract.orchestrating import chain, orchestrate
from tests.fakes.cycle import AT, HOLD, SetClock, buy


def test_two_orchestrations_at_one_instant_are_two_entries(documents: Documents) -> None:
    first, second = (orchestrate(documents, {"a": buy("AAPL")})[1] for _ in range(2))
    assert first.timestamp == second.timestamp == AT
    assert first.session_id != second.session_id
    assert [each.session_id for each in chain(documents)] == [first.session_id, second.session_id]


@pytest.mark.parametrize("way", ["threads", "gather"])
def test_eight_orchestrations_at_once_form_one_chain(documents: Documents, way: str) -> None:
    controllers = [MaestroController(documents, "acme", clock=SetClock()) for _ in range(8)]

    async def at_once() -> Any:
        return await asyncio.gather(*(each.orchestrate({"a": buy("AAPL")}, ["a"]) for each in controllers))

    if way == "gather":
        answers = asyncio.run(at_once())
    else:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: asyncio.run(each.orchestrate({"a": buy("AAPL")}, ["a"])), controllers))
    sessions = {decision.session_id for _, decision in answers}
    assert len(sessions) == 8
    assert {each.session_id for each in chain(documents)} == sessions


@pytest.mark.parametrize(
    ("path", "fields", "error", "message"),
    [
        (
            "config/orchestrator",
            {"scoring": {"sharpe_treshold_reduce": 2.0}},
            ConfigurationError,
            "did you mean scoring.sh",
        ),
        ("config/orchestrator", {"systemic_sell_threshold": "3"}, ConfigurationError, "systemic_sell_threshold"),
        ("state/trading", {"epoch": "many"}, StoreCorrupt, "state/trading"),
    ],
)
def test_broken_state_raises_and_appends_nothing(
    documents: Documents, path: str, fields: dict[str, Any], error: type[Exception], message: str
) -> None:
    documents.commit([replace(f"tenants/acme/{path}", fields)])
    with pytest.raises(error, match=message):
        orchestrate(documents, {"a": buy("AAPL")})
    assert DocumentStore(documents).decisions("acme", last=5) == []


def test_closed_store_raises(sqlite_documents: SqliteDocuments) -> None:
    orchestrate(sqlite_documents, {"a": HOLD})
    sqlite_documents.close()
    with pytest.raises(StoreUnavailable, match="closed database"):
        orchestrate(sqlite_documents, {"a": buy("AAPL")})


def test_something_else_than_a_store_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"pass firestore\.client\(\)"):
        MaestroController(object(), "acme")
