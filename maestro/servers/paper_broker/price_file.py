"""Reading of a price file: CSV or .csv.gz, wide (date,AAPL,AMD,…) or long (date,symbol,close).

In a wide file a symbol's cells may be empty before its first price (not listed yet), never after it.
Dates are ISO and strictly increasing (in a long file: for each symbol).
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from maestro.servers.paper_broker.errors import PriceFileError
from maestro.servers.paper_broker.prices import PriceHistory, PriceSeries

_SYMBOL = re.compile(r"[A-Z][A-Z0-9.\-/]{0,14}")
_LONG_COLUMNS = frozenset({"date", "symbol", "close"})
_FORMS = "a wide file (date,AAPL,AMD,…) or a long one (date,symbol,close)"


def read_prices(path: Path) -> PriceHistory:
    """Read a price file.

    Raises
    ------
    PriceFileError
        Naming file, line and remedy, when the file is missing, empty, damaged, or holds an unknown column,
        a date out of order, or a price that is not a positive number.
    """
    try:
        with _opened(path) as lines:
            return _History(path).read(csv.reader(lines, strict=True))
    except FileNotFoundError as e:
        raise PriceFileError(f"{path}: no such price file; expected {_FORMS}; check the path.") from e
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as e:
        raise PriceFileError(
            f"{path}: expected readable CSV or .csv.gz, found {type(e).__name__}: {e}; "
            "the file is damaged or half-written: write it again."
        ) from e


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


class _History:
    """Collects the cells of one file, checking each against those before it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 1
        self.days: dict[str, list[date]] = {}
        self.closes: dict[str, list[Decimal]] = {}

    def read(self, rows: Iterator[list[str]]) -> PriceHistory:
        header = [cell.strip() for cell in next(rows, [])]
        if not header:
            raise self._error("an empty file", f"expected {_FORMS}")
        is_long = "symbol" in header
        self._check_header(header, is_long)
        for self.line, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(header):
                raise self._error(
                    f"{len(row)} cells", f"expected {len(header)} as in the header; complete or remove the line"
                )
            cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
            if is_long:
                self._add(self._day(cells["date"]), cells["symbol"], cells["close"])
            else:
                self._add_wide(cells)
        return self._history()

    def _check_header(self, header: list[str], is_long: bool) -> None:
        if len(set(header)) != len(header):
            raise self._error(f"a repeated column in {header}", "name each column once")
        if is_long:
            for column in header:
                if column not in _LONG_COLUMNS:
                    raise self._error(f"unknown column {column!r}", "a long file has date,symbol,close: remove it")
            if set(header) != _LONG_COLUMNS:
                raise self._error(f"columns {header}", "a long file has date,symbol,close: add the missing one")
            return
        if header[0] != "date" or len(header) == 1:
            raise self._error(f"columns {header[:4]}", f"expected {_FORMS}")
        for column in header[1:]:
            if not _SYMBOL.fullmatch(column):
                raise self._error(f"unknown column {column!r}", "expected a symbol such as AAPL: rename or remove it")

    def _add_wide(self, cells: dict[str, str]) -> None:
        day = self._day(cells["date"])
        for symbol, text in cells.items():
            if symbol != "date" and (text or symbol in self.days):
                self._add(day, symbol, text)

    def _add(self, day: date, symbol: str, text: str) -> None:
        if not _SYMBOL.fullmatch(symbol):
            raise self._error(f"symbol {symbol!r}", "expected one such as AAPL: correct or remove the line")
        days = self.days.setdefault(symbol, [])
        if days and day <= days[-1]:
            raise self._error(
                f"date {day} after {days[-1]} for {symbol}", "dates must increase: sort the file, remove repetitions"
            )
        days.append(day)
        self.closes.setdefault(symbol, []).append(self._price(symbol, text))

    def _day(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as e:
            raise self._error(f"date {text!r}", "expected an ISO date such as 2020-03-16: correct it") from e

    def _price(self, symbol: str, text: str) -> Decimal:
        try:
            price = Decimal(text)
        except InvalidOperation as e:
            raise self._error(f"{symbol} price {text!r}", "expected a positive number: correct or remove it") from e
        if not price.is_finite() or price <= 0:
            raise self._error(f"{symbol} price {text!r}", "expected a positive number: correct or remove it")
        return price

    def _history(self) -> PriceHistory:
        if not self.days:
            raise self._error("no prices below the header", "add at least one day")
        series = {
            symbol: PriceSeries(symbol=symbol, days=tuple(days), closes=tuple(self.closes[symbol]))
            for symbol, days in sorted(self.days.items())
        }
        return PriceHistory(series=series, days=_all_days(self.days.values()))

    def _error(self, found: str, remedy: str) -> PriceFileError:
        return PriceFileError(f"{self.path}, line {self.line}: found {found}; {remedy}.")


def _all_days(days: Iterable[list[date]]) -> tuple[date, ...]:
    return tuple(sorted(set().union(*days)))
