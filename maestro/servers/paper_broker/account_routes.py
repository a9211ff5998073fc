"""``/v2/account``, ``/v2/positions``, ``/v2/assets`` and ``/v2/clock``."""

from decimal import ROUND_DOWN, Decimal, InvalidOperation

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maestro.servers.paper_broker.account import Holding
from maestro.servers.paper_broker.documents import (
    account_document,
    asset_document,
    asset_id,
    order_document,
    position_document,
)
from maestro.servers.paper_broker.errors import Refusal, invalid, not_found
from maestro.servers.paper_broker.orders import SHARE, OrderKind, OrderTicket, PaperOrder, Side, TimeInForce
from maestro.servers.paper_broker.requests import answer
from maestro.servers.paper_broker.sessions import (
    close_at,
    is_trading_day,
    local_day,
    new_york,
    next_trading_day,
    open_at,
    session_day,
)
from maestro.servers.paper_broker.venue import Venue


class AccountRoutes:
    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v2/account", self.account, methods=["GET"]),
            Route("/v2/positions", self.positions, methods=["GET"]),
            Route("/v2/positions", self.close_all, methods=["DELETE"]),
            Route("/v2/positions/{symbol}", self.position, methods=["GET"]),
            Route("/v2/positions/{symbol}", self.close, methods=["DELETE"]),
            Route("/v2/assets", self.assets, methods=["GET"]),
            Route("/v2/assets/{symbol}", self.asset, methods=["GET"]),
            Route("/v2/clock", self.clock, methods=["GET"]),
        ]

    async def account(self, request: Request) -> Response:
        return answer(account_document(self._venue.broker))

    async def positions(self, request: Request) -> Response:
        broker = self._venue.broker
        holdings = sorted(broker.account.holdings.items())
        return answer([position_document(broker, holding) for _, holding in holdings])

    async def position(self, request: Request) -> Response:
        return answer(position_document(self._venue.broker, self._holding(request)))

    async def close(self, request: Request) -> Response:
        holding = self._holding(request)
        return answer(order_document(self._close(holding, _qty_to_close(request, holding))))

    async def close_all(self, request: Request) -> Response:
        broker = self._venue.broker
        if request.query_params.get("cancel_orders", "").lower() == "true":
            for order in broker.book.open:
                broker.cancel(order)
        results: list[dict[str, object]] = []
        for symbol, holding in sorted(broker.account.holdings.items()):
            try:
                order = self._close(holding, abs(holding.qty))
            except Refusal as refusal:
                results.append({"symbol": symbol, "status": refusal.status, "body": refusal.to_document()})
                continue
            results.append({"symbol": symbol, "status": 200, "body": order_document(order)})
        return answer(results, 207)

    async def assets(self, request: Request) -> Response:
        is_empty = request.query_params.get("status") == "inactive"
        is_empty |= request.query_params.get("asset_class", "us_equity") != "us_equity"
        known = [] if is_empty else self._venue.prices.series
        return answer([asset_document(self._venue.broker, symbol) for symbol in known])

    async def asset(self, request: Request) -> Response:
        symbol = self._symbol(request)
        if symbol not in self._venue.prices.series:
            raise not_found(f"asset not found for {symbol}")
        return answer(asset_document(self._venue.broker, symbol))

    async def clock(self, request: Request) -> Response:
        now, days = self._venue.broker.now, self._venue.prices.days
        today = local_day(now)
        session = session_day(now, days)
        is_before_open = is_trading_day(today, days) and now < open_at(today)
        next_open = open_at(today if is_before_open else next_trading_day(today, days))
        return answer(
            {
                "timestamp": now.astimezone(new_york()).isoformat(),
                "is_open": open_at(session) <= now < close_at(session),
                "next_open": next_open.astimezone(new_york()).isoformat(),
                "next_close": close_at(session).astimezone(new_york()).isoformat(),
            }
        )

    def _symbol(self, request: Request) -> str:
        """Return the symbol in the path, which may also be an asset's id."""
        name: str = request.path_params["symbol"]
        series = self._venue.prices.series
        if name in series:
            return name
        return next((symbol for symbol in series if str(asset_id(symbol)) == name), name)

    def _holding(self, request: Request) -> Holding:
        holding = self._venue.broker.account.holdings.get(self._symbol(request))
        if holding is None:
            raise not_found("position does not exist")
        return holding

    def _close(self, holding: Holding, qty: Decimal) -> PaperOrder:
        ticket = OrderTicket(
            client_order_id=None,
            symbol=holding.symbol,
            side=Side.SELL if holding.qty > 0 else Side.BUY,
            kind=OrderKind.MARKET,
            time_in_force=TimeInForce.DAY,
            qty=qty,
        )
        return self._venue.broker.submit(ticket)


def _qty_to_close(request: Request, holding: Holding) -> Decimal:
    held = abs(holding.qty)
    try:
        qty = Decimal(request.query_params.get("qty", held))
        percentage = Decimal(request.query_params.get("percentage", "100"))
    except InvalidOperation as e:
        raise invalid("qty and percentage must be numbers") from e
    if not (qty.is_finite() and percentage.is_finite() and qty > 0 and 0 < percentage <= 100):
        raise invalid("qty must be > 0 and percentage above 0, up to 100")
    return (qty * percentage / 100).quantize(SHARE, ROUND_DOWN)
