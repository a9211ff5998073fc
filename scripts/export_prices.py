"""Export the daily closes that examples and the demo replay, from the packaged S&P 500 data set of skfolio.

Needs the development dependencies. The same skfolio and zlib give the same bytes; provenance and checksums
stand in examples/data/README.md and are checked by the tests.
"""

import argparse
import gzip
import hashlib
import io
import sys
from pathlib import Path

FIRST_DAY = "2017-01-01"
LAST_DAY = "2022-12-31"
DEFAULT_PATH = Path(__file__).resolve().parent.parent / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"


def closes_csv() -> bytes:
    """Return the wide file ``date,AAPL,…``; every close as the source writes it (at most three decimals)."""
    from skfolio.datasets import load_sp500_dataset

    prices = load_sp500_dataset().loc[FIRST_DAY:LAST_DAY]
    lines = [",".join(["date", *prices.columns])]
    for day, row in zip(prices.index, prices.to_numpy(), strict=True):
        # repr is the shortest text that reads back as the same float: the source's own digits.
        lines.append(",".join([day.date().isoformat(), *(repr(float(close)) for close in row)]))
    return ("\n".join(lines) + "\n").encode("ascii")


def compressed(content: bytes) -> bytes:
    """Compress without a file name or a time stamp, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=9) as stream:
        stream.write(content)
    return buffer.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=DEFAULT_PATH, help="file to write (.csv.gz)")
    path: Path = parser.parse_args().path
    content = closes_csv()
    packed = compressed(content)
    path.write_bytes(packed)
    print(f"{path}: {len(content.splitlines()) - 1} days")
    print(f"sha256 of the file: {hashlib.sha256(packed).hexdigest()}")
    print(f"sha256 of the CSV:  {hashlib.sha256(content).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
