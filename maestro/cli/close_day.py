"""``maestro close-day``: write a day's return of every strategy, once."""

import json
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from backend.domain.tick import PortfolioKey
from backend.engine.snapshots import take_daily_snapshot
from backend.settings import load_settings
from functions import bootstrap


def close_day(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Trading day to close; by default today's in New York."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a line.")] = False,
) -> None:
    """Write a day's return of every strategy, from which its mode is earned. Run it after the close.

    A day that is on the record already, and a day on which nothing traded, are left as they are.

    Example: maestro close-day --day 2026-01-05
    """
    settings = load_settings()
    key = PortfolioKey(tenant_id=settings.tenant_id, portfolio_id=settings.portfolio_id, uid=settings.uid)
    cycle = bootstrap.cycle(settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid)
    closed = (day or datetime.now(UTC).astimezone(ZoneInfo(settings.schedule.time_zone))).date()
    written = take_daily_snapshot(key, closed, cycle, bootstrap.store(settings))
    if as_json:
        returns = {each.strategy_id: each.daily_return for each in written}
        print(json.dumps({"day": closed.isoformat(), "daily_returns": returns}, indent=2))
    else:
        print(f"{closed}: {len(written)} daily returns written")
