"""``maestro close-day``: mark every sleeve at the close and write the day's performance, once."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from backend.domain.closing import ClosedDay
from backend.domain.tick import PortfolioKey
from backend.engine.snapshots import close_days
from backend.settings import load_settings
from functions import bootstrap


def close_day(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last trading day to close; by default today's in New York."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Close every trading day up to DAY that has ended and is not closed yet. Run it after the close.

    Each strategy's sleeves, real and virtual, are marked at the day's closes; its return goes on the record that
    its mode is earned from. Days that were missed are closed as they would have been in time; a day that is
    closed already stays as it is.

    Example: maestro close-day --day 2026-01-05
    """
    settings = load_settings()
    key = PortfolioKey(tenant_id=settings.tenant_id, portfolio_id=settings.portfolio_id, uid=settings.uid)
    through = (day or datetime.now(UTC).astimezone(ZoneInfo(settings.schedule.time_zone))).date()
    closed = close_days(key, through, bootstrap.day_close(settings, key))
    if as_json:
        print(json.dumps({"through": through.isoformat(), "days": [_json(each) for each in closed]}, indent=2))
        return
    for each in closed:
        print(f"{each.portfolio.day}: equity {each.portfolio.equity:,.2f}, {len(each.returns)} daily returns")
    if not closed:
        print(f"nothing to close through {through}")


def _json(closed: ClosedDay) -> dict[str, Any]:
    portfolio = closed.portfolio
    return {
        "day": portfolio.day.isoformat(),
        "equity": str(portfolio.equity),
        "strategies": str(portfolio.strategies),
        "external": str(portfolio.external),
        "residual": str(portfolio.residual),
        "daily_returns": {each.strategy: each.value for each in closed.returns},
    }
