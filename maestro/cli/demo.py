"""``maestro demo``: a year of real prices through the production cycle, offline, with no account."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend.adapters.csv_bars import CsvBars
from backend.configuration import OrchestratorSettings
from backend.configuration.allocation import AllocationSettings
from backend.domain.allocation_policy import AllocationMethod
from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.leasing import NoLeases
from backend.settings import Settings
from backend.settings_blocks import AlpacaSettings, StrategySettings
from functions import bootstrap
from maestro.backtest.outcome import ReplayOutcome
from maestro.backtest.replay import Replay, ReplayClock, after_close, seeded_entropy
from maestro.backtest.report import write_report
from maestro.cli.chosen_store import DEMO_STORE, DEMO_TENANT, demo_marker
from maestro.cli.tables import outcome_json, print_outcome
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

PRICES = Path(__file__).parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
DEMO_REPORT = Path("build/demo/report.html")
SLIPPAGE_BPS = Decimal(5)


def demo(
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First trading day to play.")] = datetime(  # noqa: DTZ001
        2019, 9, 3
    ),
    days: Annotated[int, typer.Option(min=1, help="Trading days to play.")] = 250,
    cash: Annotated[float, typer.Option(min=1000, help="Cash at the start, in dollars.")] = 100_000,
    prices: Annotated[Path, typer.Option(help="Wide CSV of daily closes: date,AAPL,AMD,…")] = PRICES,
    store: Annotated[Path, typer.Option(help="SQLite file to play into; an earlier demo's is replaced.")] = DEMO_STORE,
    report: Annotated[Path, typer.Option(help="Where to write the HTML report.")] = DEMO_REPORT,
    package: Annotated[
        list[str] | None, typer.Option(help="Package with strategies of yours, beside the library; repeatable.")
    ] = None,
    disable: Annotated[list[str] | None, typer.Option(help="Strategy that places no order; repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Play real daily closes through the same cycle that production runs.

    Seven strategies and yours, SQLite as the store, and alpaca-py against a local paper broker. The default
    window holds the crash of March 2020.

    Example: maestro demo --start 2018-01-02 --days 120 --package my_strategies
    """
    bars = CsvBars(prices)
    window = [day for day in bars.days if day >= start.date()][:days]
    if len(window) < days:
        raise MarketDataError(
            f"expected {days} trading days from {start:%Y-%m-%d} on in {prices}, found {len(window)}; "
            f"the file holds {bars.days[0]} to {bars.days[-1]}: choose an earlier --start or fewer --days"
        )
    _clear(store)
    settings = Settings(
        store="sqlite",
        sqlite_path=store,
        tenant_id=DEMO_TENANT,
        symbols=bars.symbols,
        prices_file=prices,
        strategies=StrategySettings(packages=tuple(package or ())),
        orchestrator=OrchestratorSettings(
            allocation=AllocationSettings(method=AllocationMethod.EQUAL_WEIGHT),
            disabled_strategies=tuple(disable or ()),
        ),
    )
    with _progress(days) as advance:
        outcome = _play(settings, bars, window, Decimal(str(cash)), advance)
    written = write_report(
        outcome,
        report,
        title=f"Maestro demo, {window[0]} to {window[-1]}",
        options={"cash": f"{cash:,.0f}", "slippage": f"{SLIPPAGE_BPS} bps", "prices": prices.name},
    )
    if as_json:
        print(json.dumps(outcome_json(outcome, store=str(store), report=str(written)), indent=2))
        return
    console = Console()
    print_outcome(outcome, console, report=written)
    console.print(f"\nRead the same store: [bold]maestro status --store {store}[/]", highlight=False)


@contextmanager
def _progress(days: int) -> Iterator[Callable[[date, TickResult], None]]:
    """Show the day being played and what has happened so far, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("playing", total=days)
        orders = 0

        def advance(day: date, result: TickResult) -> None:
            nonlocal orders
            orders += len(result.orders)
            bar.update(task, advance=1, description=f"{day}  {orders} orders")

        yield advance


def _clear(store: Path) -> None:
    """Start from an empty store, but never remove a file that no demo wrote."""
    if store.exists() and not demo_marker(store).exists():
        raise ConfigurationError(
            f"--store {store}: expected a new file or an earlier demo's, found another; name a new one"
        )
    for path in (store, Path(f"{store}-wal"), Path(f"{store}-shm")):
        path.unlink(missing_ok=True)
    store.parent.mkdir(parents=True, exist_ok=True)
    demo_marker(store).write_text("written by maestro demo; may be replaced\n")


def _play(
    settings: Settings,
    bars: CsvBars,
    window: list[date],
    cash: Decimal,
    progress: Callable[[date, TickResult], None],
) -> ReplayOutcome:
    first = after_close(window[0])
    config = PaperBrokerConfig(prices=bars.path, start=first, initial_cash=cash, slippage_bps=SLIPPAGE_BPS)
    with PaperBrokerServer(config) as broker:
        alpaca = AlpacaSettings(key=SecretStr("demo"), secret=SecretStr("demo"), url=broker.url)
        settings = settings.model_copy(update={"alpaca": alpaca})
        clock = ReplayClock(first)
        key = PortfolioKey(tenant_id=settings.tenant_id)
        close = bootstrap.day_close(settings, key)
        close = replace(close, cycle=replace(close.cycle, clock=clock, entropy=seeded_entropy, leases=NoLeases()))
        return Replay(
            key=key,
            days=window,
            close=close,
            clock=clock,
            move=broker.advance,
            progress=progress,
        ).run()
