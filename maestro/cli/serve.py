"""``maestro serve``: what other programs may talk to, served from this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from maestro.cli.chosen_store import choose_store
from maestro.cli.operator import CommandTenantOption, WrittenStoreOption

PORT = 8787
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

serve = typer.Typer(help="Serve what other programs talk to.", no_args_is_help=True)


@serve.callback()
def group() -> None:
    """Serve what other programs talk to."""


@serve.command("api")
def api(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = PORT,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
) -> None:
    """Serve the HTTP API until interrupted: the same that the Cloud Function serves.

    On SQLite whoever has the token in .maestro/api_token, which is made at the first start, is the tenant's owner. On
    Firestore the ID tokens of the Firebase project count.

    Example: maestro serve api --port 8787
    """
    from maestro.servers.api import serve as run

    chosen = choose_store(store, tenant, demo=False)
    settings = chosen.settings.model_copy(update={"tenant_id": chosen.key.tenant_id})
    try:
        from functions.api.local_token import TOKEN_FILE, local_token
        from functions.api.serving import local_app, members_app
    except ModuleNotFoundError as e:
        raise ConfigurationError(
            f"expected the packages of the HTTP API, found none of the name {e.name}; pip install 'maestro[api]'"
        ) from e
    is_local = settings.store == "sqlite"
    app = local_app(settings, local_token()) if is_local else members_app(settings)
    if host not in _LOOPBACK:
        warning = f"{host} is reached from other machines, and nothing is encrypted: put a proxy with TLS before it"
        Console(stderr=True).print(warning, style="yellow", highlight=False, markup=False)

    def announce(port: int) -> None:
        who = f"tenant {settings.tenant_id}, token in {Path(TOKEN_FILE)}" if is_local else f"project {settings.project}"
        print(f"API at http://{host}:{port}/v1, {who}", flush=True)

    run(app, host=host, port=port, on_ready=announce)
