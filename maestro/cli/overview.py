"""``maestro overview``: every tenant of the store in one table, for the platform's operator."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.tenant_summary import TenantSummary, TickOutcome
from maestro.cli.chosen_store import JsonOption, StoreOption, choose_store
from maestro.cli.monitor_screen import age
from maestro.cli.tables import plain_table


def overview(
    failing: Annotated[bool, typer.Option("--failing", help="Only tenants that somebody should look at.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every tenant's newest tick, its age, and what is wrong: the worst first.

    Reads one summary a tenant, which ticks keep current. A tenant is failing while ticks, strategies or orders of it
    fail, or its trading is held down. Tenants that never ticked are not shown.

    Example: maestro overview --failing --json
    """
    chosen = choose_store(store, None)
    summaries = [each for each in chosen.operations.summaries() if each.troubles or not failing]
    ordered = sorted(summaries, key=lambda each: (-each.consecutive_failures, -len(each.troubles), each.tenant_id))
    now = datetime.now(UTC)
    if as_json:
        print(json.dumps({"store": chosen.name, "tenants": [_json(each, now) for each in ordered]}, indent=2))
    else:
        _print(chosen.name, ordered, now, Console())


def _json(summary: TenantSummary, now: datetime) -> dict[str, Any]:
    failure = summary.last_failure
    return {
        "tenant_id": summary.tenant_id,
        "troubles": list(summary.troubles),
        "trading_state": summary.trading_state or None,
        "last_tick": None if summary.last_tick is None else _tick_json(summary.last_tick, now),
        "modes": dict(summary.modes),
        "failures": list(summary.failures),
        "failure_count": summary.failure_count,
        "consecutive_failures": summary.consecutive_failures,
        "last_failure": None
        if failure is None
        else {
            "portfolio_id": failure.portfolio_id,
            "tick_id": failure.tick_id or None,
            "correlation_id": failure.correlation_id or None,
            "kind": failure.kind,
            "reason": failure.reason,
            "at": failure.at.isoformat(),
        },
        "code_version": summary.code_version or None,
    }


def _tick_json(tick: TickOutcome, now: datetime) -> dict[str, Any]:
    traffic = tick.measured.traffic
    return {
        "tick_id": tick.tick_id,
        "portfolio_id": tick.portfolio_id,
        "correlation_id": tick.correlation_id or None,
        "status": tick.status,
        "scheduled_at": tick.scheduled_at.isoformat(),
        "committed_at": tick.committed_at.isoformat(),
        "age_seconds": round((now - tick.committed_at).total_seconds(), 1),
        "orders": tick.orders,
        "unresolved": tick.unresolved,
        "durations_ms": dict(tick.measured.durations),
        "documents_read": traffic.documents_read,
        "documents_written": traffic.documents_written,
        "round_trips": traffic.round_trips,
    }


def _print(name: str, summaries: list[TenantSummary], now: datetime, console: Console) -> None:
    failing = sum(bool(each.troubles) for each in summaries)
    console.print(f"store {name}: {len(summaries)} tenants, {failing} to look at", highlight=False)
    table = plain_table(console, "Tenants", ["Tenant", "Last tick", "Status", "Trading"], ["Orders", "Failed"])
    for each in summaries:
        tick = each.last_tick
        table.add_row(
            Text(each.tenant_id),
            "never" if tick is None else f"{age((now - tick.committed_at).total_seconds())} ago",
            Text(tick.status if tick else "–", style="yellow" if tick and tick.status != "done" else ""),
            Text(each.trading_state or "–", style="" if each.trading_state == "ACTIVE" else "yellow"),
            "–" if tick is None else str(tick.orders),
            Text(str(each.consecutive_failures), style="bold red" if each.consecutive_failures else ""),
        )
    console.print(table)
    for each in summaries:
        if not each.troubles:
            continue
        failure = each.last_failure if each.consecutive_failures else None
        why = f"; {failure.kind}: {failure.reason}" if failure else ""
        line = f"{each.tenant_id}: {', '.join(each.troubles)}{why}"
        console.print(line, style="yellow", highlight=False, markup=False)
