"""What a request must look like, how often it may come, and what an error says and does not say."""

import json
from dataclasses import replace as replaced
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import empyrical
import numpy as np
import pytest

from backend.adapters.documents import paths
from backend.adapters.documents.seam import replace
from backend.domain.errors import IdentityUnavailable, StoreUnavailable
from backend.settings import Settings, load_settings
from functions import bootstrap, clients
from functions.api.allowance import Allowance
from functions.api.gates import LocalGate
from functions.api.problems import problem_of
from tests.fakes.closed_days import closed_days
from tests.fakes.closed_store import close_days, weekdays
from tests.fakes.cycle import buy
from tests.integration.api.desk import TENANT, ApiDesk, owned_desk
from tests.integration.engine.trading_days import MONDAY, TradingDays, utc

HALT = f"/v1/tenants/{TENANT}/halt"
HEADERS = {"Authorization": "Bearer olga", "Idempotency-Key": "k", "Content-Type": "application/json"}


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    variables = {"MAESTRO_TENANT_ID": TENANT, "MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db")}
    yield load_settings({**variables, "MAESTRO_API__ORIGINS": "https://desk.example.com"})
    clients.sqlite_documents.cache_clear()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'"{\\"reason\\": \\"x\\"}"',
        b"{",
        b'{"reason": "x", "wait_seconds": NaN}',
        b'{"reason": "x", "wait_seconds": 1e999}',
        b'{"reason": "x", "wait_seconds": "1"}',
        b'{"reason": "x", "wait_seconds": true}',
        b'{"reason": "x", "reason": "y"}',
        b'{"reason": "x", "more": 1}',
        b'{"reason": 7}',
        b'{"reason": "  "}',
        b'{"reason": "\xff"}',
        b'{"reason": "\\ud800"}',
        b"[" * 20_000,
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
def test_body_that_is_not_strictly_what_is_described_is_refused(desk: ApiDesk, body: bytes) -> None:
    answer = desk.app.test_client().post(HALT, data=body, headers=HEADERS)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), answer.data
    assert (answer.json["status"], desk.audit()) == (422, [])


def test_body_that_is_too_long_or_no_json_is_refused(desk: ApiDesk) -> None:
    client = desk.app.test_client()
    long = json.dumps({"reason": "x" * desk.settings.api.body_limit}).encode()
    assert client.post(HALT, data=long, headers=HEADERS).status_code == 413
    form = client.post(HALT, data={"reason": "x"}, headers={**HEADERS, "Content-Type": "multipart/form-data"})
    assert form.status_code == 422
    assert desk.audit() == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "more=1", "status=gone", "before=0"])
def test_query_that_is_not_described_is_refused(desk: ApiDesk, query: str) -> None:
    path = "decisions" if "before" in query else "orders"
    name, _, value = query.partition("=")
    assert desk.get(path, **{name: value}).status_code == 422


def test_problem_names_what_is_wrong_and_quotes_nothing(desk: ApiDesk) -> None:
    answer = desk.post("halt", {"reason": 7, "hunter2": "hunter2"}).json
    assert (answer["error"], answer["title"]) == ("RequestInvalid", "Unprocessable Entity")
    assert "reason" in answer["detail"]
    assert len(answer["correlation_id"]) == 32


def test_fault_of_ours_is_told_by_its_correlation_id_alone(desk: ApiDesk, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.log()  # configures how lines are written
    desk.documents.commit([replace(paths.configuration(TENANT), {"version": "hunter2"})])
    answer = desk.get("configuration")
    assert (answer.status_code, answer.json["error"]) == (500, "StoreCorrupt")
    assert "hunter2" not in answer.get_data(as_text=True)
    (line,) = [json.loads(each) for each in capsys.readouterr().out.splitlines() if "api_failed" in each]
    assert (line["correlation_id"], line["severity"]) == (answer.json["correlation_id"], "ERROR")
    assert "hunter2" in line["message"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreUnavailable("s3cret"), 503), (IdentityUnavailable("s3cret"), 503), (ValueError("s3cret"), 500)],
)
def test_problem_of_what_happens_behind_the_api_hides_it(error: Exception, status: int) -> None:
    found = problem_of(error)
    assert (found.status, found.is_ours, "s3cret" in found.detail) == (status, True, False)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic b2xnYTo=", "olga", "Bearer ben"])
def test_authorization_that_is_none_is_told_how_to(desk: ApiDesk, header: str) -> None:
    answer = desk.request("GET", "status", Authorization=header)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="maestro"')


def test_unknown_path_and_method_are_problems_too(desk: ApiDesk) -> None:
    assert (desk.get("nothing").status_code, desk.get("nothing").mimetype) == (404, "application/problem+json")
    answer = desk.request("PUT", "halt")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")


