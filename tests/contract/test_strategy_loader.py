"""StrategyLoader with Maestro behind it, on both stores: nothing but judged signals ever comes back."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create, replace
from backend.adapters.firestore import FirestoreDocuments
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import MaestroError, StoreCorrupt, StoreUnavailable
from functions.strategies.base import BaseStrategy
from functions.strategies.loader import StrategyLoader
from tests.contract.orchestrating import LOSING, chain, modes, write_days, yesterday
from tests.contract.test_firestore_documents import UnreachableClient
from tests.fakes.cycle import buy, sell

MARKET: Mapping[str, Any] = {symbol: {"close": [100.0, 101.0, 102.0]} for symbol in ("AAPL", "MSFT")}
ACCOUNT: Any = {"equity": 100_000.0, "sleeves": {}}


@dataclass(frozen=True)
class Ticket:
    """A signal of a class that Maestro does not know."""

    action: str
    ticker: str
    allocation: float = 0.5
    confidence: float = 0.9
    reasoning: str = "ticket"


class Scripted(BaseStrategy):
    """Answers what it was made with; an exception is raised."""

    def __init__(self, name: str, answer: Any) -> None:
        self.name = name
        self._answer = answer

    async def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
        await asyncio.sleep(0)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def loader_of(
    db: Any, answers: Mapping[str, Any] | None = None, /, tenant: str = "acme", uid: str = "u1", **more: Any
) -> StrategyLoader:
    asked = {**(answers or {}), **more}
    return StrategyLoader(db, tenant, uid, strategies=[Scripted(name, answer) for name, answer in asked.items()])


def judged_by(loader: StrategyLoader) -> tuple[dict[str, Any], Any]:
    signals, decision = asyncio.run(
        loader.evaluate_all_strategies_with_maestro(market_data=MARKET, account_snapshot=ACCOUNT, regime="bull")
    )
    return {name: dict(signal) for name, signal in signals.items()}, decision


def test_loader_without_db_warns_and_gives_raw_signals(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        signals, decision = judged_by(loader_of(None, a=buy("AAPL")))
    assert (signals, decision) == ({"a": buy("AAPL")}, None)
    assert [each.getMessage() for each in caplog.records if "pass db=…" in each.getMessage()] == [
        "Maestro not initialized: pass db=… to StrategyLoader; returning raw signals"
    ]


def test_loader_gives_judged_signals_of_dicts_and_objects(documents: Documents) -> None:
    write_days(documents, "losing", LOSING, last=yesterday())
    signals, decision = judged_by(loader_of(documents, losing=Ticket("BUY", "AAPL"), fresh=buy("MSFT", 0.3)))
    assert modes(decision) == {"losing": "SHADOW_MODE", "fresh": "ACTIVE"}
    assert (signals["losing"]["allocation"], signals["losing"]["shadow_mode"]) == (0.0, True)
    assert (signals["fresh"]["allocation"], signals["fresh"]["agent_id"]) == (0.3, "acme_fresh")
    assert len({each["nonce"] for each in signals.values()}) == 2
    assert len({each["session_id"] for each in signals.values()} | {decision.session_id}) == 1


def test_loader_holds_every_entry_when_three_objects_sell(documents: Documents) -> None:
    sells = {name: Ticket("SELL", "AAPL") for name in ("x", "y", "z")}
    signals, decision = judged_by(loader_of(documents, sells, a=Ticket("BUY", "MSFT"), b=buy("MSFT")))
    assert decision.systemic_risk_detected
    assert {(signals[name]["action"], signals[name]["original_action"]) for name in ("a", "b")} == {("HOLD", "BUY")}


def test_loader_names_every_strategy_that_gave_nothing(documents: Documents) -> None:
    loader = loader_of(
        documents,
        good=buy("AAPL"),
        raising=ValueError("no idea"),
        silent=None,
        wild=buy("AAPL", 1.5),
        unknown=sell("NOPE"),
    )
    signals, decision = judged_by(loader)
    assert set(signals) == {"good"}
    assert set(decision.failures) == set(loader.failures) == {"raising", "silent", "wild", "unknown"}
    assert set(chain(documents)[0].body["failures"]) == set(decision.failures)


def test_loader_tells_the_log_why_a_strategy_gave_nothing(documents: Documents) -> None:
    _, decision = judged_by(loader_of(documents, good=buy("AAPL"), raising=ValueError("no idea")))
    assert "ValueError: no idea" in decision.failures["raising"]


def test_two_loaders_of_two_tenants_get_their_own_answers(documents: Documents) -> None:
    write_days(documents, "a", LOSING, "acme", last=yesterday())
    documents.commit([create("tenants/globex/config/orchestrator", {"disabled_strategies": ["b"]})])
    answers = {"a": buy("AAPL", 0.4), "b": buy("MSFT", 0.4)}
    loaders = {tenant: loader_of(documents, answers, tenant=tenant) for tenant in ("acme", "globex")}

    async def interleaved() -> Any:
        calls = [loaders[tenant] for _ in range(3) for tenant in ("acme", "globex")]
        return await asyncio.gather(*(each.evaluate_all_strategies_with_maestro(MARKET, ACCOUNT) for each in calls))

    expected = {"acme": {"a": "SHADOW_MODE", "b": "ACTIVE"}, "globex": {"a": "ACTIVE", "b": "DISABLED"}}
    for number, (signals, decision) in enumerate(asyncio.run(interleaved())):
        tenant = ("acme", "globex")[number % 2]
        assert modes(decision) == expected[tenant]
        assert {name: each["agent_id"] for name, each in signals.items()} == {n: f"{tenant}_{n}" for n in ("a", "b")}
    for tenant in expected:
        entries = chain(documents, tenant)
        assert {(each.tenant_id, each.body["tenant_id"]) for each in entries} == {(tenant, tenant)}
        assert len(entries) == 3


def test_two_users_of_one_tenant_are_scored_on_their_own_records(documents: Documents) -> None:
    write_days(documents, "a", LOSING, uid="ann", last=yesterday())
    for uid, mode in (("zoe", "ACTIVE"), ("ann", "SHADOW_MODE"), ("zoe", "ACTIVE")):
        assert modes(judged_by(loader_of(documents, uid=uid, a=buy("AAPL")))[1]) == {"a": mode}


def test_loader_with_a_broken_store_raises_and_gives_nothing(documents: Documents) -> None:
    loader = loader_of(documents, a=buy("AAPL"))
    documents.commit([replace("tenants/acme/state/trading", {"epoch": "many"})])
    with pytest.raises(StoreCorrupt, match="state/trading"):
        judged_by(loader)
    assert DocumentStore(documents).decisions("acme", last=5) == []


def test_loader_with_a_closed_store_raises(sqlite_documents: SqliteDocuments) -> None:
    loader = loader_of(sqlite_documents, a=buy("AAPL"))
    judged_by(loader)
    sqlite_documents.close()
    with pytest.raises(StoreUnavailable):
        judged_by(loader)


@pytest.mark.firestore
def test_loader_whose_firestore_is_gone_raises(firestore_client_factory: Callable[..., Any]) -> None:
    gone = FirestoreDocuments(firestore_client_factory(UnreachableClient), timeout=0.5)
    with pytest.raises(StoreUnavailable, match="Firestore read"):
        judged_by(loader_of(gone, a=buy("AAPL")))


def test_loader_given_something_else_than_a_store_raises(tmp_path: Path) -> None:
    with pytest.raises(MaestroError, match=r"pass firestore\.client\(\)"):
        judged_by(loader_of(tmp_path, a=buy("AAPL")))
