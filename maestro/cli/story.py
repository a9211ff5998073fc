"""The story of one order in a terminal, station by station from top to bottom."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from maestro.backtest.cents import dollars, gain
from maestro.backtest.notation import percent
from maestro.cli.tables import mode_text

Lines = Iterator[Text | str]


def print_story(said: Mapping[str, Any], console: Console) -> None:
    """Print every station that the order reached; nothing is cut, long lines wrap under their station."""
    console.print(f"store {said['store']}, tenant {said['tenant']}\n", highlight=False)
    console.print(Text(said["client_order_id"], style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, lines in _STATIONS.items():
        for i, line in enumerate(lines(said)):
            table.add_row("" if i else name, Text(line) if isinstance(line, str) else line)
    console.print(table)


def _signal(said: Mapping[str, Any]) -> Lines:
    strategy, given = said["signal"]["strategy"], said["signal"]["given"]
    if given is None:
        yield f"{strategy} said nothing"
        return
    asked = f" of {percent(given['allocation'])}" if given["action"] == "BUY" else ""
    yield f"{strategy} said {given['action']} {given['ticker'] or ''}{asked}, confidence {given['confidence']:.2f}"
    if given["reasoning"]:
        yield Text(given["reasoning"], style="dim")


def _became(said: Mapping[str, Any]) -> Lines:
    became = said["signal"]["became"]
    factors = f"base weight {became['base_weight']:.4g} × mode {became['weight_multiplier']:g}"
    share = (
        f"{percent(became['allocation'])} = asked × {factors}" if became["action"] == "BUY" else "exits are not weighed"
    )
    yield Text.assemble(f"{became['action']} {became['ticker'] or ''}, ", mode_text(became["mode"]), f": {share}")
    yield Text(became["why"], style="dim")
    if became["override_reason"]:
        yield Text(f"overridden: {became['override_reason']}", style="yellow")


def _identity(said: Mapping[str, Any]) -> Lines:
    identity = said["identity"]
    yield f"agent {identity['agent_id']}"
    yield f"nonce {identity['nonce']}"
    yield f"session {identity['session_id']}"
    if identity["correlation_id"]:
        yield f"correlation {identity['correlation_id']}"


def _decision(said: Mapping[str, Any]) -> Lines:
    decision = said["decision"]
    yield f"{decision['log_id']}, {_second(decision['at'])} UTC, portfolio {decision['portfolio_id']}"
    yield f"number {decision['sequence']:,} of the chain, by code version {decision['code_version']}"
    yield f"hash {decision['entry_hash']}"
    if not decision["is_intact"]:
        yield Text("the hash is not that of what stands there: run maestro audit verify", style="bold red")
    yield Text(decision["summary"], style="dim")


def _intent(said: Mapping[str, Any]) -> Lines:
    intent = said["intent"]
    size = _shares(intent["quantity"]) if intent["notional"] is None else _money(intent["notional"]) + " of"
    limit = f" at {_money(intent['limit_price'])} or better" if intent["limit_price"] else ""
    yield f"{intent['side']} {size} {intent['symbol']}{limit}, {intent['kind']} order"
    reserved = f", reserves {_money(intent['reserved'])}" if Decimal(intent["reserved"]) else ""
    yield f"observed price {_price(intent['observed_price'])}{reserved}"
    if not intent["is_as_decided"]:
        yield Text("the decision in the log has no such order: it was altered", style="bold red")


def _order(said: Mapping[str, Any]) -> Lines:
    order = said["broker_order"]
    known = f"as {order['broker_order_id']}" if order["broker_order_id"] else "no id of the broker's"
    yield Text.assemble((order["status"], "bold"), f", {known}")
    last = f", last fill {_second(order['last_fill_at'])}" if order["last_fill_at"] else ""
    yield f"decided {_second(order['decided_at'])}{last}"
    if order["reason"]:
        yield Text(order["reason"], style="yellow")
    if said["end"] is not None:
        yield Text(f"{'So far' if said['fills'] else 'It ends here'}: {said['end']}.", style="yellow")


def _fills(said: Mapping[str, Any]) -> Lines:
    for fill in said["fills"]:
        value = Decimal(fill["quantity"]) * Decimal(fill["price"])
        yield f"{_second(fill['at'])}  {_shares(fill['quantity'])} at {_price(fill['price'])} = {dollars(value)}"
        yield f"fees {_money(fill['fees'])}, slippage {_slippage(Decimal(fill['slippage']))}"
        yield Text(f"trade {fill['trade_id']} in account {fill['account_id']}", style="dim")


def _result(said: Mapping[str, Any]) -> Lines:
    if not said["fills"]:
        return
    pnl = said["pnl"]
    yield Text.assemble("realised ", (_signed(pnl["realised"]), "bold"), " to now, net of fees of fills")
    for part in pnl["parts"]:
        yield _part(part, said["client_order_id"])
    quantity, cost = Decimal(pnl["open_quantity"]), Decimal(pnl["open_cost"])
    if quantity:
        yield f"still open: {_shares(pnl['open_quantity'])} {pnl['symbol']} that cost {dollars(cost)}"
    else:
        yield "nothing of it is open"


def _part(part: Mapping[str, Any], own: str) -> Text:
    what = (
        f"{_shares(part['quantity'])} closed at {_price(part['price'])}" if Decimal(part["quantity"]) else part["kind"]
    )
    by = "by this order" if part["order_id"] == own else f"by {part['order_id'] or part['trade_id']}"
    return Text.assemble(f"{_second(part['at'])}  {_signed(part['realised'])}: {what} ", (by, "dim"))


_STATIONS: dict[str, Callable[[Mapping[str, Any]], Lines]] = {
    "Signal": _signal,
    "Became": _became,
    "Identity": _identity,
    "Decision": _decision,
    "Intent": _intent,
    "Order": _order,
    "Fills": _fills,
    "P&L": _result,
}


def _second(at: str) -> str:
    return at[:19].replace("T", " ")


def _shares(quantity: str) -> str:
    return f"{Decimal(quantity).normalize():,f}"


def _money(value: str) -> str:
    return dollars(Decimal(value))


def _price(value: str) -> str:
    """Write a price to the cent, or with the digits that it has, up to six."""
    price = round(Decimal(value), 6).normalize()
    return f"${price:,f}" if -price.as_tuple().exponent > 2 else f"${price:,.2f}"  # type: ignore[operator]


def _slippage(cost: Decimal) -> str:
    return f"{dollars(round(cost, 2))} {'gained' if cost < 0 else 'lost'}"


def _signed(value: str) -> str:
    return gain(round(Decimal(value), 2))
