"""Daily bars of shares and crypto pairs, the newest of each, and ``/v1/corporate-actions``: splits and dividends."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maestro.servers.paper_broker.bars import BarQuery
from maestro.servers.paper_broker.corporate_actions import ActionQuery, action_page
from maestro.servers.paper_broker.errors import Refusal
from maestro.servers.paper_broker.requests import (
    answer,
    choice,
    json_answer,
    limit,
    optional_date,
    optional_moment,
    symbols,
)
from maestro.servers.paper_broker.sessions import local_day, midnight_at
from maestro.servers.paper_broker.venue import Venue

_DAILY = ("1Day", "1D")


class MarketDataRoutes:
    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v2/stocks/bars", self.bars, methods=["GET"]),
            Route("/v2/stocks/bars/latest", self.latest, methods=["GET"]),
            Route("/v1beta3/crypto/us/bars", self.bars, methods=["GET"]),
            Route("/v1beta3/crypto/us/latest/bars", self.latest, methods=["GET"]),
            Route("/v1/corporate-actions", self.actions, methods=["GET"]),
        ]

    async def bars(self, request: Request) -> Response:
        timeframe = request.query_params.get("timeframe", "")
        if timeframe not in _DAILY:
            raise _bad_request(
                f"invalid timeframe: the paper broker serves 1Day, found {timeframe or 'none'}; its price file holds "
                "daily closes only"
            )
        now = self._venue.broker.now
        try:
            query = BarQuery(
                symbols=_some_symbols(request),
                start=optional_moment(request, "start") or midnight_at(local_day(now)),
                end=optional_moment(request, "end") or now,
                limit=limit(request, "limit", 1_000, 10_000),
                is_descending=choice(request, "sort", "asc", ("asc", "desc")) == "desc",
                token=request.query_params.get("page_token"),
            )
        except Refusal as refusal:
            raise _bad_request(refusal.message) from refusal
        if query.end < query.start:
            raise _bad_request("end should not be before start")
        return json_answer(self._venue.bars.page(query, now))

    async def latest(self, request: Request) -> Response:
        return json_answer(self._venue.bars.latest(_some_symbols(request), self._venue.broker.now))

    async def actions(self, request: Request) -> Response:
        today = self._venue.broker.quotes.today
        try:
            query = ActionQuery(
                symbols=symbols(request),
                types=frozenset(filter(None, request.query_params.get("types", "").split(","))),
                start=optional_date(request, "start") or today,
                end=optional_date(request, "end") or today,
                limit=limit(request, "limit", 100, 1_000),
                is_descending=choice(request, "sort", "asc", ("asc", "desc")) == "desc",
                token=request.query_params.get("page_token"),
            )
        except Refusal as refusal:
            raise _bad_request(refusal.message) from refusal
        if query.end < query.start:
            raise _bad_request("end should not be before start")
        return answer(action_page(self._venue.broker.office.actions.values(), query))


def _some_symbols(request: Request) -> tuple[str, ...]:
    found = symbols(request)
    if not found:
        raise _bad_request("symbols is required")
    return found


def _bad_request(message: str) -> Refusal:
    """Answer 400 with a message alone, as the market-data API does."""
    return Refusal(400, None, message)
