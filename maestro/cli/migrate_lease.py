"""``maestro migrate lease``: who may trade which strategies of which account, and how a dead holder is ended."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.errors import ConfigurationError
from backend.domain.lease import AccountLeases, Lease
from backend.engine.leasing import revoke
from backend.ports.leases import Leases
from functions import stores
from maestro.cli.chosen_store import JsonOption, choose_store
from maestro.cli.operator import ByOption, ReasonOption, WrittenStoreOption, YesOption, confirm, operator
from maestro.cli.tables import plain_table

lease = typer.Typer(
    help="Leases: one orchestrator for each strategy of an account. See who holds what, end a dead one's.",
    no_args_is_help=True,
)

_AccountOption = Annotated[
    str | None, typer.Option("--account", help="Broker account; may be left out with one alone.")
]


@lease.command("show")
def show(store: WrittenStoreOption = None, as_json: JsonOption = False) -> None:
    """Show the leases of every account in the store, and how former ones ended.

    Example: maestro migrate lease show --json
    """
    accounts = _leases(store).accounts()
    now = datetime.now(UTC)
    if as_json:
        print(json.dumps({"accounts": [_account_json(each, now) for each in accounts]}, indent=2))
    else:
        _print(accounts, now, Console())


@lease.command("release")
def release(
    reason: ReasonOption,
    holder: Annotated[
        str | None, typer.Option("--holder", help="TENANT/PORTFOLIO; may be left out with one alone.")
    ] = None,
    account: _AccountOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the lease of a holder that is dead, so that another one may trade its strategies before it expires.

    Refused while the holder may still be sending orders: up to five minutes after its last tick. Who ended it and why
    stays with the account.

    Example: maestro migrate lease release --holder acme/main --reason "machine was taken down" --yes
    """
    leases = _leases(store)
    chosen = _chosen(leases.accounts(), account, holder)
    names = ", ".join(sorted(chosen.strategies))
    confirm(f"End the lease of {chosen.holder} on {names} of account {chosen.account_id}?", yes=yes)
    after = revoke(
        chosen.account_id,
        chosen.holder,
        by=operator(by),
        reason=reason,
        store=leases,
        now=lambda: datetime.now(UTC),
    )
    if as_json:
        print(json.dumps(_account_json(after, datetime.now(UTC)), indent=2))
    else:
        Console().print(
            f"{chosen.holder} holds nothing of account {chosen.account_id} any more", highlight=False, markup=False
        )


def _leases(store: Path | None) -> Leases:
    return stores.leases(choose_store(store, None, demo=False).settings)


def _chosen(accounts: Sequence[AccountLeases], account: str | None, holder: str | None) -> Lease:
    """Return the one lease that is meant."""
    found = [
        each
        for leases in accounts
        for each in leases.leases
        if account in (None, leases.account_id) and holder in (None, each.holder)
    ]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{each.holder} on {each.account_id}" for leases in accounts for each in leases.leases)
    asked = " and ".join(filter(None, (account and f"--account {account}", holder and f"--holder {holder}")))
    raise ConfigurationError(
        f"lease release: expected one lease{f' for {asked}' if asked else ''}, found {len(found)}; "
        f"there are {listed or 'none'}: name --holder and --account"
    )


def _account_json(leases: AccountLeases, now: datetime) -> dict[str, Any]:
    return {
        "account": leases.account_id,
        "leases": [
            {
                "holder": each.holder,
                "strategies": sorted(each.strategies),
                "since": each.since.isoformat(),
                "renewed_at": each.renewed_at.isoformat(),
                "expires_at": each.expires_at.isoformat(),
                "is_live": each.is_live(now),
            }
            for each in leases.leases
        ],
        "releases": [
            {
                "holder": each.holder,
                "strategies": sorted(each.strategies),
                "by": each.by,
                "reason": each.reason,
                "at": each.at.isoformat(),
            }
            for each in leases.releases
        ],
    }


def _print(accounts: Sequence[AccountLeases], now: datetime, console: Console) -> None:
    if not accounts:
        console.print("no lease in this store")
    for leases in accounts:
        table = plain_table(console, f"Account {leases.account_id}", ["Holder", "Since", "Until"], [])
        table.add_column("Strategies", overflow="fold")
        for each in leases.leases:
            until = f"{each.expires_at:%Y-%m-%d %H:%M}" if each.is_live(now) else "expired"
            cells = (each.holder, f"{each.since:%Y-%m-%d %H:%M}", until, " ".join(sorted(each.strategies)))
            table.add_row(*map(Text, cells))
        console.print(table)
        for ended in leases.releases:
            said = f"  {ended.at:%Y-%m-%d %H:%M}  {ended.holder} ended by {ended.by}: {ended.reason}"
            console.print(Text(said, style="dim"), soft_wrap=True)
