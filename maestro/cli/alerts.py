"""``maestro alerts``: what needs a person, and whether the channels reach one."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.alert import Alert, Severity
from maestro.cli.channel_trial import try_channels
from maestro.cli.chosen_store import JsonOption, StoreOption, TenantOption, choose_store, end_of_time
from maestro.cli.tables import plain_table
from maestro.monitoring.critical import critical

LONGEST_HOURS = 31 * 24
_NEWEST = 200  # decisions among which the last hour's are looked for
_STYLES = {Severity.INFO: "dim", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}

alerts = typer.Typer(invoke_without_command=True)
alerts.command("test")(try_channels)


@alerts.callback()
def show(
    context: typer.Context,
    hours: Annotated[int, typer.Option(min=1, max=LONGEST_HOURS, help="How far to look back.")] = 24,
    severity: Annotated[Severity, typer.Option(help="Only this severity and worse.")] = Severity.INFO,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    fail_on: Annotated[
        Severity | None, typer.Option("--fail-on", help="Exit with 1 when one of this severity or worse is shown.")
    ] = None,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the alerts of the last hours, newest first, and what is critical now.

    Critical is what the newest decisions show, told or not: a systemic override
    within the last hour, and a portfolio with most strategies in SHADOW_MODE.

    The object of --json holds store, tenant, hours, critical and alerts (each
    with at, severity, kind, subject, portfolio_id, tick_id, message, told_at).
    A demo's hours end with its last decision.

    Example: maestro alerts --hours 24 --severity warning --fail-on error
    """
    if context.invoked_subcommand is not None:
        return
    chosen = choose_store(store, tenant)
    now, key = end_of_time(chosen), chosen.key
    stored = chosen.alerts.alerts(key.tenant_id, since=now - timedelta(hours=hours))
    listed = _chosen(reversed([each for each in stored if each.at <= now]), severity, kind)
    found = critical(chosen.log.decisions(key.tenant_id, last=_NEWEST), now=now)
    urgent = _chosen(found, severity, kind)
    if as_json:
        said = {"store": chosen.name, "tenant": key.tenant_id, "hours": hours}
        print(
            json.dumps({**said, "critical": [_json(e) for e in urgent], "alerts": [_json(e) for e in listed]}, indent=2)
        )
    else:
        _print(urgent, listed, hours, Console())
    if fail_on is not None and any(each.rank <= _rank(fail_on) for each in (*urgent, *listed)):
        raise typer.Exit(1)


def _chosen(found: Iterable[Alert], severity: Severity, kinds: Sequence[str] | None) -> list[Alert]:
    return [each for each in found if each.rank <= _rank(severity) and (not kinds or each.kind in kinds)]


def _rank(severity: Severity) -> int:
    return list(reversed(Severity)).index(severity)


def _json(alert: Alert) -> dict[str, Any]:
    return {
        "at": alert.at.isoformat(),
        "severity": alert.severity.value,
        "kind": alert.kind,
        "subject": alert.subject or None,
        "portfolio_id": alert.portfolio_id or None,
        "tick_id": alert.tick_id or None,
        "message": alert.message,
        "told_at": None if alert.told_at is None else alert.told_at.isoformat(),
    }


def _print(urgent: Sequence[Alert], listed: Sequence[Alert], hours: int, console: Console) -> None:
    for each in urgent:
        console.print(Text.assemble((f"CRITICAL {each.kind.replace('_', ' ')}", "bold red"), f" {each.message}"))
    if not listed:
        console.print(f"no alert in the last {hours} h", highlight=False)
        return
    table = plain_table(console, f"Alerts of the last {hours} h: {len(listed):,}", ["At", "Severity", "Kind"], [])
    table.add_column("What", overflow="fold")
    for each in listed:
        what = f"{each.portfolio_id}: {each.message}" if each.portfolio_id else each.message
        severity = Text(each.severity.value, style=_STYLES[each.severity])
        table.add_row(f"{each.at:%Y-%m-%d %H:%M:%S}", severity, Text(each.kind), Text(what))
    console.print(table)
