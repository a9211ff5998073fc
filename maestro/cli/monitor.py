"""``maestro monitor``: what happened over the last hours, as a screen that stays current or as one JSON object."""

import json
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from time import monotonic, sleep
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from backend.domain.errors import MaestroError
from functions.in_flight import told
from maestro.cli.chosen_store import StoreOption, TenantOption, choose_store
from maestro.cli.look import LONGEST_HOURS, look
from maestro.cli.monitor_screen import View, screen

CURVE_DAYS = 92  # calendar days that the screen's curves go back
_BEAT_SECONDS = 1.0  # how often ages move on


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def monitor(
    hours: Annotated[int, typer.Option(min=1, max=LONGEST_HOURS, help="How far to look back.")] = 24,
    refresh: Annotated[float, typer.Option(min=1, help="Seconds between two looks at the store, on a terminal.")] = 30,
    output: Annotated[Format, typer.Option("--format", help="Screen or JSON.")] = Format.TABLE,
    store: StoreOption = None,
    tenant: TenantOption = None,
) -> None:
    """Show what happened over the last hours: on a terminal until Ctrl-C, elsewhere once.

    Returns, money and attribution are those of the days that were closed in
    these hours; a demo's hours end with its last decision.

    The object of --format json holds store, tenant, portfolio_id, period,
    trading, equity, allocation_metrics, risk_metrics, strategies (each with
    mode and its changes, Sharpe ratio, weight, return, P&L, and contribution
    to the change of equity), decisions, orders and alerts. Money is decimal
    text, a fraction is a number, null is unknown.

    Example: maestro monitor --hours 168 --format json
    """
    chosen = choose_store(store, tenant)
    if output is Format.JSON:
        print(json.dumps(look(chosen, hours).report, indent=2))
        return
    console = Console()
    if not console.is_terminal:
        view = look(chosen, hours, curve_days=CURVE_DAYS)
        console.print(screen(view, now=view.seen.window.end, width=console.width))
        return
    try:
        _watch(lambda: look(chosen, hours, curve_days=CURVE_DAYS), refresh, console)
    except KeyboardInterrupt:
        return


def _watch(glance: Callable[[], View], refresh: float, console: Console) -> None:
    """Look again and again; a look that fails leaves the one before it on the screen, and says so."""
    view, problem = glance(), ""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            looked_at = monotonic()
            while (elapsed := monotonic() - looked_at) < refresh:
                now = view.seen.window.end + timedelta(seconds=elapsed)
                live.update(screen(view, now=now, width=console.width, problem=problem), refresh=True)
                sleep(min(_BEAT_SECONDS, refresh - elapsed))
            try:
                view, problem = glance(), ""
            except MaestroError as e:
                problem = told(e)
