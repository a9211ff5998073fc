"""The ``maestro`` command."""

import sys
from pathlib import Path

import typer
from rich.console import Console

from backend.domain.errors import MaestroError
from maestro.cli.alerts import alerts
from maestro.cli.attribution import attribution
from maestro.cli.audit import audit
from maestro.cli.backup import backup, restore
from maestro.cli.close_day import close_day
from maestro.cli.config import config
from maestro.cli.control import halt, reduce_only, reset, resume
from maestro.cli.credentials import credentials
from maestro.cli.dead_letters import dead_letters
from maestro.cli.decisions import decisions
from maestro.cli.demo import demo
from maestro.cli.exit_codes import exit_code
from maestro.cli.flatten import flatten
from maestro.cli.intervene import intervene
from maestro.cli.member import member
from maestro.cli.metrics import metrics
from maestro.cli.migrate import migrate
from maestro.cli.monitor import monitor
from maestro.cli.operators import operator
from maestro.cli.orders import orders
from maestro.cli.overview import overview
from maestro.cli.paper_broker import paper_broker
from maestro.cli.performance import performance
from maestro.cli.portfolio import portfolio
from maestro.cli.reconcile import reconcile
from maestro.cli.replay import replay
from maestro.cli.report import report
from maestro.cli.serve import serve
from maestro.cli.shadow import shadow
from maestro.cli.start import start, stop
from maestro.cli.status import status
from maestro.cli.strategies import list_strategies
from maestro.cli.study import study
from maestro.cli.summary import summary
from maestro.cli.tenant import tenant
from maestro.cli.tick import tick
from maestro.cli.trace import trace

app = typer.Typer(
    name="maestro",
    help="The orchestration layer above a fund of trading strategies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit status: 0 done, 1 failed, 2 usage or configuration, 3 store, 4 broker, 5 prices.",
)
app.command("demo")(demo)
app.command("status")(status)
app.command("decisions")(decisions)
app.command("performance")(performance)
app.command("attribution")(attribution)
app.command("shadow")(shadow)
app.command("trace")(trace)
app.command("replay")(replay)
app.command("list-strategies")(list_strategies)
app.command("orders")(orders)
app.command("start")(start)
app.command("stop")(stop)
app.command("tick")(tick)
app.command("reconcile")(reconcile)
app.command("halt")(halt)
app.command("reduce-only")(reduce_only)
app.command("flatten")(flatten)
app.command("resume")(resume)
app.command("reset")(reset)
app.command("close-day")(close_day)
app.command("paper-broker")(paper_broker)
app.command("restore")(restore)
app.add_typer(audit, name="audit")
app.add_typer(config, name="config")
app.add_typer(credentials, name="credentials")
app.command("monitor")(monitor)
app.command("summary")(summary)
app.command("overview")(overview)
app.add_typer(report, name="report")
app.add_typer(alerts, name="alerts")
app.add_typer(metrics, name="metrics")
app.add_typer(migrate, name="migrate")
app.add_typer(backup, name="backup")
app.add_typer(intervene, name="intervene")
app.add_typer(portfolio, name="portfolio")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(serve, name="serve")
app.add_typer(study, name="study")
app.add_typer(tenant, name="tenant")
app.add_typer(member, name="member")
app.add_typer(operator, name="operator")


def main() -> None:
    """Run the command; an error that Maestro raised on purpose becomes one line and an exit status."""
    sys.path.append(str(Path.cwd()))  # so that a user's own strategies are found; last, so that they shadow nothing
    try:
        app()
    except MaestroError as error:
        Console(stderr=True).print(f"[bold red]{type(error).__name__}[/]: ", end="")
        print(error, file=sys.stderr)
        sys.exit(exit_code(error))
