"""From a failure or a tick to a mailbox and a webhook, as the deployed functions and the commands do it."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.adapters.documents import paths
from backend.adapters.documents.seam import replace
from backend.domain.alert import Alert, Severity
from backend.domain.book import PortfolioBook
from backend.domain.order import OrderStatus
from backend.domain.tick import PortfolioKey, TickResult, TickStatus
from backend.domain.trading_state import Trading
from backend.engine.reconciling import Reconciled
from backend.settings import Settings, load_settings
from functions import bootstrap, channels, stores
from maestro.cli.main import app
from tests.fakes.http_server import Answer, ScriptedServer, json_answer
from tests.fakes.smtp_server import SmtpSink
from tests.unit.domain.decision_inputs import open_order

# Apprise 2.3 asks for it before it falls back on one of its own.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

KEY = PortfolioKey(tenant_id="acme")
SECRET = "hunter2"


@pytest.fixture
def post() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def hook() -> Iterator[ScriptedServer]:
    with ScriptedServer(json_answer({})) as server:
        yield server


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, post: SmtpSink, hook: ScriptedServer) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    given = {
        "MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db"),
        "MAESTRO_TENANT_ID": "acme",
        "MAESTRO_ORCHESTRATOR__MONITORING__NOTIFICATION_CHANNELS": "console,email",
        "MAESTRO_NOTIFICATIONS__EMAIL": (
            f"mailto://127.0.0.1:{post.port}?from=maestro@example.org&to=ops@example.org&mode=insecure&format=text"
        ),
        "MAESTRO_NOTIFICATIONS__WEBHOOK": f"{hook.url.replace('http', 'json')}/hook?+X-Token={SECRET}",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    channels._sent_here.cache_clear()
    return given


@pytest.fixture
def settings(variables: dict[str, str], tmp_path: Path) -> Settings:
    return load_settings(variables, tmp_path)


def fail(settings: Settings, *, tenant: str = "acme", minute: int = 0) -> None:
    bootstrap.raise_alert(
        settings,
        tenant_id=tenant,
        alert_id=f"tick_failed-main-{minute}",
        kind="tick_failed",
        message="no prices",
        error="MarketDataError",
        portfolio_id="main",
        tick_id=f"main-{minute}",
    )


def test_failure_reaches_the_mailbox_once_and_is_stored_each_time(settings: Settings, post: SmtpSink) -> None:
    for minute in (0, 5):
        fail(settings, minute=minute)
    (letter,) = post.letters
    assert "Subject: Maestro error: tick failed, acme/main" in letter.content
    stored = stores.documents(settings).query(paths.collection("acme", "alerts"))
    assert {each.fields["error"] for each in stored} == {"MarketDataError"}
    assert len(stored) == 2


def test_failure_goes_where_the_tenants_own_configuration_says(
    settings: Settings, post: SmtpSink, hook: ScriptedServer
) -> None:
    own = {"monitoring": {"notification_channels": ["webhook"]}}
    stores.documents(settings).commit([replace(paths.configuration("globex"), own)])
    fail(settings, tenant="globex")
    assert (len(post.letters), len(hook.requests)) == (0, 1)
    assert hook.requests[0].json()["title"] == "Maestro error: tick failed, globex/main"


def test_failure_of_a_tenant_whose_configuration_is_wrong_goes_where_the_process_tells(
    settings: Settings, post: SmtpSink
) -> None:
    stores.documents(settings).commit([replace(paths.configuration("acme"), {"montoring": {}})])
    fail(settings)
    assert len(post.letters) == 1


def test_failure_is_noted_and_nothing_raised_where_the_store_cannot_be_opened(
    variables: dict[str, str], tmp_path: Path, post: SmtpSink, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings({**variables, "MAESTRO_STORE": "firestore"}, tmp_path)  # and no project
    fail(settings)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in said] == ["no prices", "alert not sent"]
    assert post.letters == []


def test_failure_with_a_channel_that_cannot_be_opened_reaches_the_others(
    variables: dict[str, str], tmp_path: Path, post: SmtpSink, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "slack,email"
    more = {
        "MAESTRO_ORCHESTRATOR__MONITORING__NOTIFICATION_CHANNELS": names,
        "MAESTRO_NOTIFICATIONS__SLACK": f"slack://{SECRET}",
    }
    fail(load_settings({**variables, **more}, tmp_path))
    assert len(post.letters) == 1
    said = capsys.readouterr().out
    assert "notifications.slack.url: expected a whole Apprise URL" in said
    assert SECRET not in said


def result(*alerts: Alert, was_taken_over: bool = False) -> TickResult:
    return TickResult(
        tick_id="main-1",
        status=TickStatus.DONE,
        was_resumed=True,
        decision=None,
        alerts=alerts,
        was_taken_over=was_taken_over,
    )


def test_tick_that_was_begun_by_a_process_that_died_is_told_from_what_is_stored(
    settings: Settings, post: SmtpSink
) -> None:
    now = datetime.now(UTC)
    alert = Alert(
        tenant_id="acme",
        portfolio_id="main",
        tick_id="main-1",
        kind="systemic_override",
        severity=Severity.ERROR,
        message="3 strategies sell at once",
        at=now - timedelta(minutes=1),
    )
    other = {"tick_id": "main-0", "kind": "correlation"}
    register = stores.alerts(settings)
    register.keep(alert, "a", {}, expected=None)
    register.keep(Alert(**{**_fields(alert), **other}), "b", {}, expected=None)
    assert channels.tell(settings, KEY, result(), now) == ()  # done long ago: nothing is told again
    assert post.letters == []
    assert channels.tell(settings, KEY, result(was_taken_over=True), now) == ()
    (letter,) = post.letters
    assert "systemic override" in letter.content


def test_reconciliation_tells_of_each_order_in_doubt_and_of_what_differs(settings: Settings, post: SmtpSink) -> None:
    now = datetime.now(UTC)
    doubtful = dataclasses.replace(open_order("trend"), status=OrderStatus.UNRESOLVED, reason="timed out")
    found = Reconciled(
        moved=(),
        open_orders=(doubtful, open_order("carry")),
        external={},
        differences=("order mae-1: the ledger has 5 shares, the broker booked 4",),
        trips=(),
        trading=Trading(),
        book=PortfolioBook(),
    )
    for minutes in (0, 15):
        assert channels.raise_doubts(settings, KEY, found, now + timedelta(minutes=minutes)) == ()
    stored = stores.alerts(settings).alerts("acme", since=now)
    assert {(each.kind, each.subject, each.repeats) for each in stored} == {
        ("order_unresolved", "mae-trend-AAPL", 1),
        ("broker_disagrees", "", 1),
    }
    assert len(post.letters) == 2


def _fields(alert: Alert) -> dict[str, object]:
    names = ("tenant_id", "portfolio_id", "tick_id", "kind", "severity", "message", "at")
    return {name: getattr(alert, name) for name in names}


def test_alerts_test_sends_over_every_channel_that_is_used(variables: dict[str, str], post: SmtpSink) -> None:
    said = CliRunner().invoke(app, ["alerts", "test", "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout) == {
        "tenant": "acme",
        "channels": [
            {"channel": "console", "outcome": "sent", "reason": None},
            {"channel": "email", "outcome": "sent", "reason": None},
        ],
    }
    (letter,) = post.letters
    assert "Subject: Maestro info: test (email), acme" in letter.content
    assert not Path(variables["MAESTRO_SQLITE_PATH"]).exists()


def test_alerts_test_of_one_channel_says_why_it_failed_without_its_secrets(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(Answer(status=500, body="broken")) as broken:
        url = f"{broken.url.replace('http://', f'json://ops:{SECRET}@')}/hook"
        monkeypatch.setenv("MAESTRO_NOTIFICATIONS__WEBHOOK", url)
        said = CliRunner().invoke(app, ["alerts", "test", "--channel", "webhook"])
    assert said.exit_code == 1
    assert "webhook  failed" in said.stdout
    assert "500" in said.stdout
    assert SECRET not in said.output


def test_alerts_test_of_a_channel_without_a_url_names_its_variable(variables: dict[str, str]) -> None:
    said = CliRunner().invoke(app, ["alerts", "test", "--channel", "slack"])
    assert said.exit_code == 1  # nobody would be told
    assert "not configured" in said.stdout
    assert "MAESTRO_NOTIFICATIONS__SLACK" in said.stdout


def test_alerts_test_of_an_unknown_channel_is_refused(variables: dict[str, str]) -> None:
    said = CliRunner().invoke(app, ["alerts", "test", "--channel", "pager"])
    assert "expected one of console, email, slack, webhook, found 'pager'" in str(said.exception)
