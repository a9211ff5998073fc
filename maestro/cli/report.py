"""``maestro report``: what a day brought, for people."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from backend.adapters.replaced_file import replaced_file
from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError, NotificationError
from backend.engine.notifying import notify_all
from functions.channels import channels
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.daily_report import as_html, as_text
from maestro.cli.look import look, policy_in_force
from maestro.cli.monitor_screen import View
from maestro.monitoring.digest import digest, mode_changes, newest_summaries

HOURS = 24
NEWEST = 3

report = typer.Typer(help="Report what happened, for people.", no_args_is_help=True)


@report.callback()
def _group() -> None:
    """Keep ``daily`` a command of its own while it is the only one."""


@report.command("daily")
def daily(
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page, too.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it over the notification channels, too.")] = False,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report the last 24 hours: state, money, decisions, modes and their changes, orders, alerts, newest summaries.

    The money is that of the days that were closed in these hours; a demo's hours end with its last decision. Exits
    with 1 when a channel did not take it.

    The object of --json holds store, tenant, portfolio_id, period, trading, summary (as maestro summary has it),
    equity, strategies, mode_changes, orders, alerts and newest_summaries. Money is decimal text, null is unknown.

    Example: maestro report daily --html daily.html --send
    """
    chosen = choose_store(store, tenant)
    view = look(chosen, HOURS)
    said = _said(view)
    if page is not None:
        with replaced_file(page) as file:
            file.write(as_html(said).encode())
    print(json.dumps(said, indent=2) if as_json else as_text(said), end="\n" if as_json else "")
    if send:
        _send(chosen, view, as_text(said))


def _said(view: View) -> dict[str, Any]:
    names = ("store", "tenant", "portfolio_id", "period", "trading")
    return {
        **{name: view.report[name] for name in names},
        "summary": digest(view.seen),
        **{name: view.report[name] for name in ("equity", "strategies")},
        "mode_changes": mode_changes(view.seen),
        **{name: view.report[name] for name in ("orders", "alerts")},
        "newest_summaries": newest_summaries(view.seen, NEWEST),
    }


def _send(chosen: ChosenStore, view: View, text: str) -> None:
    """Hand the report to every channel that has a URL; the console has it already.

    Raises
    ------
    ConfigurationError
        No such channel is configured.
    NotificationError
        One of them did not take it.
    """
    key, names = chosen.key, policy_in_force(chosen, view.seen).alerts.channels
    found = channels(chosen.settings, [name for name in names if name != "console"])
    if not found:
        raise ConfigurationError(
            f"--send: expected a channel beside the console that has a URL, found {', '.join(names) or 'none'}; see "
            "monitoring.notification_channels and notifications in docs/how-to/monitor.md"
        )
    alert = Alert(
        tenant_id=key.tenant_id,
        portfolio_id=key.portfolio_id,
        kind="daily_report",
        severity=Severity.INFO,
        message=text,
        at=view.seen.window.end,
    )
    if faults := notify_all([alert], found):
        raise NotificationError("; ".join(faults))
