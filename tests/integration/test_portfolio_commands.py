"""``maestro portfolio`` and ``maestro dead-letters``, as somebody runs them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from backend.adapters.documents import paths
from backend.adapters.documents.dead_letter_documents import DeadLetterDocuments
from backend.adapters.documents.seam import create
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.dead_letter import DeadLetter
from backend.domain.dispatch import DispatchRecord
from backend.domain.errors import ConfigurationError, MaestroError
from backend.domain.task import Task, TaskKind
from backend.domain.tick import PortfolioKey
from functions import bootstrap, dispatch
from maestro.cli.main import app

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


class Shell:
    """Runs commands in a folder of its own."""

    def __call__(self, *words: str) -> str:
        done = CliRunner().invoke(app, list(words), catch_exceptions=True)
        if isinstance(done.exception, MaestroError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAESTRO_SQLITE_PATH", str(tmp_path / "maestro.db"))
    bootstrap.settings.cache_clear()
    bootstrap.log()  # configures the log, once in a process
    configured = structlog.get_config()
    run = Shell()
    run("tenant", "create", "acme", "--name", "Acme", "--owner", "ann")
    yield run
    structlog.configure(**configured)
    bootstrap.settings.cache_clear()


@pytest.fixture
def documents(shell: Shell, tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "maestro.db")


def test_portfolio_is_added_scheduled_paused_and_resumed(shell: Shell) -> None:
    added = shell.json(
        *("portfolio", "add", "acme", "coins", "--calendar", "24/7", "--schedule", "0 * * * *", "--symbol", "BTC/USD")
    )
    assert (added["state"], len(added["next_ticks"])) == ("active", 3)
    changed = shell.json(
        *("portfolio", "schedule", "acme", "coins", "--schedule", "CRON_TZ=Asia/Tokyo 0 9 * * *"),
        *("--catch-up", "latest", "--any-hour", "--reason", "daily"),
    )
    assert {datetime.fromisoformat(at).hour for at in changed["next_ticks"]} == {0}
    assert (changed["catch_up"], changed["market_hours"]) == ("latest", False)
    assert shell.json("portfolio", "pause", "acme", "coins", "--reason", "why")["state"] == "paused"
    found = shell.json("portfolio", "list", "acme")["portfolios"]
    assert [(each["portfolio_id"], each["state"], bool(each["next_ticks"])) for each in found] == [
        ("coins", "paused", False),
        ("main", "active", True),
    ]
    assert shell.json("portfolio", "resume", "acme", "coins", "--reason", "why")["state"] == "active"
    kinds = [each["kind"] for each in shell.json("audit", "list", "--tenant", "acme")["entries"]]
    assert kinds[:4] == ["portfolio_resumed", "portfolio_paused", "portfolio_scheduled", "portfolio_added"]


def test_portfolio_of_a_suspended_tenant_waits_for_it(shell: Shell) -> None:
    shell("tenant", "suspend", "acme", "--reason", "unpaid")
    shell("portfolio", "pause", "acme", "main", "--reason", "why")
    with pytest.raises(ConfigurationError, match="found acme suspended"):
        shell("portfolio", "resume", "acme", "main", "--reason", "why")
    assert shell.json("portfolio", "add", "acme", "second")["state"] == "suspended"
    shell("tenant", "resume", "acme")
    states = {each["portfolio_id"]: each["state"] for each in shell.json("portfolio", "list", "acme")["portfolios"]}
    assert states == {"main": "paused", "second": "active"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("schedule", "acme", "main", "--schedule", "soon", "--reason", "x"), "five fields"),
        (("schedule", "acme", "main", "--schedule", "CRON_TZ=Mars 0 9 * * *", "--reason", "x"), "time zone"),
        (("schedule", "acme", "main", "--calendar", "XMOON", "--reason", "x"), "did you mean"),
        (("schedule", "acme", "main", "--reason", "x"), "name what is to change"),
        (("schedule", "acme", "other", "--any-hour", "--reason", "x"), "expected one of acme"),
        (("add", "acme", "main"), "choose another"),
        (("add", "globex", "main"), "maestro tenant create"),
    ],
)
def test_portfolio_command_that_cannot_be_obeyed_changes_nothing(
    shell: Shell, words: tuple[str, ...], message: str
) -> None:
    before = shell.json("portfolio", "list", "acme")
    with pytest.raises(ConfigurationError, match=message):
        shell("portfolio", *words)
    assert shell.json("portfolio", "list", "acme") == before


@pytest.mark.firestore
def test_portfolio_schedule_is_told_to_the_dispatcher_at_once(
    shell: Shell,
    firestore_client_factory: Callable[..., Any],
    firestore_project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = firestore_client_factory()
    client.document(paths.tenant("acme")).set(
        {"tenant_id": "acme", "name": "Acme", "status": "active", "created_at": AT, "created_by": "t"}
    )
    client.document(paths.portfolio("acme", "main")).set({"state": "active"})
    monkeypatch.setenv("MAESTRO_STORE", "firestore")
    monkeypatch.setenv("MAESTRO_PROJECT", firestore_project)
    shell("portfolio", "schedule", "acme", "main", "--schedule", "7 * * * *", "--reason", "hourly")
    assert dispatch.portfolios(bootstrap.settings()).record() == DispatchRecord(schedules=frozenset({"7 * * * *"}))


def test_dead_letters_are_listed_retried_and_dismissed(shell: Shell, documents: SqliteDocuments) -> None:
    letters = DeadLetterDocuments(documents)
    for kind in (TaskKind.TICK, TaskKind.CLOSE_MONTH):
        task = Task(kind=kind, key=PortfolioKey(tenant_id="acme"), scheduled_at=AT, correlation_id="c" * 32)
        letters.add(DeadLetter(task=task, error="StoreUnavailable", reason="why", attempts=5, failed_at=AT))
    tick, month = (f"{kind}-main-20260301T050000.000000Z" for kind in ("tick", "close_month"))
    documents.commit([create("tenants/acme/ledger_trades/t1", _trade())])

    found = shell.json("dead-letters", "list", "acme")["dead_letters"]
    assert {each["id"] for each in found} == {tick, month}
    with pytest.raises(ConfigurationError, match="the next tick goes on"):
        shell("dead-letters", "retry", "acme", tick)
    shell("dead-letters", "dismiss", "acme", tick)
    with pytest.raises(ConfigurationError, match="APCA_API_KEY_ID"):
        shell("dead-letters", "retry", "acme", month)  # it needs prices, and there are no credentials here
    assert [each.letter_id for each in letters.letters("acme")] == [month]


def test_dead_letter_that_is_retried_with_success_is_gone(
    shell: Shell, documents: SqliteDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("prices.csv").write_text("date,KO\n2026-02-26,70.5\n2026-02-27,71\n")
    monkeypatch.setenv("MAESTRO_PRICES_FILE", "prices.csv")
    task = Task(kind=TaskKind.CLOSE_MONTH, key=PortfolioKey(tenant_id="acme"), scheduled_at=AT)
    letters = DeadLetterDocuments(documents)
    letters.add(DeadLetter(task=task, error="StoreUnavailable", reason="why", attempts=5, failed_at=AT))
    documents.commit([create("tenants/acme/ledger_trades/t1", _trade())])
    answer = shell.json("dead-letters", "retry", "acme", "close_month-main-20260301T050000.000000Z")
    assert (answer["status"], answer["month"], answer["documents"]) == ("done", "2026-02", 1)
    assert letters.letters("acme") == []
    (written,) = documents.query("tenants/acme/strategy_performance")
    assert written.fields["unrealized_pnl"] == "2.0"  # two shares, from 70 to the last close of February


def _trade() -> dict[str, Any]:
    return {
        "trade_id": "t1",
        "tenant_id": "acme",
        "uid": "ann",
        "strategy_id": "trend",
        "run_id": "r",
        "symbol": "KO",
        "side": "buy",
        "qty": "2",
        "price": "70",
        "ts": datetime(2026, 2, 10, 15, tzinfo=UTC),
        "fees": "0",
        "slippage": "0",
        "order_id": "o",
        "broker_fill_id": "",
        "account_id": "a",
    }