def test_allowance_is_each_callers_own_and_reading_does_not_use_up_writing(settings: Settings) -> None:
    desk = owned_desk(settings, reads=3, writes=2)
    assert [desk.get("orders").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = desk.get("orders")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json["error"] == "RateExceeded"
    told = [desk.post("halt", {"reason": "x", "wait_seconds": 0}).status_code for _ in range(3)]
    assert (told, desk.audit()) == ([200, 200, 429], ["halt", "halt"])


def test_allowance_is_counted_by_tenant_and_caller() -> None:
    allowance = Allowance(reads_per_minute=1, writes_per_minute=1)
    assert allowance.spend("acme", "ann", is_write=False) == 0
    assert allowance.spend("acme", "ann", is_write=False) > 0
    assert allowance.spend("acme", "ben", is_write=False) == 0
    assert allowance.spend("globex", "ann", is_write=False) == 0
    assert allowance.spend("acme", "ann", is_write=True) == 0


@pytest.mark.parametrize("origin", ["https://desk.example.com", "https://evil.example.com"])
def test_page_of_another_origin_is_allowed_where_the_settings_name_it(desk: ApiDesk, origin: str) -> None:
    wanted = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = desk.app.test_client().options(HALT, headers=wanted)
    is_named = origin == "https://desk.example.com"
    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if is_named else None)
    assert ("Idempotency-Key" in answer.headers.get("Access-Control-Allow-Headers", "")) is is_named
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert desk.audit() == []


def test_health_and_document_need_no_token(desk: ApiDesk) -> None:
    client = desk.app.test_client()
    assert client.get("/v1/health").json == {"status": "ok", "version": "1.0.0"}
    document = client.get("/openapi.json").json
    assert (document["openapi"], document["info"]["version"]) == ("3.1.0", "1.0.0")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_local_gate_lets_in_whoever_has_the_token_to_its_one_tenant(settings: Settings) -> None:
    desk = ApiDesk(settings, LocalGate("a-token", TENANT), "a-token")
    assert desk.post("halt", {"reason": "x"}).json["by"] == "local API token"
    assert desk.get("/v1/tenants/globex/status").status_code == 403
    assert desk.request("GET", "status", Authorization="Bearer another").status_code == 401
    assert desk.request("GET", "status", Authorization="Bearer tökèn").status_code == 401


def test_decisions_are_paged_by_number(settings: Settings) -> None:
    desk = owned_desk(settings)
    days = TradingDays(desk.store)
    for hour in (15, 16, 17):
        days.tick(utc(MONDAY, hour), a=buy("AAPL", 0.1))
    first = desk.get("decisions", limit=2).json
    rest = desk.get("decisions", limit=2, before=first["next_before"]).json
    told = [each["sequence"] for each in [*first["decisions"], *rest["decisions"]]]
    assert (told, rest["next_before"]) == ([3, 2, 1], None)
    newest = first["decisions"][0]
    whole = desk.get(f"decisions/{newest['log_id']}").json
    assert whole["body"]["sequence"] == 3
    assert datetime.fromisoformat(newest["timestamp"]).astimezone(UTC) == utc(MONDAY, 17)
    assert desk.get("decisions", limit=3).json["next_before"] is None


def test_performance_adds_the_closed_days_up(settings: Settings) -> None:
    days = weekdays(12)
    closed = closed_days(days, {"trend": [False] * 12, "idle": [True] * 12})
    drawn = np.random.default_rng(7).normal(0.001, 0.01, len(closed.strategies))
    pairs = zip(closed.strategies, drawn, strict=True)
    closed = replaced(closed, strategies=tuple(replaced(day, daily_return=float(value)) for day, value in pairs))
    close_days(settings.sqlite_path, closed.strategies, closed.portfolio)
    said = owned_desk(settings).get("performance", first=str(days[1]), last=str(days[10])).json
    assert [each["strategy"] for each in said["strategies"]] == ["idle", "trend"]
    for each in said["strategies"]:
        own = [day for day in closed.strategies if day.strategy_id == each["strategy"]][1:11]
        assert Decimal(each["real_pnl"]) == sum(day.real_pnl for day in own)
        assert [day["day"] for day in each["days"]] == [str(day) for day in days[1:11]]
        returns = np.array([day.daily_return for day in own])
        assert each["sharpe_ratio"] == pytest.approx(empyrical.sharpe_ratio(returns))
        assert each["max_drawdown"] == pytest.approx(empyrical.max_drawdown(returns), abs=1e-12)
    assert [Decimal(day["equity"]) for day in said["portfolio"]] == [each.equity for each in closed.portfolio[1:11]]


@pytest.mark.parametrize("span", [("2026-03-02", "2026-03-01"), ("2020-01-01", "2026-03-01")])
def test_performance_of_a_span_that_is_none_or_too_long_is_refused(desk: ApiDesk, span: tuple[str, str]) -> None:
    assert desk.get("performance", first=span[0], last=span[1]).status_code == 422
