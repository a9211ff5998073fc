"""The trading calendar against what NYSE published, what was traded, and a second library."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.adapters.csv_bars import CsvBars
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.errors import ConfigurationError, MarketDataError
from backend.settings import load_settings
from functions import bootstrap

ROOT = Path(__file__).resolve().parents[2]
PRICES = ROOT / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
NEW_YORK = ZoneInfo("America/New_York")
XNYS, ALWAYS, CMES = (ExchangeCalendar(name) for name in ("XNYS", "24/7", "CMES"))  # CMES opens on the eve
DAY = timedelta(days=1)

# Month and day of the holidays on weekdays and of the closes at 13:00, from the press releases "NYSE Group Announces
# 2022, 2023 and 2024 Holiday and Early Closings Calendar" (27 December 2021), "… 2025, 2026 and 2027 …"
# (8 November 2024) and "… 2026, 2027 and 2028 …" (23 December 2025). 9 January 2025, the day of mourning for
# President Carter, is in NYSE's announcement of 30 December 2024.
PUBLISHED = {
    2022: ("01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26", "11-25"),
    2023: ("01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"),
    2024: ("01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"),
    2025: ("01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"),
    2026: ("01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24"),
    2027: ("01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24", "11-26"),
    2028: ("01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"),
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_year_has_the_holidays_and_early_closes_that_nyse_published(year: int) -> None:
    sessions = XNYS.sessions(date(year, 1, 1), date(year, 12, 31))

    days = {session.day for session in sessions}
    weekdays = [day for day in _days(date(year, 1, 1), date(year, 12, 31)) if day.weekday() < 5]
    holidays = [day for day in weekdays if day not in days]
    closes = {session.day: session.closes_at.astimezone(NEW_YORK).time() for session in sessions}
    early = [day for day, close in closes.items() if close != time(16)]
    assert (_written(holidays), _written(early)) == PUBLISHED[year]
    assert days <= set(weekdays)
    assert {closes[day] for day in early} == {time(13)}
    assert {session.opens_at.astimezone(NEW_YORK).time() for session in sessions} == {time(9, 30)}


def test_days_are_those_on_which_shares_were_traded() -> None:
    traded = CsvBars(PRICES).days  # closes of 2017 to 2022; examples/data/README.md names their source
    sessions = XNYS.sessions(traded[0], traded[-1])
    assert [session.day for session in sessions] == list(traded)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        # NYSE's list of special closings (nyse.com/pdfs/closings.pdf, later ones by its announcements).
        (date(1985, 9, 27), date(1985, 9, 27)),  # hurricane Gloria
        (date(2001, 9, 11), date(2001, 9, 14)),  # the attacks on New York
        (date(2004, 6, 11), date(2004, 6, 11)),  # mourning of President Reagan
        (date(2007, 1, 1), date(2007, 1, 2)),  # New Year, and mourning of President Ford
        (date(2012, 10, 29), date(2012, 10, 30)),  # hurricane Sandy
        (date(2018, 12, 5), date(2018, 12, 5)),  # mourning of President Bush
    ],
)
def test_unplanned_closure_has_no_session_and_the_weekdays_around_it_have(first: date, last: date) -> None:
    around = _days(first - 3 * DAY, last + 3 * DAY)
    expected = [day for day in around if day.weekday() < 5 and not first <= day <= last]
    assert [session.day for session in XNYS.sessions(around[0], around[-1])] == expected


@pytest.mark.parametrize(
    ("day", "opens_at", "closes_at"),
    [
        # 13:00 in New York: NYSE's "2019, 2020 and 2021 Holiday and Early Closings Calendar".
        (date(2019, 11, 29), (14, 30), (18, 0)),
        (date(2020, 12, 24), (14, 30), (18, 0)),
        # 9:30 to 16:00 in New York; summer time there (Energy Policy Act of 2005) begins on 10 March 2024 and ends
        # on 3 November.
        (date(2024, 3, 8), (14, 30), (21, 0)),
        (date(2024, 3, 11), (13, 30), (20, 0)),
        (date(2024, 11, 1), (13, 30), (20, 0)),
        (date(2024, 11, 4), (14, 30), (21, 0)),
    ],
)
def test_session_opens_and_closes_in_utc(day: date, opens_at: tuple[int, int], closes_at: tuple[int, int]) -> None:
    (session,) = XNYS.sessions(day, day)
    assert session.day == day
    assert session.opens_at == datetime.combine(day, time(*opens_at), UTC)
    assert session.closes_at == datetime.combine(day, time(*closes_at), UTC)


def test_session_of_a_market_that_never_closes_is_a_utc_day() -> None:
    days = list(_days(date(2026, 1, 2), date(2026, 1, 5)))  # with a weekend
    sessions = ALWAYS.sessions(days[0], days[-1])
    assert [session.day for session in sessions] == days
    assert [session.opens_at for session in sessions] == [datetime.combine(day, time(), UTC) for day in days]
    assert sessions[-1].closes_at == datetime(2026, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("calendar", [XNYS, ALWAYS, CMES])
def test_session_has_values_of_the_standard_library(calendar: ExchangeCalendar) -> None:
    session = calendar.sessions(date(2024, 6, 3), date(2024, 6, 3))[0]
    assert [type(value) for value in (session.day, session.opens_at, session.closes_at)] == [date, datetime, datetime]
    assert session.opens_at.tzinfo is session.closes_at.tzinfo is UTC


@pytest.mark.filterwarnings("ignore:Series.dt.weekday is deprecated:DeprecationWarning")
def test_sessions_agree_with_pandas_market_calendars() -> None:
    """Before 2007 that library also counts late openings and halts, so a common close is not to be had."""
    import pandas_market_calendars

    first, last = date(2007, 1, 1), date(2028, 12, 31)
    rows = pandas_market_calendars.get_calendar("NYSE").schedule(first, last).itertuples()
    expected = [(day.date(), opens.to_pydatetime(), closes.to_pydatetime()) for day, opens, closes in rows]
    found = [(each.day, each.opens_at, each.closes_at) for each in XNYS.sessions(first, last)]
    assert len(expected) > 5500
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(
    calendar=st.sampled_from([XNYS, ALWAYS, CMES]),
    days=st.lists(st.dates(date(1975, 1, 1), date(2045, 12, 31)), min_size=3, max_size=3).map(sorted),
)
def test_sessions_of_a_range_are_those_of_its_parts(calendar: ExchangeCalendar, days: list[date]) -> None:
    first, middle, last = days
    whole = calendar.sessions(first, last)
    assert (*calendar.sessions(first, middle), *calendar.sessions(middle + DAY, last)) == tuple(whole)
    assert all(first <= session.day <= last for session in whole)
    assert all(session.opens_at < session.closes_at for session in whole)
    assert all(one.day < two.day and one.closes_at <= two.opens_at for one, two in pairwise(whole))


def test_range_without_a_day_or_without_a_session_is_empty() -> None:
    assert XNYS.sessions(date(2026, 1, 6), date(2026, 1, 5)) == ()
    assert XNYS.sessions(date(2026, 1, 3), date(2026, 1, 4)) == ()  # a weekend


@pytest.mark.parametrize(
    ("name", "near"),
    [("xnys", "did you mean XNYS"), ("24-7", "did you mean 24/7"), ("nowhere", "set the venue's MIC"), ("", "set the")],
)
def test_unknown_name_is_an_error_that_names_the_nearest(name: str, near: str) -> None:
    calendar = ExchangeCalendar(name)
    with pytest.raises(ConfigurationError, match=f"found '{name}'; {near}"):
        calendar.sessions(date(2026, 1, 5), date(2026, 1, 5))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(1600, 1, 1), date(2026, 1, 5)),
        (date(2026, 1, 5), date(2300, 1, 1)),
        (date.min, date.max),
    ],
)
def test_range_beyond_the_calendar_is_an_error_and_the_next_call_answers(first: date, last: date) -> None:
    calendar = ExchangeCalendar("24/7")
    with pytest.raises(MarketDataError, match=rf"expected days from \S+ to \S+, found {first} to {last}; ask for days"):
        calendar.sessions(first, last)
    assert len(calendar.sessions(date(2026, 1, 5), date(2026, 1, 5))) == 1


def test_range_beyond_what_the_package_knows_of_a_venue_is_an_error() -> None:
    shanghai = ExchangeCalendar("XSHG")
    opening = date(1990, 12, 19)  # of the Shanghai Stock Exchange
    assert len(shanghai.sessions(opening, opening)) == 1
    with pytest.raises(MarketDataError, match="calendar XSHG: expected days from 1990-12-03 to "):
        shanghai.sessions(date(1990, 12, 2), opening)


def test_range_that_the_package_fails_on_is_an_error() -> None:
    """Manila had no 31 December 1844: it went over to the Asian side of the date line."""
    manila = ExchangeCalendar("XPHS")
    with pytest.raises(MarketDataError, match=r"calendar XPHS: expected its sessions from 1840-01-01 to .*1844-12-31"):
        manila.sessions(date(1840, 1, 1), date(1850, 1, 1))


def test_package_is_imported_with_the_first_session() -> None:
    script = """
import sys
from datetime import date
from backend.settings import load_settings
from functions import bootstrap
calendar = bootstrap.calendar(load_settings({}), {})
print([name for name in ("exchange_calendars", "pandas") if name in sys.modules])
print(len(calendar.sessions(date(2026, 1, 5), date(2026, 1, 9))), "exchange_calendars" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "5 True"]


def test_bootstrap_keeps_one_calendar_for_each_name(tmp_path: Path) -> None:
    new_york, crypto = (load_settings(variables, tmp_path) for variables in ({}, {"MAESTRO_CALENDAR": "24/7"}))
    assert bootstrap.calendar(new_york, {}) is bootstrap.calendar(load_settings({}, tmp_path), {})
    saturday = date(2026, 1, 3)
    assert [len(bootstrap.calendar(each, {}).sessions(saturday, saturday)) for each in (new_york, crypto)] == [0, 1]


def _days(first: date, last: date) -> list[date]:
    return [first + DAY * number for number in range((last - first).days + 1)]


def _written(days: list[date]) -> str:
    return " ".join(f"{day:%m-%d}" for day in days)
