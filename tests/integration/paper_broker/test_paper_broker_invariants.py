"""What holds after any sequence of orders, cancellations and days, through alpaca-py."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import TimeInForce
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maestro.servers.paper_broker import FillDelay, PaperBrokerConfig, PaperBrokerServer
from tests.integration.paper_broker_clients import closed, limit_order, market_order, trading

DAYS = [date(2020, 1, 2) + timedelta(days=index) for index in range(12)]
CENT = Decimal("0.01")
CASH = Decimal(10_000)


@dataclass(frozen=True)
class Market:
    """Servers that share one price file and differ in their options, reset before each run."""

    servers: tuple[PaperBrokerServer, ...]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    path = tmp_path_factory.mktemp("market") / "prices.csv"
    # Prices that swing widely and have odd decimals: orders become payable, unpayable and marketable again.
    rows = [
        f"{day},{97.131 + 25 * (-1) ** n * (n % 4)},{3.07 + n * 1.013},{410 - 31.7 * n}" for n, day in enumerate(DAYS)
    ]
    path.write_text("date,AAA,BBB,CCC\n" + "\n".join(rows), encoding="utf-8")
    shared: dict[str, Any] = {"prices": path, "start": closed("2020-01-02"), "initial_cash": CASH}
    plain = PaperBrokerServer(PaperBrokerConfig(**shared))
    costly = PaperBrokerServer(
        PaperBrokerConfig(
            **shared,
            slippage_bps=Decimal("7.5"),
            fee_bps=Decimal(3),
            fee_per_share=Decimal("0.0035"),
            partial_fill=Decimal("0.37"),
            fill_delay=FillDelay.NEXT_STEP,
        )
    )
    short = PaperBrokerServer(
        PaperBrokerConfig(**shared, shorting=True, partial_fill=Decimal("0.5"), fee_bps=Decimal(1))
    )
    with plain, costly, short:
        yield Market((plain, costly, short))


SYMBOLS = st.sampled_from(["AAA", "BBB", "CCC"])
SIDES = st.sampled_from(["buy", "buy", "sell"])
FRACTIONS = st.decimals("0.000000001", "60", places=9).map(float)
ORDERS = st.one_of(
    st.builds(market_order, SIDES, SYMBOLS, qty=FRACTIONS),
    st.builds(market_order, SIDES, SYMBOLS, qty=st.integers(1, 80)),
    st.builds(market_order, SIDES, SYMBOLS, notional=st.decimals("1", "9000", places=2).map(float)),
    st.builds(
        limit_order,
        SIDES,
        st.decimals("1", "450", places=2).map(float),
        SYMBOLS,
        qty=st.integers(1, 80),
        time_in_force=st.sampled_from([TimeInForce.DAY, TimeInForce.GTC]),
    ),
)
STEPS = st.one_of(ORDERS, ORDERS, ORDERS, st.integers(1, 3), st.just("cancel"), st.just("close"))
SEQUENCES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def play(server: PaperBrokerServer, client: TradingClient, step: Any) -> None:
    """Take one step; a refusal is one of its proper ends."""
    try:
        if step == "cancel":
            client.cancel_orders()
        elif step == "close":
            client.close_all_positions()
        elif isinstance(step, int):
            now = datetime.fromisoformat(server.state()["now"])
            server.advance(now + timedelta(days=step))
        else:
            client.submit_order(step)
    except APIError as refusal:
        assert refusal.status_code in (403, 422)  # noqa: PT017


def assert_books_balance(server: PaperBrokerServer, client: TradingClient) -> None:
    """Compare the account with a ledger of its own, kept from the fills alone."""
    account, positions, state = client.get_account(), client.get_all_positions(), server.state()
    cash, held = CASH, dict.fromkeys(("AAA", "BBB", "CCC"), Decimal(0))
    for fill in state["fills"]:
        sign = 1 if fill["side"] == "buy" else -1
        value = (Decimal(fill["qty"]) * Decimal(fill["price"])).quantize(CENT)
        cash -= sign * value + Decimal(fill["fee"])
        held[fill["symbol"]] += sign * Decimal(fill["qty"])
    marked = sum((Decimal(position.market_value or "nan") for position in positions), Decimal(0))

    assert Decimal(account.cash or "nan") == cash == cash.quantize(CENT)
    assert {position.symbol: Decimal(position.qty) for position in positions} == {s: q for s, q in held.items() if q}
    assert Decimal(account.equity or "nan") == (cash + marked).quantize(CENT)
    for position in positions:
        value = Decimal(position.market_value or "nan")
        assert value == Decimal(position.qty) * Decimal(position.current_price or "nan")  # not rounded: their sum is
        assert Decimal(position.unrealized_pl or "nan") == value - Decimal(position.cost_basis)
    if not account.shorting_enabled:
        assert cash >= 0
        assert all(quantity >= 0 for quantity in held.values())


@SEQUENCES
@given(which=st.integers(0, 2), steps=st.lists(STEPS, max_size=12))
def test_cash_and_positions_at_market_are_the_equity(market: Market, which: int, steps: list[Any]) -> None:
    server = market.servers[which]
    server.reset()
    client = trading(server)
    for step in steps:
        play(server, client, step)
        assert_books_balance(server, client)


@SEQUENCES
@given(which=st.integers(0, 2), steps=st.lists(ORDERS, min_size=1, max_size=4), again=ORDERS)
def test_a_duplicate_id_never_changes_anything(market: Market, which: int, steps: list[Any], again: Any) -> None:
    server = market.servers[which]
    server.reset()
    client = trading(server)
    for number, step in enumerate(steps):
        play(server, client, step.model_copy(update={"client_order_id": f"id-{number}"}))
    for order in server.state()["orders"]:
        before = server.state()
        with pytest.raises(APIError, match="client_order_id must be unique") as caught:
            client.submit_order(again.model_copy(update={"client_order_id": order["client_order_id"]}))
        assert caught.value.status_code == 422
        assert server.state() == before


@SEQUENCES
@given(which=st.integers(0, 2), steps=st.lists(STEPS, max_size=8))
def test_the_same_steps_give_the_same_state(market: Market, which: int, steps: list[Any]) -> None:
    server = market.servers[which]
    states = []
    for _ in range(2):
        server.reset()
        for step in steps:
            play(server, trading(server), step)
        states.append(server.state())
    assert states[0] == states[1]
