"""AlpacaBars' raw closes and corporate actions with the real alpaca-py, against published answers and a bad day's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.adapters.alpaca import AlpacaBars
from backend.adapters.csv_bars import CsvBars
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

AAPL, AMD, NVDX, NVDQ = Symbol("AAPL"), Symbol("AMD"), Symbol("NVDX"), Symbol("NVDQ")
ACTIONS = "symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date\n"

# Posted on Alpaca's forum, "Forward splits object missing payable_date"
SPLITS = {
    "forward_splits": [
        {
            "ex_date": "2024-07-16",
            "new_rate": 10,
            "old_rate": 1,
            "process_date": "2024-07-16",
            "record_date": "2024-07-15",
            "symbol": "NVDX",
        }
    ],
    "reverse_splits": [
        {
            "ex_date": "2024-07-16",
            "new_rate": 1,
            "old_rate": 3,
            "payable_date": "2024-07-16",
            "process_date": "2024-07-16",
            "record_date": "2024-07-16",
            "symbol": "NVDQ",
        }
    ],
}
# From alpaca-py's own test of its CorporateActionsClient: processed on its pay date, two weeks after its ex-date
DIVIDEND = {
    "ex_date": "2023-05-04",
    "foreign": False,
    "payable_date": "2023-05-19",
    "process_date": "2023-05-19",
    "rate": 0.125,
    "record_date": "2023-05-05",
    "special": False,
    "symbol": "FCF",
}
MAY = (date(2023, 5, 1), date(2023, 5, 31))


@contextmanager
def source(*answers: Answer) -> Iterator[tuple[AlpacaBars, ScriptedServer]]:
    with ScriptedServer(*answers) as server:
        yield AlpacaBars("key", "secret", url=server.url, sleep=lambda _: None), server


def page(token: str | None = None, **actions: object) -> Answer:
    return json_answer({"corporate_actions": actions, "next_page_token": token})


def split(symbol: Symbol, new: str, old: str) -> CorporateAction:
    return CorporateAction(
        symbol=symbol,
        kind=ActionKind.SPLIT,
        ex_day=date(2024, 7, 16),
        new_shares=Decimal(new),
        old_shares=Decimal(old),
    )


def dividend(per_share: str) -> CorporateAction:
    return CorporateAction(
        symbol=Symbol("FCF"), kind=ActionKind.DIVIDEND, ex_day=date(2023, 5, 4), per_share=Decimal(per_share)
    )


def test_published_splits_are_read_by_ex_day_then_symbol() -> None:
    with source(page(**SPLITS)) as (bars, server):
        found = bars.corporate_actions([NVDX, NVDQ], date(2024, 7, 16), date(2024, 7, 16))

    assert found == (split(NVDQ, "1", "3"), split(NVDX, "10", "1"))
    assert server.requests[0].path.startswith("/v1/corporate-actions?")
    query = parse_qs(urlsplit(server.requests[0].path).query)
    assert (query["symbols"], query["types"]) == (["NVDX,NVDQ"], ["forward_split,reverse_split,cash_dividend"])
    # Alpaca searches by process date, which lies around the ex-date, or long after it.
    assert (query["start"], query["end"]) == (["2024-07-09"], ["2024-11-13"])


@pytest.mark.parametrize(
    ("first", "last", "is_found"),
    [
        (date(2023, 5, 4), date(2023, 5, 4), True),
        (date(2023, 5, 5), date(2023, 5, 31), False),
        (date(2023, 4, 1), date(2023, 5, 3), False),
    ],
)
def test_a_dividend_belongs_to_its_ex_day(first: date, last: date, is_found: bool) -> None:
    with source(page(cash_dividends=[DIVIDEND])) as (bars, _):
        assert bars.corporate_actions([Symbol("FCF")], first, last) == ((dividend("0.125"),) if is_found else ())


@pytest.mark.parametrize(
    ("dividends", "per_share"),
    [
        ([DIVIDEND, {**DIVIDEND, "id": "told twice"}], "0.125"),
        ([DIVIDEND, {**DIVIDEND, "rate": 1.5, "special": True}], "1.625"),
        ([DIVIDEND, {**DIVIDEND, "special": True}], "0.25"),
        ([DIVIDEND, {**DIVIDEND, "rate": 0}], "0.125"),
    ],
)
def test_dividends_of_one_day_are_one_of_their_sum(dividends: list[object], per_share: str) -> None:
    with source(page(cash_dividends=dividends)) as (bars, _):
        assert bars.corporate_actions([Symbol("FCF")], *MAY) == (dividend(per_share),)


def test_pages_of_actions_are_followed_to_the_end() -> None:
    with source(page("more", cash_dividends=[DIVIDEND]), page(forward_splits=[]), page()) as (bars, server):
        assert bars.corporate_actions([Symbol("FCF")], *MAY) == (dividend("0.125"),)
        assert [parse_qs(urlsplit(each.path).query).get("page_token") for each in server.requests] == [None, ["more"]]


@pytest.mark.parametrize(
    "answer",
    [
        page(),
        json_answer({"corporate_actions": None, "next_page_token": None}),
        page(stock_dividends=[{"symbol": "SBS", "rate": 1.03}], spin_offs=[{"source_symbol": "HON"}]),
        page(forward_splits=[{**SPLITS["forward_splits"][0], "ex_date": "2023-05-04", "old_rate": 10}]),
        page(cash_dividends=[{**DIVIDEND, "rate": 0}]),
    ],
)
def test_what_changes_nothing_or_is_not_supported_is_left_out(answer: Answer) -> None:
    with source(answer) as (bars, _):
        assert bars.corporate_actions([Symbol("FCF")], *MAY) == ()


def test_nothing_is_asked_for_no_symbols() -> None:
    with source(page()) as (bars, server):
        assert (bars.corporate_actions([], *MAY), bars.closes([], day=MAY[0])) == ((), {})
        assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (json_answer([]), "a page of corporate actions"),
        (json_answer({"corporate_actions": 3}), "lists of corporate actions by kind"),
        (page(cash_dividends={"FCF": 1}), "lists of corporate actions by kind"),
        (page(cash_dividends=["FCF"]), "one of the cash_dividends"),
        (page(cash_dividends=[{**DIVIDEND, "symbol": None}]), "with its symbol"),
        (page(cash_dividends=[{**DIVIDEND, "ex_date": "soon"}]), "with its ex_date"),
        (page(cash_dividends=[{**DIVIDEND, "rate": "0.1"}]), "with its rate, 0 or more"),
        (page(cash_dividends=[{**DIVIDEND, "rate": -1}]), "with its rate, 0 or more"),
        (page(cash_dividends=[{**DIVIDEND, "rate": float("inf")}]), "with its rate, 0 or more"),
        (page(forward_splits=[{**DIVIDEND, "new_rate": 0, "old_rate": 1}]), "a split with positive rates"),
        (page(forward_splits=[{**DIVIDEND, "new_rate": 2}]), "with its old_rate"),
        (page("same", cash_dividends=[DIVIDEND]), "a new next_page_token, found 'same'"),
        (json_answer({"message": "forbidden."}, 403), "check key and secret"),
        (json_answer({"message": "invalid symbol: BTC/USD"}, 400), "invalid symbol: BTC/USD"),
    ],
)
def test_actions_that_cannot_be_read_are_told(answer: Answer, message: str) -> None:
    with source(answer) as (bars, _), pytest.raises(MarketDataError, match=message):
        bars.corporate_actions([Symbol("FCF")], *MAY)


def bar(day: str, close: float) -> dict[str, object]:
    return {"t": f"{day}T05:00:00Z", "o": close, "h": close, "l": close, "c": close, "v": 10, "n": 1, "vw": close}


def test_closes_are_the_newest_raw_ones_up_to_the_day() -> None:
    answer = json_answer(
        {"bars": {"AAPL": [bar("2024-01-03", 184.25), bar("2024-01-04", 181.91)], "AMD": [bar("2024-01-03", 135.32)]}}
    )
    with source(answer) as (bars, server):
        closes = bars.closes([AAPL, AMD, Symbol("NOPE")], day=date(2024, 1, 4))

    assert closes == {AAPL: Decimal("181.91"), AMD: Decimal("135.32")}
    query = parse_qs(urlsplit(server.requests[0].path).query)
    assert (query["adjustment"], query["timeframe"], query["feed"]) == (["raw"], ["1Day"], ["iex"])
    # Ten days, up to and with the bar that is stamped with the midnight at which the day begins.
    assert (query["start"], query["end"]) == (["2023-12-26T00:00:00-05:00"], ["2024-01-04T01:00:00-05:00"])


def test_closes_and_actions_equal_the_files_that_the_venue_serves(tmp_path: Path) -> None:
    prices, actions = tmp_path / "prices.csv", tmp_path / "actions.csv"
    prices.write_text("date,AAPL,AMD\n2024-01-02,185.64,\n2024-01-03,184.25,\n2024-01-12,185.92,146.56\n")
    actions.write_text(f"{ACTIONS}AMD,split,2024-01-16,2,1,,\nAAPL,dividend,2024-01-12,,,0.24,2024-02-15\n")
    config = PaperBrokerConfig(prices=prices, actions=actions)
    symbols = [AAPL, AMD, Symbol("NOPE")]
    with PaperBrokerServer(config) as server:
        served, filed = AlpacaBars("key", "secret", url=server.url), CsvBars(prices, actions)
        for day in (date(2024, 1, 1), *(date(2024, 1, number) for number in (2, 3, 11, 12, 13, 21, 22))):
            assert served.closes(symbols, day=day) == filed.closes(symbols, day=day)
        year = (date(2024, 1, 1), date(2024, 12, 31))
        assert served.corporate_actions(symbols, *year) == filed.corporate_actions(symbols, *year)
        assert len(filed.corporate_actions(symbols, *year)) == 2


def test_a_close_older_than_ten_days_is_none(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,AAPL\n2024-01-02,185.64\n")
    with PaperBrokerServer(PaperBrokerConfig(prices=path, start=datetime(2024, 2, 1, tzinfo=UTC))) as server:
        bars = AlpacaBars("key", "secret", url=server.url)
        assert bars.closes([AAPL], day=date(2024, 1, 11)) == {AAPL: Decimal("185.64")}
        assert bars.closes([AAPL], day=date(2024, 1, 12)) == {}
