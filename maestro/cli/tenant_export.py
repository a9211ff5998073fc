"""``maestro tenant export``: everything that is kept of a tenant, as JSON Lines."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from backend.adapters.replaced_file import replaced_file
from backend.engine.exporting import export_lines
from functions import stores
from maestro.cli.progress import count_of
from maestro.cli.tenant_office import TenantArgument, settings_of_store

_OWNER_ONLY = 0o600  # it holds what only the tenant's members may see


def export(
    tenant_id: TenantArgument,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write; by default it goes to standard output.")
    ] = None,
) -> None:
    """Write every document of a tenant as a line of JSON, with path and fields; nothing is changed.

    The last line is a trailer: how many documents of which collections, and the
    SHA-256 of all lines before it. Without it an export is not whole. A file
    bears the name FILE.part until it is. Instants are {"$timestamp": …}, bytes
    {"$bytes": …} in base64.

    Example: maestro tenant export acme --output acme.jsonl
    """
    settings = settings_of_store()
    with count_of("exporting", "documents") as progress:
        lines = export_lines(stores.archive(settings), tenant_id, at=datetime.now(UTC), progress=progress)
        last = b""
        if output is None:
            for last in lines:
                sys.stdout.buffer.write(last)
            sys.stdout.buffer.flush()
        else:
            with replaced_file(output, _OWNER_ONLY, beside=output.with_name(f"{output.name}.part")) as file:
                for last in lines:
                    file.write(last)
    trailer = json.loads(last)["trailer"]
    print(f"{trailer['documents']:,} documents, SHA-256 {trailer['sha256']}", file=sys.stderr)
