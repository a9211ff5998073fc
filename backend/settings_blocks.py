"""The named groups of settings of a process, each a frozen model with its defaults."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr

from backend.configuration.block import Block, Names
from backend.configuration.block import key as declared
from backend.domain.retention import SHORTEST_DAYS, Retention


class StrategySettings(Block):
    """Where strategies are found beside the library, and how long each may take."""

    packages: Names = declared((), "dotted names of packages with strategies, beside the library")
    time_limit_seconds: float = declared(5.0, "that each strategy may take in each tick", unit="seconds", gt=0, le=600)


class AlpacaSettings(Block):
    """The broker; `url` and `data_url` name another server that speaks its REST, such as the local paper broker."""

    key: SecretStr = declared(SecretStr(""), "API key id; also read from `APCA_API_KEY_ID`")
    secret: SecretStr = declared(SecretStr(""), "API secret key; also read from `APCA_API_SECRET_KEY`")
    paper: bool = declared(True, "paper account; `false` trades real money")
    url: str | None = declared(None, "another server that speaks Alpaca's trading REST, such as the local paper broker")
    data_url: str | None = declared(None, "another server for bars; `alpaca.url` when not set")
    feed: str = declared("iex", "Alpaca's data feed: `iex`, `sip`, …")
    timeout_seconds: float = declared(10.0, "for one HTTP request", unit="seconds", gt=0, le=600)


class CredentialSettings(Block):
    """Whose account a tenant trades: its own, or the one of `alpaca.key` for all."""

    source: Literal["environment", "file", "secret_manager"] = declared(
        "environment",
        "`environment`: `alpaca.key`, `secret` and `paper` for every tenant; `file` or `secret_manager`: each tenant's "
        "own, set by `maestro credentials set`",
    )
    file: Path = declared(
        Path("~/.config/maestro/secrets.json"),
        "for `source: file`; mode 600, outside of every repository and Firebase project",
    )
    cache_seconds: float = declared(
        300.0,
        "that a tenant's own are kept in memory; those that the broker refuses are forgotten at once",
        unit="seconds",
        ge=0,
        le=86400,
    )


class GeminiSettings(Block):
    """The optional text beside a decision; `project` is that of the process unless it is set."""

    enabled: bool = declared(False, "let Gemini on Vertex AI write the summary; it never changes a decision")
    project: str | None = declared(None, "Google Cloud project of the model; `project` when not set")
    location: str = declared("us-central1", "Google Cloud region of the model")
    model: str = declared("gemini-2.5-flash", "model name")
    timeout_seconds: float = declared(10.0, "after which the plain text stays", unit="seconds", gt=0, le=600)


class ScheduleSettings(Block):
    """When the scheduled functions run (unix cron), on the clock of `time_zone`."""

    dispatch: str = declared("* * * * *", "when Cloud Functions look who is due", unit="cron line")
    tick: str = declared("*/5 9-16 * * 1-5", "the tick, unless a portfolio has its own schedule", unit="cron line")
    daily_snapshot: str = declared("15 16 * * 1-5", "the daily snapshot", unit="cron line")
    monthly_snapshot: str = declared("0 0 1 * *", "the monthly snapshot", unit="cron line")
    reconciliation: str = declared("*/15 9-17 * * 1-5", "the reconciliation with the broker", unit="cron line")
    time_zone: str = declared("America/New_York", "that the cron lines are read in", unit="IANA zone")


class TaskSettings(Block):
    """One tenant's task in Cloud Functions: one that takes longer is given up and delivered again."""

    concurrent_ticks: int = declared(
        500, "of all tenants that run at once, the others wait", unit="tasks", ge=1, le=5000
    )
    concurrent_jobs: int = declared(100, "the same, of jobs that are no ticks", unit="tasks", ge=1, le=5000)
    tick_seconds: float = declared(120.0, "for a tick", unit="seconds", gt=0, le=270)
    job_seconds: float = declared(
        300.0, "for a reconciliation, or the close of a day or a month", unit="seconds", gt=0, le=570
    )


class ApiSettings(Block):
    """The HTTP API; see [how to use it](../how-to/use-the-http-api.md)."""

    origins: Names = declared((), "web origins whose pages may call it, such as `https://example.com`")
    reads_per_minute: int = declared(
        120, "that one caller may make of one tenant, in each instance", unit="requests", ge=1, le=100_000
    )
    writes_per_minute: int = declared(
        30, "the same for what changes something; reading never uses it up", unit="requests", ge=1, le=100_000
    )
    body_limit: int = declared(65_536, "of one request's body", unit="bytes", ge=1_024, le=1_048_576)
    simulation_seconds: float = declared(40.0, "that a simulated tick may take", unit="seconds", gt=0, le=55)


class NotificationSettings(Block):
    """Where alerts go, as URLs of Apprise (`mailto://…`, `json://…`). They hold secrets: use the environment."""

    email: SecretStr = declared(SecretStr(""), "the channel `email`", unit="Apprise URL")
    slack: SecretStr = declared(SecretStr(""), "the channel `slack`", unit="Apprise URL")
    webhook: SecretStr = declared(SecretStr(""), "the channel `webhook`", unit="Apprise URL")


def _null(value: object) -> object:
    return None if value == "null" else value  # an environment holds nothing but text


Days = Annotated[int | None, BeforeValidator(_null)]


class RetentionSettings(Block):
    """How long Firestore keeps what only explains the past; `null` keeps it for ever. SQLite deletes nothing."""

    ticks_days: Days = declared(
        35, "ticks, which keep a late delivery from being decided a second time", unit="days", ge=SHORTEST_DAYS
    )
    logs_days: Days = declared(
        400,
        "decisions with their inputs and copies, and the audit log: one chain, which grows shorter from its old end",
        unit="days",
        ge=SHORTEST_DAYS,
    )
    alerts_days: Days = declared(180, "alerts", unit="days", ge=1)
    dead_letters_days: Days = declared(90, "dead letters: work that was given up", unit="days", ge=1)

    def retention(self) -> Retention:
        return Retention(**self.model_dump())
