"""``maestro start``: tick on schedule in a process of this machine, with or without orders."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer
from prometheus_client import CollectorRegistry

from backend.domain.errors import ConfigurationError
from backend.settings import FILE_VARIABLE, Settings, load_settings
from maestro.backup.restoring import require_no_interrupted_restore
from maestro.cli.chosen_store import opened
from maestro.cli.metrics import collector, served
from maestro.live.dry_run import DRY_RUN_STORE, dry, open_dry_run
from maestro.live.process import Running, detach, run
from maestro.live.process_files import ProcessFiles
from maestro.monitoring.tick_metrics import TickMetrics

METRICS_HOST = "127.0.0.1"
_LOOK_SECONDS = 0.1
_KILLED_WITHIN = 5.0  # seconds

DaemonOption = Annotated[bool, typer.Option("--daemon", help="Go on in the background, in a session of its own.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help=f"Everything but orders, in a store of its own ({DRY_RUN_STORE}).")
]
StrategiesOption = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Ask these alone, parted by commas; the others keep what they hold."),
]
ConfigOption = Annotated[Path | None, typer.Option(help="Settings file; by default MAESTRO_CONFIG or maestro.yaml.")]
MetricsOption = Annotated[
    int | None,
    typer.Option("--metrics-port", min=0, max=65535, help="Serve /metrics on this machine; 0 takes a free port."),
]
IntervalOption = Annotated[
    str | None, typer.Option(metavar="30s", help="Tick at this interval instead of by schedule.tick: 30s, 5m, 1h.")
]


def start(
    daemon: DaemonOption = False,
    dry_run: DryRunOption = False,
    strategies: StrategiesOption = None,
    config: ConfigOption = None,
    interval: IntervalOption = None,
    metrics_port: MetricsOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log to .maestro/orchestrator.log alone.")] = False,
) -> None:
    """Run ticks, closes and reconciliations on the schedule of the settings, until maestro stop or Ctrl-C.

    One process a folder, and one a store. Settings are read anew all the time; ticks that were missed are skipped.

    Example: maestro start --daemon --dry-run --strategies rsi_reversion,donchian_breakout
    """
    require_no_interrupted_restore()
    read = _reader(config)
    settings = read()
    names = None if strategies is None else frozenset(filter(None, map(str.strip, strategies.split(","))))
    every = None if interval is None else _seconds(interval)
    files = ProcessFiles()
    if (pid := files.running_pid()) is not None:
        raise ConfigurationError(
            f"expected no process in this folder, found process {pid}; see maestro status, or end it with maestro stop"
        )
    if daemon:
        options = {
            "--strategies": strategies,
            "--config": config,
            "--interval": interval,
            "--metrics-port": metrics_port,
        }
        _start_detached(dry_run, options, files)
        return
    if dry_run:
        open_dry_run(settings)
    load = (lambda: dry(read())) if dry_run else read
    ticking = Running(load=load, only=names, interval=every, config_file=config, console=not quiet, files=files)
    run(ticking if metrics_port is None else _metered(ticking, metrics_port))


def stop(
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For how long to wait for its end.")] = 30.0,
    force: Annotated[bool, typer.Option("--force", help="Kill it when it has not ended by then.")] = False,
) -> None:
    """End the process that maestro start runs in this folder, after the job in hand.

    A killed one loses nothing: the next process carries its tick on. Exits with 1 when none runs, or it has not ended.

    Example: maestro stop --wait 60
    """
    files = ProcessFiles()
    pid = files.running_pid()
    if pid is None:
        typer.echo("no process runs in this folder", err=True)
        raise typer.Exit(1)
    if files.read_state().get("pid") != pid:
        typer.echo(f"process {pid} starts, or restores a backup: try again when it has done so", err=True)
        raise typer.Exit(1)
    os.kill(pid, signal.SIGTERM)
    has_ended, how = _ended(files, wait), "has ended"
    if force and not has_ended:
        os.kill(pid, signal.SIGKILL)
        has_ended, how = _ended(files, _KILLED_WITHIN), "was killed"
    if not has_ended:
        typer.echo(f"process {pid} has not ended within {wait:g} s: wait longer, or add --force", err=True)
        raise typer.Exit(1)
    print(f"process {pid} {how}")


def _reader(config: Path | None) -> Callable[[], Settings]:
    environment = dict(os.environ)
    if config is not None:
        environment[FILE_VARIABLE] = str(config)
    return lambda: load_settings(environment)


def _metered(ticking: Running, port: int) -> Running:
    """Let the process count its ticks, and serve that with what its store shows."""
    registry = CollectorRegistry()

    @contextmanager
    def beside(settings: Settings) -> Iterator[None]:
        registry.register(collector(opened(settings, None)))
        with served(registry, METRICS_HOST, port, option="--metrics-port") as (address, _):
            structlog.get_logger().info("metrics served", address=address)
            yield

    return replace(ticking, listening=TickMetrics(registry).listening, beside=beside)


def _start_detached(dry_run: bool, options: Mapping[str, object], files: ProcessFiles) -> None:
    arguments = ["start", "--quiet"]
    if dry_run:
        arguments.append("--dry-run")
    for option, value in options.items():
        if value is not None:
            arguments += [option, str(value)]
    detached = detach(arguments, files)
    if detached.status is not None:
        typer.echo(detached.printed, err=True)
        raise typer.Exit(detached.status if detached.status > 0 else 1)
    state = files.read_state()
    kind = "dry run" if state["dry_run"] else "orders go out"
    print(
        f"process {detached.pid} runs ({kind}) on {state['store']}, next tick {state['next_tick_at']}; log {files.log}"
    )


def _ended(files: ProcessFiles, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while files.running_pid() is not None:
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _seconds(text: str) -> timedelta:
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdigit() or not int(number):
        raise ConfigurationError(f"--interval: expected a whole number with s, m or h, like 30s, found {text!r}")
    return timedelta(seconds=int(number) * units[unit])
