"""Derived names: equal for equal things wherever they are made, different for different ones."""

import re
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import ConfigurationError
from backend.domain.identity import agent_id, client_order_id, nonces, session_id, tick_id
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol

AT = datetime(2025, 3, 14, 15, 9, 26, tzinfo=UTC)
ENTROPY = bytes(range(32))

names = st.text("ab|_- \u00df", min_size=1, max_size=6)
instants = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def order_id(**changes: object) -> ClientOrderId:
    fields: dict[str, object] = {
        "tenant_id": "acme",
        "tick": "main-1",
        "strategy": StrategyId("trend"),
        "symbol": Symbol("AAPL"),
        "side": Side.BUY,
        "sequence": 0,
    }
    return client_order_id(**{**fields, **changes})  # type: ignore[arg-type]


def test_tick_id_shows_portfolio_and_instant() -> None:
    assert tick_id(portfolio_id="main", scheduled_at=AT) == "main-20250314T150926.000000Z"


def test_tick_id_of_two_ticks_in_one_second_differs() -> None:
    # Known fault: ids were cut to the second, so the second tick's log overwrote the first's.
    first = tick_id(portfolio_id="main", scheduled_at=AT)
    later = tick_id(portfolio_id="main", scheduled_at=AT + timedelta(milliseconds=250))
    latest = tick_id(portfolio_id="main", scheduled_at=AT + timedelta(milliseconds=250, microseconds=1))
    assert len({first, later, latest}) == 3


def test_tick_id_is_the_same_in_every_time_zone() -> None:
    new_york = AT.astimezone(timezone(timedelta(hours=-4)))
    assert tick_id(portfolio_id="main", scheduled_at=new_york) == tick_id(portfolio_id="main", scheduled_at=AT)


def test_tick_id_of_another_portfolio_differs() -> None:
    assert tick_id(portfolio_id="main", scheduled_at=AT) != tick_id(portfolio_id="second", scheduled_at=AT)


def test_tick_id_needs_an_aware_time() -> None:
    with pytest.raises(ConfigurationError, match=r"expected an aware scheduled time.*use UTC"):
        tick_id(portfolio_id="main", scheduled_at=AT.replace(tzinfo=None))


@settings(deadline=None)
@given(instants, instants)
def test_tick_id_sorts_as_time_does(one: datetime, other: datetime) -> None:
    ids = [tick_id(portfolio_id="main", scheduled_at=at) for at in (one, other)]
    assert (ids[0] < ids[1]) == (one < other)
    assert (ids[0] == ids[1]) == (one == other)


def test_client_order_id_is_a_digest_that_alpaca_takes() -> None:
    # Alpaca takes at most 128 characters; SHA-256 by the library, over the fields joined by the unit separator.
    digest = sha256(b"acme\x1fmain-1\x1ftrend\x1fAAPL\x1fbuy\x1f0").hexdigest()
    assert order_id() == f"mae-{digest[:40]}"
    assert len(order_id()) <= 48


@pytest.mark.parametrize(
    "change",
    [
        {"tenant_id": "other"},
        {"tick": "main-2"},
        {"strategy": StrategyId("revert")},
        {"symbol": Symbol("MSFT")},
        {"side": Side.SELL},
        {"sequence": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_client_order_id_depends_on_every_part(change: dict[str, object]) -> None:
    assert order_id(**change) != order_id()


def test_client_order_id_does_not_mistake_neighbours_for_one_another() -> None:
    assert order_id(strategy=StrategyId("ab"), symbol=Symbol("c")) != order_id(
        strategy=StrategyId("a"), symbol=Symbol("bc")
    )


@settings(deadline=None)
@given(names, names, names, names)
def test_client_order_id_is_repeatable_and_apart(strategy: str, symbol: str, strategy2: str, symbol2: str) -> None:
    one = order_id(strategy=StrategyId(strategy), symbol=Symbol(symbol))
    other = order_id(strategy=StrategyId(strategy2), symbol=Symbol(symbol2))
    assert one == order_id(strategy=StrategyId(strategy), symbol=Symbol(symbol))
    assert (one == other) == ((strategy, symbol) == (strategy2, symbol2))


def test_agent_id_names_tenant_and_strategy() -> None:
    assert agent_id("acme", StrategyId("trend")) == "acme_trend"


def test_nonces_are_32_hex_digits_of_tick_and_strategy() -> None:
    trend, revert = nonces(ENTROPY, [StrategyId("trend"), StrategyId("revert")])
    assert re.fullmatch(r"[0-9a-f]{32}", trend)
    assert trend != revert
    assert [trend] == nonces(ENTROPY, [StrategyId("trend")])
    assert [trend] != nonces(ENTROPY[::-1], [StrategyId("trend")])


def test_session_id_is_one_per_tick() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", session_id(ENTROPY))
    assert session_id(ENTROPY) == session_id(ENTROPY)
    assert session_id(ENTROPY) != session_id(ENTROPY[::-1])
