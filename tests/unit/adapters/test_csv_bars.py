import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backend.adapters.csv_bars import CsvBars
from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol

AAPL, AMD, NEW = Symbol("AAPL"), Symbol("AMD"), Symbol("NEW")
TABLE = """date,AAPL,AMD,NEW
2020-03-05,100.10,50,
2020-03-06,101.20,51,
2020-03-09,90.30,42,7.5
"""
AFTER_LAST_CLOSE = datetime(2020, 3, 9, 20, 0, tzinfo=UTC)  # 16:00 in New York, in summer time since the day before


def written(folder: Path, text: str) -> Path:
    path = folder / "prices.csv"
    path.write_text(text)
    return path


def test_daily_gives_the_newest_bars_of_the_symbols_it_has(tmp_path: Path) -> None:
    bars = CsvBars(written(tmp_path, TABLE))

    market = bars.daily([AAPL, NEW, Symbol("NOPE")], until=AFTER_LAST_CLOSE, days=2)

    assert set(market) == {AAPL, NEW}
    assert market[AAPL].days == (date(2020, 3, 6), date(2020, 3, 9))
    np.testing.assert_array_equal(market[AAPL].close, [101.20, 90.30])
    np.testing.assert_array_equal(market[AAPL].high, market[AAPL].close)
    np.testing.assert_array_equal(market[AAPL].low, market[AAPL].close)
    assert market[NEW].days == (date(2020, 3, 9),)
    assert market.prices() == {AAPL: Decimal("90.3"), NEW: Decimal("7.5")}


@pytest.mark.parametrize(
    ("until", "last"),
    [
        (datetime(2020, 3, 6, 20, 59, 59, tzinfo=UTC), date(2020, 3, 5)),
        (datetime(2020, 3, 6, 21, 0, tzinfo=UTC), date(2020, 3, 6)),  # winter time
        (datetime(2020, 3, 9, 19, 59, 59, tzinfo=UTC), date(2020, 3, 6)),
        (AFTER_LAST_CLOSE, date(2020, 3, 9)),  # summer time
        (datetime(2020, 3, 10, 3, 0, tzinfo=UTC), date(2020, 3, 9)),
        (datetime(2030, 1, 1, tzinfo=UTC), date(2020, 3, 9)),
    ],
)
def test_a_close_is_known_from_four_in_the_afternoon_in_new_york(tmp_path: Path, until: datetime, last: date) -> None:
    market = CsvBars(written(tmp_path, TABLE)).daily([AAPL], until=until, days=100)

    assert market[AAPL].days[-1] == last


def test_nothing_is_known_before_the_first_close(tmp_path: Path) -> None:
    bars = CsvBars(written(tmp_path, TABLE))

    assert not bars.daily([AAPL, AMD], until=datetime(2020, 3, 5, 12, tzinfo=UTC), days=5)
    assert NEW not in bars.daily([NEW], until=datetime(2020, 3, 6, 22, tzinfo=UTC), days=5)


def test_a_gzipped_file_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode()))

    bars = CsvBars(path)

    assert bars.symbols == (AAPL, AMD, NEW)
    assert bars.days == (date(2020, 3, 5), date(2020, 3, 6), date(2020, 3, 9))


