"""``/_paper``: the broker's clock, state and faults, for tests and the demo; no credentials needed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maestro.servers.paper_broker.errors import FaultSpecError, invalid
from maestro.servers.paper_broker.requests import answer, fields_of
from maestro.servers.paper_broker.venue import Venue
from maestro.servers.paper_broker.wire import instant, to_instant


class ControlRoutes:
    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/_paper/clock", self.move_clock, methods=["POST"]),
            Route("/_paper/state", self.state, methods=["GET"]),
            Route("/_paper/faults", self.set_faults, methods=["POST"]),
            Route("/_paper/reset", self.reset, methods=["POST"]),
        ]

    async def move_clock(self, request: Request) -> Response:
        text = (await fields_of(request)).get("now")
        if not isinstance(text, str):
            raise invalid('expected {"now": "2020-03-16T16:00:00-04:00"}')
        self._venue.advance(to_instant("now", text))
        return answer({"now": instant(self._venue.broker.now)})

    async def state(self, request: Request) -> Response:
        return answer(self._venue.state())

    async def set_faults(self, request: Request) -> Response:
        specs = (await fields_of(request)).get("faults")
        if not isinstance(specs, list) or not all(isinstance(spec, str) for spec in specs):
            raise invalid('expected {"faults": ["POST /v2/orders:429*2"]}, or an empty list to clear them')
        try:
            self._venue.faults.replace(specs)
        except FaultSpecError as e:
            raise invalid(str(e)) from e
        return answer({"faults": self._venue.faults.to_document()})

    async def reset(self, request: Request) -> Response:
        self._venue.reset()
        return answer(self._venue.state())
