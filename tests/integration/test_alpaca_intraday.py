"""AlpacaBars with the real alpaca-py over loopback: bars shorter than a day, and crypto pairs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.adapters.alpaca import AlpacaBars
from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.alpaca_market import PAIRS, PAIRS_LATEST, SHARES, SHARES_LATEST, AlpacaMarket, bar
from tests.fakes.http_server import ScriptedServer, json_answer

AAPL, AMD, BTC, ETH = Symbol("AAPL"), Symbol("AMD"), Symbol("BTC/USDT"), Symbol("ETH/USDT")
NEW_YORK = ZoneInfo("America/New_York")
NAMES = {15: "15Min", 60: "1Hour", 240: "4Hour"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def every(minutes: int, first: str, count: int) -> list[dict[str, Any]]:
    """Make bars that follow one another, with closes 1, 2, 3, …"""
    return [bar(utc(first) + timedelta(minutes=minutes * i), float(i + 1)) for i in range(count)]


@contextmanager
def market(
    bars: Mapping[str, Mapping[str, Sequence[dict[str, Any]]]], *, page_size: int = 10_000
) -> Iterator[tuple[AlpacaBars, AlpacaMarket]]:
    with AlpacaMarket(bars, page_size=page_size) as server:
        yield AlpacaBars("key", "secret", url=server.url, feed="sip", sleep=lambda _: None), server


@pytest.mark.parametrize("minutes", [15, 60, 240])
@pytest.mark.parametrize(("symbol", "path"), [(AAPL, SHARES), (BTC, PAIRS)])
def test_a_bar_counts_from_the_instant_at_which_it_ends(minutes: int, symbol: Symbol, path: str) -> None:
    bars = {NAMES[minutes]: {symbol: every(minutes, "2024-01-04T12:00", 6)}}
    ends = utc("2024-01-04T12:00") + timedelta(minutes=minutes * 3)
    with market(bars) as (source, server):
        after = source.intraday([symbol], minutes=minutes, until=ends, count=10)
        before = source.intraday([symbol], minutes=minutes, until=ends - timedelta(seconds=1), count=10)
        assert len(server.queries(path, NAMES[minutes])) == len(server.requests) == 2

    assert after[symbol].close.tolist() == [1.0, 2.0, 3.0]
    assert before[symbol].close.tolist() == [1.0, 2.0]
    assert after[symbol].starts == tuple(ends - timedelta(minutes=minutes * back) for back in (3, 2, 1))
    assert all(start.tzinfo is UTC for start in after[symbol].starts)


# Clocks in New York: 2024-03-10 02:00 becomes 03:00, and 2024-11-03 02:00 becomes 01:00.
@pytest.mark.parametrize(
    ("minutes", "until", "last"),
    [
        (60, datetime(2024, 3, 10, 3, 30, tzinfo=NEW_YORK), "2024-03-10T06:00"),  # 07:30 UTC
        (60, datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK, fold=1), "2024-11-03T05:00"),  # 06:30 UTC
        (240, datetime(2024, 3, 10, 4, 15, tzinfo=NEW_YORK), "2024-03-10T04:00"),  # 08:15 UTC
        (240, datetime(2024, 11, 3, 3, 30, tzinfo=NEW_YORK), "2024-11-03T04:00"),  # 08:30 UTC
    ],
)
@pytest.mark.parametrize("is_honest", [True, False], ids=["end is honoured", "end is ignored"])
def test_bars_end_by_the_clock_of_utc_when_that_of_new_york_changes(
    minutes: int, until: datetime, last: str, is_honest: bool
) -> None:
    bars = every(minutes, f"{until.date()}T00:00", 24 * 60 // minutes)
    answer = json_answer({"bars": {BTC: bars}, "next_page_token": None})
    server = AlpacaMarket({NAMES[minutes]: {BTC: bars}}) if is_honest else ScriptedServer(answer)
    with server:
        found = AlpacaBars("key", "secret", url=server.url).intraday([BTC], minutes=minutes, until=until, count=50)
    assert found[BTC].starts[-1] == utc(last)


def test_shares_have_new_york_days_and_pairs_those_of_utc() -> None:
    evening = "2024-01-05T00:00:00Z"  # 19:00 in New York
    bars = {"1Hour": {AAPL: [bar(evening, 181.9)], BTC: [bar(evening, 44_000.5)]}}
    with market(bars) as (source, _):
        found = source.intraday([BTC, AAPL], minutes=60, until=utc("2024-01-05T02:00"), count=5)
    assert list(found) == [BTC, AAPL]
    assert (found[AAPL].days, found[BTC].days) == ((date(2024, 1, 4),), (date(2024, 1, 5),))


def test_hours_of_shares_go_on_over_a_weekend_with_a_change_of_clocks() -> None:
    hours = ["2024-03-08T20:00:00Z", "2024-03-11T13:00:00Z", "2024-03-11T14:00:00Z", "2024-03-11T15:00:00Z"]
    with market({"1Hour": {AAPL: [bar(hour, 170.0 + i) for i, hour in enumerate(hours)]}}) as (source, _):
        found = source.intraday([AAPL], minutes=60, until=utc("2024-03-11T15:59"), count=3)
    assert found[AAPL].days == (date(2024, 3, 8), date(2024, 3, 11), date(2024, 3, 11))
    assert found[AAPL].close.tolist() == [170.0, 171.0, 172.0]


def test_the_newest_bars_are_kept_and_prices_come_as_they_are() -> None:
    bars = [bar("2024-01-04T15:00:00Z", 1.0), bar("2024-01-04T16:00:00Z", 2.5, 3.25, 2.25)]
    with market({"1Hour": {AAPL: bars}}) as (source, _):
        found = source.intraday([AAPL, AMD], minutes=60, until=utc("2024-01-04T18:00"), count=1)
    assert set(found) == {AAPL}
    assert (found[AAPL].close.tolist(), found[AAPL].high.tolist(), found[AAPL].low.tolist()) == ([2.5], [3.25], [2.25])


def test_pages_of_both_apis_are_followed_to_the_end_and_joined() -> None:
    series = every(15, "2024-01-04T12:00", 8)
    bars = {"15Min": {AAPL: series, AMD: series[:3], BTC: series, ETH: series[2:]}}
    with market(bars, page_size=3) as (source, server):
        found = source.intraday([AAPL, AMD, BTC, ETH], minutes=15, until=utc("2024-01-04T14:00"), count=100)
        shares, pairs = server.queries(SHARES), server.queries(PAIRS)

    assert {symbol: len(found[symbol].starts) for symbol in found} == {AAPL: 8, AMD: 3, BTC: 8, ETH: 6}
    assert (len(shares), len(pairs)) == (4, 5)  # 11 and 14 bars
    assert [each.get("page_token") for each in shares] == [None, "3", "6", "9"]
    assert (shares[0]["symbols"], pairs[0]["symbols"]) == ("AAPL,AMD", "BTC/USDT,ETH/USDT")
    assert (shares[0]["timeframe"], shares[0]["adjustment"], shares[0]["feed"]) == ("15Min", "all", "sip")
    assert shares[0]["end"] == pairs[0]["end"] == "2024-01-04T13:45:00+00:00"
    assert set(pairs[0]) == {"symbols", "timeframe", "start", "end", "limit"}  # no feed, nothing to adjust


@pytest.mark.parametrize(("minutes", "a_session"), [(1, 390), (15, 26), (60, 6), (240, 1)])
def test_one_window_has_enough_bars_of_a_share(minutes: int, a_session: int) -> None:
    """Weekdays but the holidays of a December: the fewest bars a session that a share of every minute can have."""
    closed = {date(2023, 11, 23), date(2023, 12, 25), date(2024, 1, 1)}
    weekdays = [day for i in range(700) if (day := date(2022, 2, 1) + timedelta(days=i)).weekday() < 5]
    name = f"{minutes}Min" if minutes < 60 else f"{minutes // 60}Hour"
    opening = [datetime(day.year, day.month, day.day, 15, tzinfo=UTC) for day in weekdays if day not in closed]
    series = [bar(at + timedelta(minutes=minutes * i), 1.0) for at in opening for i in range(a_session)]
    with market({name: {AAPL: series}}) as (source, _):
        found = source.intraday([AAPL], minutes=minutes, until=utc("2024-01-02T10:00"), count=260)
    assert len(found[AAPL].starts) == 260


def test_one_window_has_enough_bars_of_a_pair_that_is_quiet_at_times() -> None:
    series = every(60, "2024-01-01T00:00", 600)
    with market({"1Hour": {BTC: series[::2] + series[-1:]}}) as (source, _):
        found = source.intraday([BTC], minutes=60, until=utc("2024-01-26T00:00"), count=260)
    assert len(found[BTC].starts) == 260


def test_a_timeframe_that_alpaca_does_not_have_is_told() -> None:
    with market({}) as (source, _), pytest.raises(MarketDataError, match="HTTP 400: invalid timeframe: 90Min"):
        source.intraday([AAPL], minutes=90, until=utc("2024-01-04T14:00"), count=5)


def test_a_source_that_is_down_is_asked_three_times() -> None:
    with market({}) as (source, server):
        server.broken = frozenset({"1Hour"})
        with pytest.raises(MarketDataError, match=r"a page of crypto bars, found HTTP 500.*try again later"):
            source.intraday([BTC], minutes=60, until=utc("2024-01-04T14:00"), count=5)
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (bar("2024-01-04T12:00:00Z", 1.0), "one a period, oldest first"),
        (bar("2024-01-04T11:00:00Z", 1.0), "one a period, oldest first"),
        (bar("2024-01-04T13:00:00Z", 0.0), "positive prices"),
        (bar("2024-01-04T13:00:00", 1.0), "a bar of AAPL with t, c, h and l"),
    ],
    ids=["twice", "out of order", "without a price", "without an offset"],
)
def test_faulty_bars_are_refused(second: dict[str, Any], message: str) -> None:
    answer = json_answer({"bars": {AAPL: [bar("2024-01-04T12:00:00Z", 1.0), second]}, "next_page_token": None})
    with ScriptedServer(answer) as server, pytest.raises(MarketDataError, match=message):
        AlpacaBars("k", "s", url=server.url).intraday([AAPL], minutes=60, until=utc("2024-01-04T18:00"), count=5)


def test_a_naive_instant_is_refused() -> None:
    with market({}) as (source, server):
        with pytest.raises(MarketDataError, match="aware"):
            source.intraday([AAPL], minutes=60, until=utc("2024-01-04T14:00").replace(tzinfo=None), count=5)
        assert server.requests == []


@pytest.mark.parametrize(
    ("until", "last"), [("2024-01-04T23:59", date(2024, 1, 3)), ("2024-01-05T00:00", date(2024, 1, 4))]
)
def test_a_daily_bar_of_a_pair_counts_when_its_utc_day_has_ended(until: str, last: date) -> None:
    pair = every(24 * 60, "2024-01-01T00:00", 5)
    share = [bar("2024-01-03T05:00:00Z", 184.25), bar("2024-01-04T05:00:00Z", 181.91)]
    with market({"1Day": {BTC: pair, AAPL: share}}) as (source, server):
        found = source.daily([AAPL, BTC], until=utc(until), days=2)
        assert (len(server.queries(SHARES)), len(server.queries(PAIRS))) == (1, 1)

    assert found[BTC].days == (last - timedelta(days=1), last)
    assert found[AAPL].days[-1] == date(2024, 1, 4)  # known from 16:00 New York on
    assert found[BTC].starts == found[AAPL].starts == ()


def test_latest_prices_of_pairs_come_from_their_own_place() -> None:
    bars = {"1Min": {AAPL: [bar("2024-01-04T15:00:00Z", 181.91)], BTC: [bar("2024-01-04T15:00:00Z", 44_000.5)]}}
    with market(bars) as (source, server):
        prices = source.latest([AAPL, BTC, ETH], at=utc("2024-01-04T15:01"))
        assert server.queries(PAIRS_LATEST) == [{"symbols": "BTC/USDT,ETH/USDT"}]
        assert server.queries(SHARES_LATEST) == [{"symbols": "AAPL", "feed": "sip"}]
    assert prices == {AAPL: Decimal("181.91"), BTC: Decimal("44000.5")}


@pytest.mark.parametrize("hour", [0, 6], ids=["midnight in UTC", "midnight in Chicago"])
def test_the_close_of_a_pair_is_that_of_its_utc_day(hour: int) -> None:
    days = [bar(f"2024-01-0{day}T0{hour}:00:00Z", 100.0 + day) for day in (2, 3, 4, 5)]
    with market({"1Day": {BTC: days}}) as (source, server):
        assert source.closes([BTC], day=date(2024, 1, 4)) == {BTC: Decimal("104.0")}
        assert len(server.requests) == 1


def test_pairs_have_no_corporate_actions() -> None:
    with market({}) as (source, server):
        assert list(source.corporate_actions([BTC], date(2024, 1, 1), date(2024, 1, 31))) == []
        assert server.requests == []


def test_the_paper_broker_has_daily_closes_of_shares_and_pairs_and_nothing_shorter(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,AAPL,BTC/USDT\n2024-01-02,185.64,45000\n2024-01-03,184.25,43000\n2024-01-04,181.91,44000\n")
    now = utc("2024-01-04T22:00")
    with PaperBrokerServer(PaperBrokerConfig(prices=path, start=now)) as server:
        source = AlpacaBars("key", "secret", url=server.url)
        found = source.daily([AAPL, BTC], until=now, days=5)
        assert found[AAPL].close.tolist() == [185.64, 184.25, 181.91]
        assert found[BTC].close.tolist() == [45_000.0, 43_000.0]
        assert source.latest([BTC], at=now) == {BTC: Decimal("44000.0")}
        assert source.closes([BTC], day=date(2024, 1, 3)) == {BTC: Decimal("43000.0")}
        for symbol in (AAPL, BTC):
            with pytest.raises(MarketDataError, match="found 1Hour; its price file holds daily closes only"):
                source.intraday([symbol], minutes=60, until=now, count=5)
