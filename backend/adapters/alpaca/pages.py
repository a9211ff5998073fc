"""Alpaca's market data, page by page to the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.adapters.alpaca.session import AlpacaSession, CallFailed
from backend.domain.errors import MarketDataError


class MarketDataPages:
    """Reads of one subject, such as bars, over one session; every failure is a MarketDataError."""

    def __init__(self, session: AlpacaSession, subject: str) -> None:
        self._session = session
        self._subject = subject

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        seen: set[str | None] = {None}
        token: str | None = None
        while True:
            page = self.page(path, query if token is None else {**query, "page_token": token})
            yield page
            token = page.get("next_page_token")
            if token is None:
                return
            if token in seen:
                raise unreadable("a new next_page_token", token)
            seen.add(token)

    def page(self, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            page = self._session.send_repeatedly("GET", path, query)
        except CallFailed as e:
            advice = "check key and secret" if e.is_refusal else "check URL, network and feed, or try again later"
            raise MarketDataError(f"Alpaca market data: expected a page of {self._subject}, found {e}; {advice}") from e
        if not isinstance(page, Mapping):
            raise unreadable(f"a page of {self._subject}", page)
        return page


def lists(page: Mapping[str, Any], key: str, expected: str) -> Mapping[str, list[Any]]:
    """Return a page's lists by name; none where it has nothing under ``key``."""
    found = page.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping) or not all(isinstance(each, list) for each in found.values()):
        raise unreadable(expected, found)
    return found


def unreadable(expected: str, found: object) -> MarketDataError:
    return MarketDataError(
        f"Alpaca market data: expected {expected}, found {str(found)[:200]!r}; check the URL and the feed"
    )
