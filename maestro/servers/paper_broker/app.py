"""The ASGI application: routes behind the gate, refusals as Alpaca's JSON."""

import asyncio

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from maestro.servers.paper_broker.account_routes import AccountRoutes
from maestro.servers.paper_broker.control_routes import ControlRoutes
from maestro.servers.paper_broker.errors import Refusal
from maestro.servers.paper_broker.gate import Gate
from maestro.servers.paper_broker.market_data_routes import MarketDataRoutes
from maestro.servers.paper_broker.order_routes import OrderRoutes
from maestro.servers.paper_broker.requests import answer
from maestro.servers.paper_broker.statement_routes import StatementRoutes
from maestro.servers.paper_broker.venue import Venue


def build_app(venue: Venue, is_stopping: asyncio.Event) -> ASGIApp:
    """Build the application of one venue; `is_stopping` ends requests that hang on purpose."""

    async def stream(socket: WebSocket) -> None:
        await venue.updates.serve(socket, venue.accepts)

    routes = [
        *OrderRoutes(venue).routes,
        *AccountRoutes(venue).routes,
        *StatementRoutes(venue).routes,
        *MarketDataRoutes(venue).routes,
        *ControlRoutes(venue).routes,
        WebSocketRoute("/stream", stream),
    ]
    handlers = {Refusal: _refused, HTTPException: _unknown}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), venue, is_stopping)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return answer(error.to_document(), error.status)


async def _unknown(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = error.status_code * 100_000 + 10_000
    message = f"the paper broker does not serve {request.method} {request.url.path}"
    return answer({"code": code, "message": message}, error.status_code)
