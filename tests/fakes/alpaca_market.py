"""Alpaca's market data on loopback: the bars that it was given, served by symbol, time and page as its API does."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.http_server import Answer, Request, ScriptedServer, json_answer

SHARES, SHARES_LATEST = "/v2/stocks/bars", "/v2/stocks/bars/latest"
PAIRS, PAIRS_LATEST = "/v1beta3/crypto/us/bars", "/v1beta3/crypto/us/latest/bars"
_TIMEFRAME = re.compile(r"[1-5]?\dMin|1?\dHour|2[0-3]Hour|1Day")


def bar(start: datetime | str, close: float, high: float | None = None, low: float | None = None) -> dict[str, Any]:
    """Make a bar in the shape of both APIs."""
    stamp = start if isinstance(start, str) else start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    high, low = close if high is None else high, close if low is None else low
    return {"t": stamp, "o": close, "h": high, "l": low, "c": close, "v": 7, "n": 2, "vw": close}


class AlpacaMarket(ScriptedServer):
    """Serves ``bars`` (timeframe → symbol → bars, oldest first), at most ``page_size`` of them a page.

    Timeframes in ``broken`` are answered by 500; a pair among shares, and the other way round, by 400.
    """

    def __init__(self, bars: Mapping[str, Mapping[str, Sequence[dict[str, Any]]]], *, page_size: int = 10_000) -> None:
        super().__init__(json_answer({}))
        self.bars = bars
        self.page_size = page_size
        self.broken: frozenset[str] = frozenset()

    def queries(self, path: str, timeframe: str | None = None) -> list[dict[str, str]]:
        """Return what was asked at a path, of one timeframe where it is given."""
        parts = [urlsplit(request.path) for request in self.requests]
        asked = [_query(each.query) for each in parts if each.path == path]
        return [each for each in asked if timeframe is None or each["timeframe"] == timeframe]

    def answer_to(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        query = _query(parts.query)
        symbols = query["symbols"].split(",")
        is_of_pairs = parts.path in (PAIRS, PAIRS_LATEST)
        strangers = [symbol for symbol in symbols if ("/" in symbol) is not is_of_pairs]
        if strangers:
            return json_answer({"message": f"invalid symbol: {strangers[0]}"}, 400)
        if parts.path in (SHARES_LATEST, PAIRS_LATEST):
            known = self.bars.get("1Min", {})
            return json_answer({"bars": {symbol: known[symbol][-1] for symbol in symbols if symbol in known}})
        return self._page(query, sorted(symbols))

    def _page(self, query: Mapping[str, str], symbols: Iterable[str]) -> Answer:
        timeframe = query["timeframe"]
        if not _TIMEFRAME.fullmatch(timeframe):
            return json_answer({"message": f"invalid timeframe: {timeframe}"}, 400)
        if timeframe in self.broken:
            return json_answer({"message": "internal server error occurred"}, 500)
        first, last = _instant(query["start"]), _instant(query["end"])
        found = [
            (symbol, each)
            for symbol in symbols
            for each in self.bars.get(timeframe, {}).get(symbol, ())
            if first <= _instant(each["t"]) <= last
        ]
        offset = int(query.get("page_token", 0))
        end = offset + min(self.page_size, int(query["limit"]))
        page: dict[str, list[dict[str, Any]]] = {}
        for symbol, each in found[offset:end]:
            page.setdefault(symbol, []).append(each)
        return json_answer({"bars": page, "next_page_token": str(end) if end < len(found) else None})


def _query(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
