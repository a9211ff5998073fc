"""Who commands, why, and whether it is meant: what every command that changes trading asks for."""

import getpass
import socket
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from backend.domain.order import OrderStatus

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who; by default the user of this machine.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for orders in flight; 0 looks once.", metavar="SECONDS")
]
WrittenStoreOption = Annotated[
    Path | None, typer.Option("--store", help="SQLite file to write to; by default the configured store.")
]
CommandTenantOption = Annotated[str | None, typer.Option("--tenant", help="Tenant; by default the configured one.")]


def operator(by: str | None) -> str:
    """Return who commands."""
    return by or f"{getpass.getuser()}@{socket.gethostname()}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person before something is changed.

    Raises
    ------
    ConfigurationError
        Nobody can be asked, and ``--yes`` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"{question} expected an answer, found no terminal to ask at; add --yes if it is meant"
        )
    typer.confirm(question, abort=True)


def print_orders(orders: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print a line for each order, and each reason once; whoever has no end yet is named by id."""
    for each in orders:
        size = each["qty"] or f"${each['notional']}"
        part = "" if each["filled_qty"] in ("0", each["qty"]) else f", filled {each['filled_qty']}"
        text = f"{each['status']:>10}  {each['side']} {size} {each['symbol']} for {each['strategy']}{part}"
        is_open = not OrderStatus(each["status"]).is_final
        console.print(text + (f"\n{'':12}{each['client_order_id']}" if is_open else ""), highlight=False, markup=False)
    print_reasons(orders, console)


def print_reasons(orders: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print why orders stand as they do: the same reason once, however many it holds for."""
    plain = [each["reason"].replace(f"order {each['client_order_id']}: ", "") for each in orders if each["reason"]]
    for reason, count in Counter(plain).items():
        console.print(f"{count} ×  {reason}" if count > 1 else reason, style="dim", highlight=False, markup=False)
