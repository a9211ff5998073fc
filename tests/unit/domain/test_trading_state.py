"""What orders under way hold: buying power, and sides of the market."""

from decimal import Decimal

from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import Symbol
from backend.domain.trading_state import Trading, WorkingOrder
from tests.unit.domain.decision_inputs import AAPL, MSFT


def trading(*orders: tuple[Symbol, Side, str]) -> Trading:
    return Trading(
        working={
            ClientOrderId(f"mae-{number}"): WorkingOrder(symbol=symbol, side=side, reserved=Decimal(held))
            for number, (symbol, side, held) in enumerate(orders)
        }
    )


def test_trading_reserves_what_its_working_orders_hold() -> None:
    assert trading((AAPL, Side.BUY, "7"), (MSFT, Side.SELL, "0"), (AAPL, Side.BUY, "0.25")).reserved == Decimal("7.25")
    assert trading().reserved == 0


def test_trading_sides_are_those_of_any_order_in_the_symbol() -> None:
    orders = (AAPL, Side.BUY, "7"), (MSFT, Side.SELL, "0"), (AAPL, Side.BUY, "1"), (AAPL, Side.SELL, "0")
    assert trading(*orders).sides() == {AAPL: {Side.BUY, Side.SELL}, MSFT: {Side.SELL}}
    assert trading().sides() == {}
