"""``/v2/account/activities`` and ``/v2/account/portfolio/history``: the broker's own books."""

from collections.abc import Collection
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maestro.servers.paper_broker.activity_documents import activity_document, activity_id
from maestro.servers.paper_broker.errors import invalid
from maestro.servers.paper_broker.journal import Entry
from maestro.servers.paper_broker.orders import Fill
from maestro.servers.paper_broker.portfolio_history import history_document, history_query
from maestro.servers.paper_broker.requests import answer, choice, limit, optional_moment
from maestro.servers.paper_broker.venue import Venue

_LARGEST_PAGE = 100
# The types that Alpaca documents; the paper broker has activities of some.
_NON_TRADE = frozenset(
    [
        "ACATC",
        "ACATS",
        "CFEE",
        "CGD",
        "CSD",
        "CSW",
        "DIV",
        "DIVCGL",
        "DIVCGS",
        "DIVFEE",
        "DIVFT",
        "DIVNRA",
        "DIVROC",
        "DIVTW",
        "DIVTXEX",
        "FEE",
        "FOPT",
        "INT",
        "INTNRA",
        "INTTW",
        "JNL",
        "JNLC",
        "JNLS",
        "MA",
        "NC",
        "OCT",
        "OPASN",
        "OPCA",
        "OPCSH",
        "OPEXC",
        "OPEXP",
        "OPTRD",
        "PTC",
        "PTR",
        "REO",
        "REORG",
        "SPIN",
        "SPLIT",
    ]
)
_GROUPS = {
    "TRANS": frozenset({"CSD", "CSW"}),
    "MISC": _NON_TRADE - {"CSD", "CSW", "DIV"},
    "trade_activity": frozenset({"FILL"}),
    "non_trade_activity": _NON_TRADE,
}
_ALL = _NON_TRADE | {"FILL"}


class StatementRoutes:
    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v2/account/activities", self.activities, methods=["GET"]),
            Route("/v2/account/activities/{activity_type}", self.activities, methods=["GET"]),
            Route("/v2/account/portfolio/history", self.history, methods=["GET"]),
        ]

    async def activities(self, request: Request) -> Response:
        wanted = _wanted_types(request)
        found = _in_window(request, [each for each in self._venue.broker.journal.all if _type(each) in wanted])
        if choice(request, "direction", "desc", ("asc", "desc")) == "desc":
            found.reverse()
        token = request.query_params.get("page_token")
        if token:
            ids = [activity_id(each) for each in found]
            if token not in ids:
                raise invalid(f"invalid page_token: {token}")
            found = found[ids.index(token) + 1 :]
        # A date without a size asks for all of that day.
        is_whole = "date" in request.query_params and "page_size" not in request.query_params
        size = len(found) if is_whole else limit(request, "page_size", _LARGEST_PAGE, _LARGEST_PAGE)
        return answer([activity_document(each) for each in found[:size]])

    async def history(self, request: Request) -> Response:
        return answer(history_document(self._venue.broker, history_query(request, self._venue.broker.quotes.today)))


def _type(activity: Fill | Entry) -> str:
    return "FILL" if isinstance(activity, Fill) else activity.kind.value


def _wanted_types(request: Request) -> Collection[str]:
    names = request.path_params.get("activity_type") or request.query_params.get("activity_types")
    category = request.query_params.get("category")
    if names and category:
        raise invalid("category cannot be used with activity_types")
    if category:
        choice(request, "category", category, ("trade_activity", "non_trade_activity"))
        return _GROUPS[category]
    wanted: set[str] = set()
    for name in (part.strip() for part in (names or "").split(",")):
        if name and name not in _ALL | _GROUPS.keys():
            raise invalid(f"invalid activity type: {name}")
        wanted |= _GROUPS.get(name, {name})
    return wanted - {""} or _ALL


def _in_window(request: Request, activities: list[Fill | Entry]) -> list[Fill | Entry]:
    """Return those recorded after ``after`` and before ``until``, or on ``date`` in UTC."""
    day, after, until = (optional_moment(request, name) for name in ("date", "after", "until"))
    if day is not None:
        if after is not None or until is not None:
            raise invalid("date cannot be used with after or until")
        return [each for each in activities if day <= each.at < day + timedelta(days=1)]
    return [each for each in activities if (after is None or each.at > after) and (until is None or each.at < until)]
