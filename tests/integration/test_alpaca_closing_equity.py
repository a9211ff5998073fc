"""AlpacaStatements' closing equity with the real alpaca-py, against Alpaca's answers, good and bad."""

from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.domain.errors import BrokerUnavailable
from tests.fakes.alpaca_books import HISTORY, books
from tests.fakes.http_server import Answer, json_answer


def clock(now: str, *, is_open: bool, next_open: str) -> Answer:
    return json_answer({"timestamp": now, "is_open": is_open, "next_open": next_open, "next_close": next_open})


FRIDAY_MORNING = clock("2025-02-07T02:22:00.123456789-05:00", is_open=False, next_open="2025-02-07T09:30:00-05:00")
FRIDAY_NOON = clock("2025-02-07T12:00:00-05:00", is_open=True, next_open="2025-02-10T09:30:00-05:00")
FRIDAY_EVENING = clock("2025-02-07T16:00:00-05:00", is_open=False, next_open="2025-02-10T09:30:00-05:00")


def test_the_published_history_is_read_by_day_of_new_york() -> None:
    with books(FRIDAY_MORNING, json_answer(HISTORY)) as (statements, server):
        equity = statements.closing_equity(date(2025, 2, 4), date(2025, 2, 7))

    assert equity == {
        date(2025, 2, 4): Decimal("505508.7"),
        date(2025, 2, 5): Decimal("504599.02"),
        date(2025, 2, 6): Decimal("504599.02"),
    }
    query = parse_qs(urlsplit(server.requests[1].path).query)
    assert query == {
        "timeframe": ["1D"],
        "intraday_reporting": ["market_hours"],
        "start": ["2025-02-04T00:00:00-05:00"],
        "end": ["2025-02-06T23:59:59-05:00"],
    }


@pytest.mark.parametrize(("now", "has_today"), [(FRIDAY_MORNING, False), (FRIDAY_NOON, False), (FRIDAY_EVENING, True)])
def test_a_session_that_has_not_ended_has_no_closing_equity(now: Answer, has_today: bool) -> None:
    today = {**HISTORY, "timestamp": [1738890000, 1738962000], "equity": [504599.02, 504700]}
    with books(now, json_answer(today)) as (statements, _):
        equity = statements.closing_equity(date(2025, 2, 6), date(2025, 2, 10))
    expected = {date(2025, 2, 6): Decimal("504599.02")}
    assert equity == (expected | {date(2025, 2, 7): Decimal(504_700)} if has_today else expected)


def test_days_to_come_are_not_asked_for() -> None:
    with books(FRIDAY_NOON) as (statements, server):
        assert statements.closing_equity(date(2025, 2, 7), date(2025, 2, 9)) == {}
        assert len(server.requests) == 1


def test_a_day_without_equity_is_left_out() -> None:
    with books(FRIDAY_MORNING, json_answer({**HISTORY, "equity": [None, 504599.02, 504599.02]})) as (statements, _):
        equity = statements.closing_equity(date(2025, 2, 4), date(2025, 2, 5))
    assert equity == {date(2025, 2, 5): Decimal("504599.02")}


@pytest.mark.parametrize(
    ("now", "history", "message"),
    [
        (json_answer([]), {}, "expected a clock"),
        (json_answer({"timestamp": "2025-02-07T12:00:00-05:00"}), {}, "timestamp, next_open and is_open"),
        (FRIDAY_EVENING, [], "a portfolio history"),
        (FRIDAY_EVENING, {}, "one equity for each timestamp"),
        (FRIDAY_EVENING, {**HISTORY, "equity": [1.0]}, "one equity for each timestamp"),
        (FRIDAY_EVENING, {**HISTORY, "equity": ["1", "2", "3"]}, "a timestamp in seconds and an equity"),
        (FRIDAY_EVENING, {**HISTORY, "equity": [1.0, float("nan"), 2.0]}, "a timestamp in seconds and an equity"),
        (FRIDAY_EVENING, {**HISTORY, "timestamp": ["a", "b", "c"]}, "a timestamp in seconds and an equity"),
        (FRIDAY_EVENING, {**HISTORY, "timestamp": [1, 2, 10**15]}, "a timestamp in seconds and an equity"),
        (FRIDAY_EVENING, {**HISTORY, "timestamp": [1, 2, True]}, "a timestamp in seconds and an equity"),
    ],
)
def test_a_history_that_cannot_be_read_is_told(now: Answer, history: object, message: str) -> None:
    with books(now, json_answer(history)) as (statements, _), pytest.raises(BrokerUnavailable, match=message):
        statements.closing_equity(date(2025, 2, 4), date(2025, 2, 7))
