"""``maestro paper-broker``: a local broker that speaks Alpaca's API over a file of daily closes."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from maestro.servers.paper_broker.config import FillDelay, PaperBrokerConfig
from maestro.servers.paper_broker.sessions import close_at


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as e:
        raise typer.BadParameter(f"expected a number, found {text!r}") from e
    if not number.is_finite():
        raise typer.BadParameter(f"expected a number, found {text!r}")
    return number


def _moment(text: str) -> datetime:
    try:
        if len(text) == len("2020-03-02"):
            return close_at(date.fromisoformat(text))
        return datetime.fromisoformat(text)
    except ValueError as e:
        raise typer.BadParameter(f"expected 2020-03-02 or 2020-03-02T16:00:00-05:00, found {text!r}") from e


_Prices = Annotated[Path, typer.Option(help="Daily closes: CSV or .csv.gz, date,AAPL,AMD,… or date,symbol,close.")]
_Actions = Annotated[
    Path | None,
    typer.Option(help="Splits and cash dividends: CSV, symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date."),
]
_Port = Annotated[int, typer.Option(help="Loopback port; 0 takes a free one.")]
_Start = Annotated[
    datetime | None,
    typer.Option(
        parser=_moment,
        metavar="ISO",
        help="Where the clock begins: an instant with its offset, or a date for its close. "
        "Default: the last close of the file.",
    ),
]
_Cash = Annotated[Decimal, typer.Option(parser=_decimal, metavar="AMOUNT", help="Cash at the start.")]
_Slippage = Annotated[
    Decimal, typer.Option(parser=_decimal, metavar="BPS", help="Basis points by which prices move against you.")
]
_FeeBps = Annotated[
    Decimal, typer.Option(parser=_decimal, metavar="BPS", help="Fee in basis points of the traded value.")
]
_FeePerShare = Annotated[Decimal, typer.Option(parser=_decimal, metavar="AMOUNT", help="Fee for each share.")]
_PartialFill = Annotated[
    Decimal,
    typer.Option(
        parser=_decimal,
        metavar="FRACTION",
        help="Part of an order that fills at once; the rest follows when the clock moves.",
    ),
]
_FillDelay = Annotated[FillDelay, typer.Option(help="Fill at once, or when the clock moves.")]
_Shorting = Annotated[bool, typer.Option("--shorting", help="Allow selling more than is held.")]
_Multiplier = Annotated[Decimal, typer.Option(parser=_decimal, metavar="FACTOR", help="1 is a cash account; up to 4.")]
_WholeShares = Annotated[
    list[str] | None, typer.Option(metavar="SYMBOL", help="A symbol without fractional shares; repeatable.")
]
_Faults = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SPEC",
        help="A fault on purpose, such as 'POST /v2/orders:429*2'; repeatable. Also garbage, hang=SECONDS, "
        "drop-before, timeout-after-accept, status-after-accept=504; %0.1 is a probability.",
    ),
]
_Seed = Annotated[int, typer.Option(help="Seed of the faults' probabilities.")]
_Account = Annotated[str, typer.Option(help="Number of the account; two brokers of one fund need two.")]
_Key = Annotated[str | None, typer.Option(help="API key to insist on; default: any.")]
_Secret = Annotated[str | None, typer.Option(help="API secret to insist on; default: any.")]


def paper_broker(
    prices: _Prices,
    actions: _Actions = None,
    port: _Port = 0,
    start: _Start = None,
    cash: _Cash = Decimal(100_000),
    slippage_bps: _Slippage = Decimal(0),
    fee_bps: _FeeBps = Decimal(0),
    fee_per_share: _FeePerShare = Decimal(0),
    partial_fill: _PartialFill = Decimal(1),
    fill_delay: _FillDelay = FillDelay.NONE,
    shorting: _Shorting = False,
    buying_power_multiplier: _Multiplier = Decimal(1),
    whole_shares: _WholeShares = None,
    fault: _Faults = None,
    seed: _Seed = 0,
    account: _Account = "PAPER0001",
    key: _Key = None,
    secret: _Secret = None,
) -> None:
    """Serve Alpaca's API on this machine: account, orders, bars and trade updates, with simulated money."""
    from maestro.servers.paper_broker.server import serve

    serve(
        PaperBrokerConfig(
            prices=prices,
            actions=actions,
            port=port,
            start=start,
            initial_cash=cash,
            slippage_bps=slippage_bps,
            fee_bps=fee_bps,
            fee_per_share=fee_per_share,
            partial_fill=partial_fill,
            fill_delay=fill_delay,
            shorting=shorting,
            buying_power_multiplier=buying_power_multiplier,
            faults=tuple(fault or ()),
            seed=seed,
            account_number=account,
            key=key,
            secret=secret,
            whole_share_symbols=frozenset(whole_shares or ()),
        )
    )