def test_bars_cannot_be_changed_by_who_reads_them(tmp_path: Path) -> None:
    market = CsvBars(written(tmp_path, TABLE)).daily([AAPL], until=AFTER_LAST_CLOSE, days=3)

    with pytest.raises(ValueError, match="read-only"):
        market[AAPL].close[0] = 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"line 1: expected a header .* found an empty file"),
        ("date,AAPL\n", r"line 1: expected at least one line"),
        ("day,AAPL\n2020-03-05,1\n", r"line 1: expected the first column to be 'date', found 'day'"),
        ("date\n2020-03-05\n", r"line 1: expected a symbol above every column"),
        ("date,,AMD\n2020-03-05,1,2\n", r"line 1: expected a symbol above every column"),
        ("date,AMD,AMD\n2020-03-05,1,2\n", r"line 1: expected each symbol once"),
        ("date,AAPL,AMD\n2020-03-05,1\n", r"line 2: expected 3 cells as in the header, found 2"),
        ("date,AAPL\n2020-03-05,1\n2020-03-06,0\n", r"line 3: expected a positive close of AAPL, found '0'"),
        ("date,AAPL\n2020-03-05,-1\n", r"line 2: .* found '-1'"),
        ("date,AAPL\n2020-03-05,nan\n", r"line 2: .* found 'nan'"),
        ("date,AAPL\n2020-03-05,inf\n", r"line 2: .* found 'inf'"),
        ("date,AAPL\n2020-03-05,1O1\n", r"line 2: .* found '1O1'"),
        ("date,AAPL\n2020-03-05,1\n2020-03-06,\n", r"line 3: .* found ''"),
        ("date,AAPL\n2020-03-06,1\n2020-03-05,1\n", r"line 3: expected a date after 2020-03-06, found 2020-03-05"),
        ("date,AAPL\n2020-03-06,1\n2020-03-06,1\n", r"line 3: expected a date after 2020-03-06"),
        ("date,AAPL\n06/03/2020,1\n", r"line 2: expected a date like 2020-03-16, found '06/03/2020'"),
        ('date,AAPL\n2020-03-06,"1\n', r"expected readable CSV .* after line 1; .* half-written"),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MarketDataError, match=rf"prices\.csv.*{message}"):
        CsvBars(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match=r"absent\.csv: expected a price file, found none; check the path"):
        CsvBars(tmp_path / "absent.csv")


def test_a_half_written_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode())[:-12])

    with pytest.raises(MarketDataError, match="half-written: write it again"):
        CsvBars(path)


def test_a_naive_instant_and_an_empty_window_are_refused(tmp_path: Path) -> None:
    bars = CsvBars(written(tmp_path, TABLE))

    with pytest.raises(MarketDataError, match="aware"):
        bars.daily([AAPL], until=AFTER_LAST_CLOSE.replace(tzinfo=None), days=1)
    with pytest.raises(MarketDataError, match="at least 1"):
        bars.daily([AAPL], until=AFTER_LAST_CLOSE, days=0)


def test_file_of_closes_has_no_shorter_bars(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    with pytest.raises(
        MarketDataError, match="expected bars of 60 minutes, found daily closes only; choose a timeframe"
    ):
        CsvBars(path).intraday([AAPL], minutes=60, until=AFTER_LAST_CLOSE, count=5)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2020, 3, 4), {}),
        (date(2020, 3, 5), {AAPL: "100.1", AMD: "50.0"}),
        (date(2020, 3, 8), {AAPL: "101.2", AMD: "51.0"}),  # a Sunday
        (date(2020, 3, 9), {AAPL: "90.3", AMD: "42.0", NEW: "7.5"}),
        (date(2020, 3, 18), {AAPL: "90.3", AMD: "42.0", NEW: "7.5"}),
        (date(2020, 3, 19), {}),  # the tenth day after the last close
    ],
)
def test_closes_are_the_newest_of_the_last_ten_days(tmp_path: Path, day: date, expected: dict[Symbol, str]) -> None:
    closes = CsvBars(written(tmp_path, TABLE)).closes([AAPL, AMD, NEW, Symbol("NOPE")], day=day)
    assert closes == {symbol: Decimal(close) for symbol, close in expected.items()}


def test_corporate_actions_come_from_the_file_beside(tmp_path: Path) -> None:
    actions = tmp_path / "actions.csv"
    actions.write_text(
        "symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date\n"
        "AMD,split,2020-03-09,2,1,,\n"
        "AAPL,dividend,2020-03-06,,,0.77,2020-03-13\n"
    )
    bars = CsvBars(written(tmp_path, TABLE), actions)

    found = bars.corporate_actions([AAPL, AMD], date(2020, 3, 6), date(2020, 3, 9))

    assert [each.action_id for each in found] == ["dividend-AAPL-2020-03-06", "split-AMD-2020-03-09-2for1"]
    assert bars.corporate_actions([AAPL], date(2020, 3, 7), date(2020, 3, 9)) == ()
    assert CsvBars(bars.path).corporate_actions([AAPL, AMD], date(2020, 1, 1), date(2020, 12, 31)) == ()


def test_a_faulty_file_of_actions_is_told_at_once(tmp_path: Path) -> None:
    actions = tmp_path / "actions.csv"
    actions.write_text("symbol,kind\n")
    with pytest.raises(MarketDataError, match="line 1: expected the columns"):
        CsvBars(written(tmp_path, TABLE), actions)
