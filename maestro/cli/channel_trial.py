"""``maestro alerts test``: whether each channel takes an alert."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.text import Text

from backend.configuration.monitoring import Channel
from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError, NotificationError
from backend.settings import Settings, load_settings
from functions import bootstrap, channels
from maestro.cli.chosen_store import JsonOption, TenantOption

_KNOWN: tuple[str, ...] = get_args(Channel)


class Outcome(StrEnum):
    SENT = "sent"
    NOT_CONFIGURED = "not configured"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    channel: str
    outcome: Outcome
    reason: str = ""


def try_channels(
    channel: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(_KNOWN)}; by default every one that alerts go to.")
    ] = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a marked test alert over every channel that alerts go to, and say what came of it.

    Those are the notification_channels of the tenant's configuration. One whose
    URL is not set is not configured: alerts pass it over. The test is stored
    nowhere and counts for no limit.

    Exits with 1 when a channel failed, or when none took it. The object of
    --json holds tenant and channels (channel, outcome, reason).

    Example: maestro alerts test --channel email
    """
    settings = load_settings()
    owner = tenant or settings.tenant_id
    trials = [_tried(settings, name, owner) for name in _names(settings, owner, channel)]
    if as_json:
        print(json.dumps({"tenant": owner, "channels": [_json(each) for each in trials]}, indent=2))
    else:
        _print(trials, Console())
    outcomes = {each.outcome for each in trials}
    if Outcome.FAILED in outcomes or Outcome.SENT not in outcomes:
        raise typer.Exit(1)


def _names(settings: Settings, tenant_id: str, channel: str | None) -> tuple[str, ...]:
    if channel is not None:
        if channel not in _KNOWN:
            raise ConfigurationError(f"--channel: expected one of {', '.join(_KNOWN)}, found {channel!r}; correct it")
        return (channel,)
    if settings.store == "sqlite" and not settings.sqlite_path.exists():
        return settings.policy().alerts.channels  # no file is made to find out
    return channels.channel_names(settings, tenant_id)


def _tried(settings: Settings, name: str, tenant_id: str) -> Trial:
    alert = Alert(
        tenant_id=tenant_id,
        kind="test",
        subject=name,
        severity=Severity.INFO,
        message=f"this is a test of the channel {name}: nothing has happened, nothing is to be done",
        at=bootstrap.clock().now(),
    )
    try:
        notifier = channels.channel(settings, name)
        if notifier is None:
            reason = f"set MAESTRO_NOTIFICATIONS__{name.upper()} to its Apprise URL"
            return Trial(channel=name, outcome=Outcome.NOT_CONFIGURED, reason=reason)
        notifier.notify(alert)
    except (ConfigurationError, NotificationError) as e:
        return Trial(channel=name, outcome=Outcome.FAILED, reason=str(e))
    return Trial(channel=name, outcome=Outcome.SENT)


def _json(trial: Trial) -> dict[str, str | None]:
    return {"channel": trial.channel, "outcome": trial.outcome.value, "reason": trial.reason or None}


def _print(trials: Sequence[Trial], console: Console) -> None:
    styles = {Outcome.SENT: "green", Outcome.NOT_CONFIGURED: "yellow", Outcome.FAILED: "bold red"}
    for each in trials:
        reason = f"  {each.reason}" if each.reason else ""
        console.print(Text.assemble(f"{each.channel:<8} ", (each.outcome.value, styles[each.outcome]), reason))
