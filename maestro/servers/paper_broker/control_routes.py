"""``/_paper``: the broker's clock, state, faults, cash and actions, for tests and the demo; no credentials needed."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.adapters.csv_actions import ScheduledAction, read_action
from backend.domain.errors import MarketDataError
from maestro.servers.paper_broker.activity_documents import entry_document
from maestro.servers.paper_broker.corporate_actions import actions_document
from maestro.servers.paper_broker.errors import FaultSpecError, invalid
from maestro.servers.paper_broker.requests import answer, body_of, fields_of
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
            Route("/_paper/actions", self.schedule, methods=["POST"]),
            Route("/_paper/cash", self.transfer, methods=["POST"]),
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

    async def schedule(self, request: Request) -> Response:
        documents = await body_of(request)
        if not isinstance(documents, list) or not all(isinstance(each, Mapping) for each in documents):
            raise invalid(
                'expected [{"symbol": "AAPL", "kind": "split", "ex_date": "2020-08-31", "new_shares": 4, '
                '"old_shares": 1}]'
            )
        broker = self._venue.broker
        broker.office.schedule([_action(each) for each in documents], broker.now)
        return answer(actions_document(broker.office.actions.values()))

    async def transfer(self, request: Request) -> Response:
        fields = await fields_of(request)
        amount, kind = fields.get("amount"), fields.get("kind")
        try:
            exact = Decimal(str(amount))
        except InvalidOperation as e:
            raise invalid(f'expected {{"amount": "1000.00"}}, found {amount}') from e
        return answer(entry_document(self._venue.broker.transfer(None if kind is None else str(kind), exact)))

    async def reset(self, request: Request) -> Response:
        self._venue.reset()
        return answer(self._venue.state())


def _action(fields: Mapping[str, object]) -> ScheduledAction:
    try:
        return read_action({name: None if each is None else str(each) for name, each in fields.items()}, "action")
    except MarketDataError as e:
        raise invalid(str(e)) from e
