from datetime import UTC, datetime

import pytest

from backend.domain.errors import ConfigurationError
from maestro.monitoring.schedule import next_tick

WEEKDAYS = "*/5 9-16 * * 1-5"


@pytest.mark.parametrize(
    ("after", "due"),
    [
        # New York is four hours behind UTC in summer time and five in winter
        (datetime(2026, 3, 13, 19, 58, tzinfo=UTC), datetime(2026, 3, 13, 20, 0, tzinfo=UTC)),
        (datetime(2026, 3, 13, 20, 55, tzinfo=UTC), datetime(2026, 3, 16, 13, 0, tzinfo=UTC)),  # Friday to Monday
        (datetime(2026, 3, 6, 21, 55, tzinfo=UTC), datetime(2026, 3, 9, 13, 0, tzinfo=UTC)),  # the clock goes forward
    ],
)
def test_next_tick_follows_the_schedule_of_the_exchanges_clock(after: datetime, due: datetime) -> None:
    assert next_tick(WEEKDAYS, "America/New_York", after=after) == due


@pytest.mark.parametrize("cron", ["soon", "", "61 * * * *", "0 0 30 2 *"])
def test_next_tick_of_a_wrong_line_is_a_configuration_error(cron: str) -> None:
    with pytest.raises(ConfigurationError, match=r"schedule\.tick: expected a unix cron line"):
        next_tick(cron, "UTC", after=datetime(2026, 3, 13, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_next_tick_in_an_unknown_zone_is_a_configuration_error(zone: str) -> None:
    with pytest.raises(ConfigurationError, match=r"schedule\.time_zone: expected a zone"):
        next_tick(WEEKDAYS, zone, after=datetime(2026, 3, 13, tzinfo=UTC))
