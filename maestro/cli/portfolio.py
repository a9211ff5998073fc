"""``maestro portfolio``: a tenant's portfolios, whether they tick, and when."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.adapters.documents.portfolio_documents import portfolios_of
from backend.domain.dispatch import CatchUp, ScheduledPortfolio
from backend.domain.errors import ConfigurationError
from backend.engine import portfolios
from backend.settings import Settings
from functions import stores
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption, ReasonOption
from maestro.cli.schedules import checked_calendar, checked_schedule, next_ticks, tell_dispatcher
from maestro.cli.tables import plain_table
from maestro.cli.tenant_office import TenantArgument, office, settings_of_store

portfolio = typer.Typer(no_args_is_help=True, help="A tenant's portfolios: whether they tick in the cloud, and when.")

_Portfolio = Annotated[str, typer.Argument(metavar="PORTFOLIO", help="The portfolio's id.")]
_Schedule = Annotated[
    str | None,
    typer.Option(
        metavar="CRON",
        help="Cron line, with 'CRON_TZ=Zone ' before it for another clock; '' for the deployment's own.",
    ),
]
_Calendar = Annotated[str | None, typer.Option(help="Calendar of its venue, such as XNYS or 24/7.")]
_Hours = Annotated[
    bool | None, typer.Option("--market-hours/--any-hour", help="Tick only while the venue is open, or always.")
]
_CatchUp = Annotated[CatchUp | None, typer.Option(help="What becomes of missed ticks.")]


@portfolio.command("list")
def list_portfolios(tenant_id: TenantArgument, as_json: JsonOption = False) -> None:
    """Show a tenant's portfolios, their schedules, and when they tick next, in UTC.

    Each object of --json's portfolios holds calendar, market_hours, catch_up
    and the next_ticks of the next two weeks, three at most, as well.

    Example: maestro portfolio list acme
    """
    settings = settings_of_store()
    now = datetime.now(UTC)
    found = portfolios_of(stores.documents(settings), tenant_id)
    said = [_json(settings, name, state, each, now) for name, (state, each) in sorted(found.items())]
    if as_json:
        print(json.dumps({"tenant": tenant_id, "portfolios": said}, indent=2))
        return
    console = Console()
    table = plain_table(console, "", ["Portfolio", "State", "Schedule", "Next tick"], [])
    for each in said:
        ticks = [f"{datetime.fromisoformat(at):%a %d %H:%M}" for at in each["next_ticks"]] or ["–"]
        texts = (each["portfolio_id"], each["state"], each["schedule"], ticks[0])
        table.add_row(*map(Text, texts))
    console.print(table if said else f"no portfolio in {tenant_id}: see maestro tenant create")


@portfolio.command("add")
def add(
    tenant_id: TenantArgument,
    portfolio_id: _Portfolio,
    schedule: _Schedule = None,
    calendar: _Calendar = None,
    market_hours: _Hours = None,
    catch_up: _CatchUp = None,
    symbol: Annotated[list[str] | None, typer.Option(help="A ticker; repeatable. By default the settings'.")] = None,
    uid: Annotated[str, typer.Option(help="Whose track record it is.")] = "default",
    paused: Annotated[bool, typer.Option("--paused", help="Do not let it run yet.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a portfolio to a tenant.

    Example: maestro portfolio add acme coins --calendar 24/7 --schedule "0 * * * *" --symbol BTC/USD
    """
    settings = settings_of_store()
    fields = {"uid": uid, **_changes(settings, schedule, calendar, market_hours, catch_up)}
    if symbol:
        fields["symbols"] = list(symbol)
    portfolios.add(tenant_id, portfolio_id, fields, office(settings, by), is_paused=paused)
    _finish(settings, tenant_id, portfolio_id, as_json=as_json)


@portfolio.command("pause")
def pause(
    tenant_id: TenantArgument,
    portfolio_id: _Portfolio,
    reason: ReasonOption,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let no tick of a portfolio begin, those that are queued included. Positions and orders stay as they are.

    Example: maestro portfolio pause acme main --reason "broker maintenance"
    """
    settings = settings_of_store()
    portfolios.pause(tenant_id, portfolio_id, reason, office(settings, by))
    _finish(settings, tenant_id, portfolio_id, as_json=as_json)


@portfolio.command("resume")
def resume(
    tenant_id: TenantArgument,
    portfolio_id: _Portfolio,
    reason: ReasonOption,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a paused portfolio tick again.

    Example: maestro portfolio resume acme main --reason "broker is back"
    """
    settings = settings_of_store()
    portfolios.resume(tenant_id, portfolio_id, reason, office(settings, by))
    _finish(settings, tenant_id, portfolio_id, as_json=as_json)


@portfolio.command("schedule")
def schedule(
    tenant_id: TenantArgument,
    portfolio_id: _Portfolio,
    reason: ReasonOption,
    schedule: _Schedule = None,
    calendar: _Calendar = None,
    market_hours: _Hours = None,
    catch_up: _CatchUp = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change when a portfolio ticks in the cloud; what is not named stays as it is.

    Example: maestro portfolio schedule acme main --schedule "0 10 * * 1-5" --catch-up latest --reason "daily is enough"
    """
    settings = settings_of_store()
    changes = _changes(settings, schedule, calendar, market_hours, catch_up)
    if not changes:
        raise ConfigurationError(
            "expected --schedule, --calendar, --market-hours or --catch-up, found none; name what is to change"
        )
    portfolios.reschedule(tenant_id, portfolio_id, changes, reason, office(settings, by))
    _finish(settings, tenant_id, portfolio_id, as_json=as_json)


def _changes(
    settings: Settings, schedule: str | None, calendar: str | None, market_hours: bool | None, catch_up: CatchUp | None
) -> dict[str, Any]:
    given = {
        "schedule": checked_schedule(settings, schedule) if schedule else schedule,
        "calendar": checked_calendar(calendar) if calendar else calendar,
        "market_hours": market_hours,
        "catch_up": None if catch_up is None else catch_up.value,
    }
    return {name: value for name, value in given.items() if value is not None}


def _finish(settings: Settings, tenant_id: str, portfolio_id: str, *, as_json: bool) -> None:
    """Tell the dispatcher of a schedule that is new to it, and say how the portfolio stands."""
    state, found = portfolios_of(stores.documents(settings), tenant_id)[portfolio_id]
    tell_dispatcher(settings, found.schedule)
    said = _json(settings, portfolio_id, state, found, datetime.now(UTC))
    if as_json:
        print(json.dumps({"tenant": tenant_id, **said}, indent=2))
        return
    ticks = ", ".join(f"{datetime.fromisoformat(at):%a %d %b %H:%M}" for at in said["next_ticks"])
    when = f"next ticks {ticks} UTC" if ticks else "no tick within two weeks"
    print(f"{tenant_id}/{portfolio_id} is {state}: {said['schedule']}; {when if state == 'active' else 'no ticks'}")


def _json(settings: Settings, name: str, state: str, found: ScheduledPortfolio, now: datetime) -> dict[str, Any]:
    ticks = next_ticks(settings, found, now) if state == "active" else []
    return {
        "portfolio_id": name,
        "state": state,
        "uid": found.key.uid,
        "schedule": found.schedule or settings.schedule.tick,
        "calendar": found.calendar or settings.calendar,
        "market_hours": found.market_hours,
        "catch_up": found.catch_up.value,
        "next_ticks": [at.isoformat() for at in ticks],
    }
