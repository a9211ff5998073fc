"""Every channel over real servers on loopback: what arrives, and what is said when nothing can."""

import io
import logging
import socket
from datetime import UTC, datetime
from email import message_from_string, policy

import pytest

from backend.adapters.apprise_notifier import AppriseNotifier
from backend.adapters.console_notifier import ConsoleNotifier
from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError, NotificationError
from backend.engine.notifying import notify_all
from tests.fakes.http_server import Answer, ScriptedServer, json_answer
from tests.fakes.smtp_server import SmtpSink

# Apprise 2.3 asks for it before it falls back on one of its own.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ALERT = Alert(
    tenant_id="acme",
    portfolio_id="main",
    tick_id="main-1",
    kind="strategy_failure",
    subject="trend",
    severity=Severity.ERROR,
    message="trend failed: no bars — ε",
    at=datetime(2026, 3, 13, 20, 5, tzinfo=UTC),
)
TITLE = "Maestro error: strategy failure (trend), acme/main"
SECRET = "hunter2"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_console_prints_one_line() -> None:
    stream = io.StringIO()
    ConsoleNotifier(stream).notify(ALERT)
    assert stream.getvalue() == f"2026-03-13 20:05:00+0000 {TITLE}: trend failed: no bars — ε\n"


def test_console_that_is_closed_raises_an_error_of_the_tree() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(NotificationError, match="console: expected a stream that can be written"):
        ConsoleNotifier(stream).notify(ALERT)


def test_email_reaches_its_addresses() -> None:
    with SmtpSink() as server:
        url = f"mailto://127.0.0.1:{server.port}?from=maestro@example.org&to=ops@example.org&mode=insecure&format=text"
        AppriseNotifier("email", url).notify(ALERT)
    (letter,) = server.letters
    assert (letter.sender, letter.recipients) == ("maestro@example.org", ["ops@example.org"])
    said = message_from_string(letter.content, policy=policy.default)
    assert said["Subject"] == TITLE
    assert "trend failed: no bars — ε" in said.get_content()


def test_email_that_is_refused_says_why_without_the_password() -> None:
    with SmtpSink(answer="554 mailbox on fire") as server:
        url = f"mailto://ops:{SECRET}@127.0.0.1:{server.port}?from=maestro@example.org&to=ops@example.org&mode=insecure"
        with pytest.raises(NotificationError, match="email: expected mailto://") as caught:
            AppriseNotifier("email", url).notify(ALERT)
    assert SECRET not in str(caught.value)


def test_webhook_gets_json_with_title_message_and_severity() -> None:
    with ScriptedServer(json_answer({})) as server:
        AppriseNotifier("webhook", f"{server.url.replace('http', 'json')}/hook?+X-Token={SECRET}").notify(ALERT)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["x-token"] == SECRET
    said = request.json()
    assert (said["title"], said["message"], said["type"]) == (TITLE, ALERT.message, "failure")


def test_slack_compatible_webhook_gets_attachments() -> None:
    """Slack's own host cannot be reached from a test; Mattermost's incoming webhook is Slack's format, on any host."""
    with ScriptedServer(Answer(body="ok")) as server:
        host = server.url.removeprefix("http://")
        AppriseNotifier("slack", f"mmost://{host}/abcdefghijklmnopqrstuvwxyz").notify(ALERT)
    (request,) = server.requests
    assert request.path == "/hooks/abcdefghijklmnopqrstuvwxyz"
    assert TITLE in request.json()["text"]


@pytest.mark.parametrize(
    ("answer", "why"), [(Answer(status=500, body="broken"), "500"), (Answer(status=404, body=""), "404")]
)
def test_webhook_that_refuses_says_why_without_its_secrets(answer: Answer, why: str) -> None:
    with ScriptedServer(answer) as server:
        url = f"{server.url.replace('http://', f'json://ops:{SECRET}@')}/hook?+X-Token={SECRET}"
        with pytest.raises(NotificationError, match=f"webhook: expected json://.* found: .*{why}") as caught:
            AppriseNotifier("webhook", url).notify(ALERT)
    assert SECRET not in str(caught.value)


def test_webhook_that_is_not_there_is_given_up_soon() -> None:
    with pytest.raises(NotificationError, match="webhook: expected json://127"):
        AppriseNotifier("webhook", f"json://127.0.0.1:{free_port()}/", timeout_seconds=1.0).notify(ALERT)


def test_webhook_that_hangs_is_given_up_in_time() -> None:
    started = datetime.now(UTC)
    with ScriptedServer(Answer(hangs=True)) as server, pytest.raises(NotificationError):
        AppriseNotifier("webhook", server.url.replace("http", "json"), timeout_seconds=0.5).notify(ALERT)
    assert (datetime.now(UTC) - started).total_seconds() < 5.0


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        (f"nosuch://ops:{SECRET}@host", "nosuch"),
        (f"slack://{SECRET}", "slack"),
        (SECRET, "no scheme"),
        ("", "no scheme"),
    ],
)
def test_url_that_apprise_does_not_know_is_a_configuration_error_without_secrets(
    url: str, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigurationError, match=rf"\({scheme}\)") as caught:
        AppriseNotifier("slack", url)
    assert SECRET not in str(caught.value) + caplog.text


def test_a_channel_that_fails_is_noted_and_stops_no_other() -> None:
    stream = io.StringIO()
    with ScriptedServer(Answer(status=500)) as server:
        channels = {
            "webhook": AppriseNotifier("webhook", server.url.replace("http", "json")),
            "console": ConsoleNotifier(stream),
        }
        failures = notify_all([ALERT, ALERT], channels)
    assert len(stream.getvalue().splitlines()) == 2
    assert len(server.requests) == 1  # a channel that has failed is not asked again in this call
    assert len(failures) == 1
    assert failures[0].startswith("webhook: expected json://")
