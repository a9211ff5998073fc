"""The example prices are what their provenance says they are."""

import csv
import gzip
import hashlib
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRICES = ROOT / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"


@pytest.fixture(scope="module")
def provenance() -> str:
    return (PRICES.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    with gzip.open(PRICES, "rt", encoding="ascii", newline="") as lines:
        return list(csv.reader(lines))


def _stated(provenance: str, what: str) -> str:
    found = re.search(rf"^\| {what} \| `?([^`|]+?)`? \|$", provenance, flags=re.MULTILINE)
    assert found, f"README.md names no {what!r}"
    return found.group(1)


def test_prices_have_the_checksums_in_the_readme(provenance: str) -> None:
    packed = PRICES.read_bytes()
    assert _stated(provenance, "sha256 of the file") == hashlib.sha256(packed).hexdigest()
    assert _stated(provenance, "sha256 of the CSV in it") == hashlib.sha256(gzip.decompress(packed)).hexdigest()


def test_prices_have_the_rows_symbols_and_dates_in_the_readme(provenance: str, rows: list[list[str]]) -> None:
    header, *body = rows
    assert header == ["date", *_stated(provenance, "Symbols").split()]
    assert len(body) == int(_stated(provenance, "Rows"))
    assert _stated(provenance, "Dates").startswith(f"{body[0][0]} to {body[-1][0]}")
    days = [row[0] for row in body]
    assert days == sorted(set(days))


def test_prices_equal_the_installed_skfolio(rows: list[list[str]]) -> None:
    from skfolio.datasets import load_sp500_dataset

    source = load_sp500_dataset().loc["2017":"2022"]
    header, *body = rows
    assert header[1:] == list(source.columns)
    assert [row[0] for row in body] == [day.date().isoformat() for day in source.index]
    assert [[float(cell) for cell in row[1:]] for row in body] == source.to_numpy().tolist()
    assert max(len(cell.partition(".")[2]) for row in body for cell in row[1:]) == 3


def test_export_makes_the_same_csv_and_the_same_bytes_twice() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "export_prices.py"))
    content = script["closes_csv"]()
    assert content == gzip.decompress(PRICES.read_bytes())
    first, second = script["compressed"](content), script["compressed"](content)
    assert first == second
    assert first[4:8] == b"\0\0\0\0", "no time stamp in the gzip header"
    assert not first[3] & 0x08, "no file name in the gzip header"
