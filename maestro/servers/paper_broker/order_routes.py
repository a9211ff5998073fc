"""``/v2/orders``: submit, find, list and cancel."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maestro.servers.paper_broker.documents import order_document
from maestro.servers.paper_broker.errors import invalid
from maestro.servers.paper_broker.orders import PaperOrder
from maestro.servers.paper_broker.requests import answer, body_of, choice, limit, optional_moment, symbols
from maestro.servers.paper_broker.tickets import to_ticket
from maestro.servers.paper_broker.venue import Venue


class OrderRoutes:
    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v2/orders", self.submit, methods=["POST"]),
            Route("/v2/orders", self.list_orders, methods=["GET"]),
            Route("/v2/orders", self.cancel_all, methods=["DELETE"]),
            Route("/v2/orders:by_client_order_id", self.find, methods=["GET"]),
            Route("/v2/orders/{order_id}", self.show, methods=["GET"]),
            Route("/v2/orders/{order_id}", self.cancel, methods=["DELETE"]),
        ]

    async def submit(self, request: Request) -> Response:
        ticket = to_ticket(await body_of(request))
        return answer(order_document(self._venue.broker.submit(ticket)))

    async def list_orders(self, request: Request) -> Response:
        status = choice(request, "status", "open", ("open", "closed", "all"))
        book = self._venue.broker.book
        found = book.open if status == "open" else book.all
        if status == "closed":
            found = [order for order in found if not order.is_open]
        chosen = list(_filtered(request, found))
        if choice(request, "direction", "desc", ("asc", "desc")) == "desc":
            chosen.reverse()
        return answer([order_document(order) for order in chosen[: limit(request, "limit", 50, 500)]])

    async def show(self, request: Request) -> Response:
        return answer(order_document(self._venue.broker.book.by_id(request.path_params["order_id"])))

    async def find(self, request: Request) -> Response:
        client_order_id = request.query_params.get("client_order_id")
        if not client_order_id:
            raise invalid("client_order_id is required")
        return answer(order_document(self._venue.broker.book.by_client_order_id(client_order_id)))

    async def cancel(self, request: Request) -> Response:
        broker = self._venue.broker
        broker.cancel(broker.book.by_id(request.path_params["order_id"]))
        return Response(status_code=204)

    async def cancel_all(self, request: Request) -> Response:
        broker = self._venue.broker
        canceled = broker.book.open
        for order in canceled:
            broker.cancel(order)
        return answer([{"id": str(order.id), "status": 200} for order in canceled], 207)


def _filtered(request: Request, orders: Iterable[PaperOrder]) -> Iterable[PaperOrder]:
    after, until = optional_moment(request, "after"), optional_moment(request, "until")
    wanted = symbols(request)
    side = request.query_params.get("side")
    for order in orders:
        if after is not None and order.submitted_at <= after:
            continue
        if until is not None and order.submitted_at >= until:
            continue
        if (wanted and order.ticket.symbol not in wanted) or (side and order.ticket.side != side):
            continue
        yield order
