"""The books explain the account: cash and positions are the sum of the activities, however they came about."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.adapters.alpaca import AlpacaStatements
from backend.adapters.csv_actions import ScheduledAction
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.market import end_of
from backend.domain.signal import Symbol
from backend.domain.statement import ActivityKind
from maestro.servers.paper_broker import FillDelay, PaperBrokerConfig, PaperBrokerServer
from maestro.servers.paper_broker.errors import Refusal
from tests.integration.paper_broker_clients import closed, limit_order, market_order, trading

DAYS = [date(2020, 1, 2) + timedelta(days=index) for index in range(12)]
CASH = Decimal(10_000)
SYMBOLS = st.sampled_from(["AAA", "BBB"])
SHARES = st.decimals("0.000000001", "60", places=9)
CENTS = st.decimals("-5000", "5000", places=2).filter(bool)
RATIOS = st.sampled_from([(2, 1), (10, 1), (3, 2), (1, 8), (1, 3), (7, 20)])


def split(symbol: str, days_ahead: int, ratio: tuple[int, int]) -> tuple[int, CorporateAction]:
    new, old = map(Decimal, ratio)
    return days_ahead, CorporateAction(
        symbol=Symbol(symbol), kind=ActionKind.SPLIT, ex_day=date.max, new_shares=new, old_shares=old
    )


def dividend(symbol: str, days_ahead: int, per_share: Decimal) -> tuple[int, CorporateAction]:
    return days_ahead, CorporateAction(
        symbol=Symbol(symbol), kind=ActionKind.DIVIDEND, ex_day=date.max, per_share=per_share
    )


STEPS = st.one_of(
    st.builds(market_order, st.sampled_from(["buy", "buy", "sell"]), SYMBOLS, qty=SHARES.map(float)),
    st.builds(market_order, st.just("buy"), SYMBOLS, notional=st.decimals("1", "9000", places=2).map(float)),
    st.builds(limit_order, st.sampled_from(["buy", "sell"]), st.floats(1, 200).map(lambda x: round(x, 2)), SYMBOLS),
    st.integers(1, 3),
    st.builds(split, SYMBOLS, st.integers(1, 4), RATIOS),
    st.builds(dividend, SYMBOLS, st.integers(1, 4), st.decimals("0.01", "9", places=4)),
    CENTS,
    st.sampled_from(["INT", "JNLC"]).flatmap(lambda kind: st.tuples(st.just(kind), CENTS)),
)
# Something to split and to pay dividends on, and the days for it to happen.
BEGINNING = (market_order(symbol="AAA", qty=20.5), market_order(symbol="BBB", qty=333))
END = (3, 3)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PaperBrokerServer, ...]]:
    path = tmp_path_factory.mktemp("market") / "prices.csv"
    rows = [f"{day},{97.131 + 25 * (-1) ** n * (n % 4)},{3.07 + n * 1.013}" for n, day in enumerate(DAYS)]
    path.write_text("date,AAA,BBB\n" + "\n".join(rows))
    shared: dict[str, Any] = {"prices": path, "start": closed("2020-01-02"), "initial_cash": CASH}
    fees: dict[str, Any] = {"fee_bps": Decimal(3), "fee_per_share": Decimal("0.0035"), "slippage_bps": Decimal("7.5")}
    delayed = {"partial_fill": Decimal("0.37"), "fill_delay": FillDelay.NEXT_STEP}
    with (
        PaperBrokerServer(PaperBrokerConfig(**shared)) as plain,
        PaperBrokerServer(PaperBrokerConfig(**shared, **fees, **delayed)) as costly,
        PaperBrokerServer(PaperBrokerConfig(**shared, **fees, shorting=True)) as short,
    ):
        yield plain, costly, short


def play(server: PaperBrokerServer, step: Any) -> None:
    """Take one step; a refusal is one of its proper ends."""
    now = datetime.fromisoformat(server.state()["now"])
    try:
        match step:
            case int():
                server.advance(now + timedelta(days=step))
            case Decimal():
                server.transfer(step)
            case (str() as kind, Decimal() as amount):
                server.transfer(amount, kind)
            case (int() as days_ahead, CorporateAction() as action):
                ex_day = now.date() + timedelta(days=days_ahead)
                is_split = action.kind is ActionKind.SPLIT
                pay_day = ex_day if is_split else ex_day + timedelta(days=days_ahead % 3)
                server.schedule([ScheduledAction(action=replace(action, ex_day=ex_day), pay_day=pay_day)])
            case _:
                trading(server).submit_order(step)
    except (APIError, Refusal):
        return


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 2), steps=st.lists(STEPS, max_size=14))
def test_activities_explain_cash_and_positions(
    servers: tuple[PaperBrokerServer, ...], which: int, steps: list[Any]
) -> None:
    server = servers[which]
    server.reset()
    for step in (*BEGINNING, *steps, *END):
        play(server, step)
    client, books = trading(server), AlpacaStatements("key", "secret", url=server.url)

    activities = books.activities(DAYS[0], DAYS[-1] + timedelta(days=60))

    held: Counter[str] = Counter()
    for each in activities:
        held[each.symbol or ""] += each.quantity  # type: ignore[assignment]
    assert CASH + sum(each.cash for each in activities) == Decimal(client.get_account().cash or "nan")
    positions = {position.symbol: Decimal(position.qty) for position in client.get_all_positions()}
    assert {symbol: quantity for symbol, quantity in held.items() if quantity} == positions
    fees = sum((Decimal(fill["fee"]) for fill in server.state()["fills"]), Decimal(0))
    assert -sum(each.cash for each in activities if each.kind is ActivityKind.FEE) == fees


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 2), steps=st.lists(STEPS, max_size=10), cuts=st.sets(st.integers(0, 40), max_size=3))
def test_days_side_by_side_hold_every_activity_once(
    servers: tuple[PaperBrokerServer, ...], which: int, steps: list[Any], cuts: set[int]
) -> None:
    server = servers[which]
    server.reset()
    for step in (*BEGINNING, *steps, *END):
        play(server, step)
    books = AlpacaStatements("key", "secret", url=server.url)
    last = DAYS[0] + timedelta(days=60)
    edges = sorted({DAYS[0], last, *(DAYS[0] + timedelta(days=cut) for cut in cuts)})

    whole = books.activities(DAYS[0], last)
    first_day = books.activities(edges[0], edges[0])
    parts = [books.activities(after + timedelta(days=1), until) for after, until in pairwise(edges)]

    assert [*first_day, *(each for part in parts for each in part)] == list(whole)
    assert all(each.at < end_of(last) for each in whole)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.integers(0, 2), steps=st.lists(STEPS, max_size=10))
def test_the_same_steps_write_the_same_books(
    servers: tuple[PaperBrokerServer, ...], which: int, steps: list[Any]
) -> None:
    states = []
    for _ in range(2):
        servers[which].reset()
        for step in (*BEGINNING, *steps, *END):
            play(servers[which], step)
        states.append(servers[which].state())
    assert states[0] == states[1]
