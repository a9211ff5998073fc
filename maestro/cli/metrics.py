"""``maestro metrics``: the store in Prometheus' words, served or printed once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Thread
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, generate_latest, start_http_server

from backend.configuration import configured
from backend.domain.errors import ConfigurationError
from functions.strategies.maestro_controller import MaestroController
from maestro.cli.chosen_store import ChosenStore, StoreOption, TenantOption, choose_store
from maestro.cli.due import timetable_of
from maestro.monitoring.metrics import StoreCollector, registry_of

PORT = 9464

metrics = typer.Typer(help="Give Prometheus what the store holds.", no_args_is_help=True)


@metrics.command("serve")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    store: StoreOption = None,
    tenant: TenantOption = None,
) -> None:
    """Serve metrics until interrupted; each scrape reads the store anew.

    A store that cannot be read makes maestro_up 0; the process goes on.

    Example: maestro metrics serve --port 9464
    """
    chosen = choose_store(store, tenant)
    owner = f"{chosen.key.tenant_id}/{chosen.key.portfolio_id}"
    registry = registry_of(collector(chosen))
    # Whoever reads the line may interrupt before the next one.
    with served(registry, host, port, option="--port") as (address, thread), suppress(KeyboardInterrupt):
        print(f"metrics of {owner} at {address}", flush=True)
        thread.join()


@metrics.command("print")
def print_once(store: StoreOption = None, tenant: TenantOption = None) -> None:
    """Print the metrics once, in Prometheus' text format, as for the textfile collector of its node exporter.

    Exits with 3 when the store cannot be read; maestro_up is 0 then.

    Example: maestro metrics print
    """
    collected = collector(choose_store(store, tenant))
    print(generate_latest(registry_of(collected)).decode(), end="")
    if collected.failure is not None:
        raise collected.failure


@contextmanager
def served(registry: CollectorRegistry, host: str, port: int, *, option: str) -> Iterator[tuple[str, Thread]]:
    """Serve a registry in a thread; yield its address and the thread.

    Raises
    ------
    ConfigurationError
        The port, which ``option`` named, is taken.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as e:
        raise ConfigurationError(
            f"{option} {port}: expected a free port of {host}, found {e.strerror or e}; choose another, or 0 for any"
        ) from e
    try:
        yield f"http://{host}:{server.server_port}/metrics", thread
    finally:
        server.shutdown()
        server.server_close()


def collector(chosen: ChosenStore) -> StoreCollector:
    """Return the collector of the chosen portfolio."""
    defaults = chosen.settings.policy(MaestroController.default_policy())
    return StoreCollector(
        log=chosen.log,
        performances=chosen.performances,
        key=chosen.key,
        policy=partial(configured, defaults),
        next_tick=timetable_of(chosen).next_tick,
        operations=chosen.operations,
    )
