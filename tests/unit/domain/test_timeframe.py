"""How long a bar is, as a configuration writes it."""

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.timeframe import Timeframe, read_timeframe


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("15m", 15), ("59m", 59), ("60m", 60), ("1h", 60), ("4h", 240), ("23h", 1380)]
)
def test_timeframe_below_a_day_is_in_minutes(text: str, minutes: int) -> None:
    assert read_timeframe(text) == Timeframe(minutes=minutes)
    assert read_timeframe(text).is_intraday


@pytest.mark.parametrize(
    ("text", "days", "is_weekly"), [("1d", 1, False), ("5d", 5, False), ("1w", 7, True), ("2w", 14, True)]
)
def test_timeframe_of_days_and_weeks_is_in_calendar_days(text: str, days: int, is_weekly: bool) -> None:
    assert read_timeframe(text) == Timeframe(days=days, is_weekly=is_weekly)
    assert not read_timeframe(text).is_intraday


@pytest.mark.parametrize(
    "text", ["", "h", "0h", "61m", "90m", "24h", "1440m", "999h", "1M", "1.5h", "-1h", " 1h", "1hour"]
)
def test_timeframe_that_no_bar_has_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"timeframe: expected 1 to 59 minutes such as 15m.*found"):
        read_timeframe(text)
