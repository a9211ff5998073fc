"""Daily closes from a wide CSV file, plain or gzipped: ``date,AAPL,AMD,…``, one line a trading day.

Dates are ISO and increase strictly. A symbol's cells may be empty before its first close (not listed yet), never
after it. High and low are the close, since the file has nothing else.
"""

import csv
import gzip
import math
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from backend.adapters.csv_actions import read_actions
from backend.domain.corporate_action import CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.market import MarketData, SymbolHistory, last_closed_day
from backend.domain.signal import Symbol

_CLOSE_AGE = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One symbol's closes from the day with index ``first`` on."""

    first: int
    closes: NDArray[np.float64]


class CsvBars:
    """``Bars`` from one file, read once. A day's close is known from 16:00 New York on.

    Parameters
    ----------
    path : closes; what positions are marked at as well, so printed ones where there are ``actions``
    actions : splits and cash dividends, see `backend.adapters.csv_actions`; none without

    Raises
    ------
    MarketDataError
        A file is missing, empty or damaged, a date is out of order, or a close is not a positive number.
    """

    def __init__(self, path: Path, actions: Path | None = None) -> None:
        self._path = path
        self._days, self._columns = _Reader(path).read()
        self._actions = tuple(each.action for each in read_actions(actions)) if actions is not None else ()

    @property
    def path(self) -> Path:
        """The file that was read."""
        return self._path

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols in the file, in its order."""
        return tuple(self._columns)

    @property
    def days(self) -> tuple[date, ...]:
        """The trading days in the file, oldest first."""
        return self._days

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        if days < 1:
            raise MarketDataError(f"days: expected at least 1, found {days}; ask for one bar or more")
        stop = bisect_right(self._days, last_closed_day(until))
        window = max(stop - days, 0)
        window_days = self._days[window:stop]
        histories: dict[str, SymbolHistory] = {}
        for symbol in symbols:
            column = self._columns.get(symbol)
            if column is None or column.first >= stop:
                continue
            start = max(window, column.first)
            closes = column.closes[start - column.first : stop - column.first]
            known_days = window_days[start - window :]
            histories[symbol] = SymbolHistory(symbol=symbol, days=known_days, close=closes, high=closes, low=closes)
        return MarketData(histories)

    def intraday(self, symbols: Sequence[Symbol], *, minutes: int, until: datetime, count: int) -> MarketData:
        raise MarketDataError(
            f"{self._path}: expected bars of {minutes} minutes, found daily closes only; choose a timeframe of 1d or "
            "longer, or unset MAESTRO_PRICES_FILE to take bars from Alpaca"
        )

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        return self.daily(symbols, until=at, days=1).prices()

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        stop = bisect_right(self._days, day)
        if not stop or self._days[stop - 1] <= day - _CLOSE_AGE:
            return {}
        columns = {symbol: self._columns[symbol] for symbol in symbols if symbol in self._columns}
        return {
            symbol: Decimal(repr(float(column.closes[stop - 1 - column.first])))
            for symbol, column in columns.items()
            if column.first < stop
        }

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        return tuple(each for each in self._actions if each.symbol in symbols and first <= each.ex_day <= last)


class _Reader:
    """Reads one file, checking each cell against those before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = 1

    def read(self) -> tuple[tuple[date, ...], dict[Symbol, _Column]]:
        try:
            with self._opened() as text:
                return self._table(csv.reader(text, strict=True))
        except FileNotFoundError as e:
            raise MarketDataError(f"{self._path}: expected a price file, found none; check the path") from e
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as e:
            raise MarketDataError(
                f"{self._path}: expected readable CSV or .csv.gz, found {type(e).__name__} ({e}) after line "
                f"{self._line}; the file is damaged or half-written: write it again"
            ) from e

    def _opened(self) -> TextIO:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8-sig", newline="")
        return self._path.open(encoding="utf-8-sig", newline="")

    def _table(self, rows: Iterator[list[str]]) -> tuple[tuple[date, ...], dict[Symbol, _Column]]:
        symbols = self._header(next(rows, []))
        days: list[date] = []
        closes = {symbol: array("d") for symbol in symbols}
        for self._line, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(symbols) + 1:
                raise self._error(
                    f"{len(symbols) + 1} cells as in the header", f"{len(row)}", "complete or remove the line"
                )
            days.append(self._day(row[0], days))
            for symbol, cell in zip(symbols, row[1:], strict=True):
                self._append(closes[symbol], symbol, cell)
        if not days:
            raise self._error("at least one line of closes below the header", "none", "write the file again")
        return tuple(days), {symbol: _column(column, len(days)) for symbol, column in closes.items()}

    def _header(self, row: list[str]) -> list[Symbol]:
        names = [cell.strip() for cell in row]
        if not names:
            raise self._error("a header date,AAPL,AMD,…", "an empty file", "write the file again")
        if names[0] != "date":
            raise self._error("the first column to be 'date'", repr(names[0]), "put the dates first")
        if len(names) == 1 or "" in names:
            raise self._error("a symbol above every column", ",".join(names), "name each column")
        if len(set(names)) != len(names):
            raise self._error("each symbol once", ",".join(names), "remove the repeated column")
        return [Symbol(name) for name in names[1:]]

    def _day(self, cell: str, before: list[date]) -> date:
        try:
            day = date.fromisoformat(cell.strip())
        except ValueError as e:
            raise self._error("a date like 2020-03-16", repr(cell), "correct the date") from e
        if before and day <= before[-1]:
            raise self._error(f"a date after {before[-1]}", str(day), "sort the lines and remove repeated dates")
        return day

    def _append(self, closes: "array[float]", symbol: Symbol, cell: str) -> None:
        text = cell.strip()
        if not text and not closes:
            return
        try:
            close = float(text)
        except ValueError:
            close = math.nan
        if not 0.0 < close < math.inf:
            raise self._error(f"a positive close of {symbol}", repr(cell), "correct or remove the cell's line")
        closes.append(close)

    def _error(self, expected: str, found: str, advice: str) -> MarketDataError:
        return MarketDataError(f"{self._path}, line {self._line}: expected {expected}, found {found}; {advice}")


def _column(closes: "array[float]", days: int) -> _Column:
    values = np.array(closes, dtype=np.float64)
    values.setflags(write=False)  # strategies get views of it
    return _Column(first=days - len(values), closes=values)
