"""``maestro tick``: run one tick now, against the configured broker and store."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from backend.domain.order import OrderStatus
from backend.domain.tick import PortfolioKey, TickRequest, TickResult
from backend.engine.cycle import run_cycle
from backend.settings import load_settings
from functions import bootstrap, channels
from maestro.backup.restoring import require_no_interrupted_restore

_TROUBLE = frozenset({OrderStatus.REJECTED, OrderStatus.UNRESOLVED})


def tick(
    at: Annotated[
        str | None,
        typer.Option(help="Scheduled time as ISO 8601 with zone; the same time again resumes the same tick."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Run one tick now: gather signals, decide, place orders once, write everything down.

    Exits with 4 when the broker rejected an order or left it unresolved; the next tick looks the latter up.

    Example: maestro tick --at 2026-01-05T15:00:00-05:00
    """
    require_no_interrupted_restore()
    scheduled_at = _scheduled(at)
    settings = load_settings()
    key = PortfolioKey(tenant_id=settings.tenant_id, portfolio_id=settings.portfolio_id, uid=settings.uid)
    cycle = bootstrap.cycle(settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid)
    result = run_cycle(TickRequest(key=key, scheduled_at=scheduled_at, correlation_id=uuid4().hex), cycle)
    for fault in channels.tell(settings, key, result, datetime.now(UTC)):
        print(f"alert not sent: {fault}", file=sys.stderr)
    if as_json:
        print(json.dumps(_json(result), indent=2))
    else:
        _print(result, Console())
    if any(order.status in _TROUBLE for order in result.orders):
        raise typer.Exit(4)


def _print(result: TickResult, console: Console) -> None:
    resumed = " (resumed from an earlier delivery)" if result.was_resumed else ""
    console.print(f"tick [bold]{result.tick_id}[/] {result.status.value}{resumed}", highlight=False)
    console.print(result.summary, highlight=False)
    for each in _json(result)["orders"]:
        size = each["qty"] or f"${each['notional']}"
        console.print(
            f"{each['status']:>10}  {each['side']} {size} {each['symbol']} for {each['strategy']} {each['reason']}",
            highlight=False,
        )


def _scheduled(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        scheduled = datetime.fromisoformat(at)
    except ValueError as e:
        raise ConfigurationError(f"--at: expected ISO 8601 like 2026-01-05T15:00:00-05:00, found {at!r}") from e
    if scheduled.tzinfo is None:
        raise ConfigurationError(f"--at: expected a time with its zone, found {at!r}; append Z or +HH:MM")
    return scheduled.astimezone(UTC)


def _json(result: TickResult) -> dict[str, Any]:
    return {
        "tick_id": result.tick_id,
        "status": result.status.value,
        "was_resumed": result.was_resumed,
        "summary": result.summary,
        "unresolved": list(result.unresolved),
        "orders": [
            {
                "client_order_id": order.intent.client_order_id,
                "strategy": order.intent.strategy,
                "symbol": order.intent.symbol,
                "side": order.intent.side.value,
                "qty": None if order.intent.quantity is None else str(order.intent.quantity),
                "notional": None if order.intent.notional is None else str(order.intent.notional),
                "status": order.status.value,
                "filled_qty": str(order.booked_quantity),
                "reason": order.reason,
            }
            for order in result.orders
        ],
    }
