"""What happens to a ledger in a few words: lots, fills and corporate actions, some of which really happened."""

from datetime import date
from decimal import Decimal

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.lots import Fill, Lot
from backend.domain.order import Side
from backend.domain.signal import Symbol

AAPL, GE, MSFT = Symbol("AAPL"), Symbol("GE"), Symbol("MSFT")


def lot(quantity: str, price: str) -> Lot:
    return Lot(quantity=Decimal(quantity), price=Decimal(price))


def fill(symbol: Symbol, signed: str, price: str, fees: str = "0", slippage: str = "0", spared: str = "0") -> Fill:
    """A fill of a signed quantity."""
    quantity = Decimal(signed)
    return Fill(
        symbol=symbol,
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=Decimal(price),
        fees=Decimal(fees),
        slippage=Decimal(slippage),
        spared=Decimal(spared),
    )


def split(symbol: Symbol, new: int, old: int, ex_day: date) -> CorporateAction:
    return CorporateAction(
        symbol=symbol, kind=ActionKind.SPLIT, ex_day=ex_day, new_shares=Decimal(new), old_shares=Decimal(old)
    )


def dividend(symbol: Symbol, per_share: str, ex_day: date) -> CorporateAction:
    return CorporateAction(symbol=symbol, kind=ActionKind.DIVIDEND, ex_day=ex_day, per_share=Decimal(per_share))


# Apple's and General Electric's own announcements of 2020-07-30 and 2021-06-18
APPLE_DIVIDEND = dividend(AAPL, "0.82", date(2020, 8, 7))  # paid on 2020-08-13
APPLE_SPLIT = split(AAPL, 4, 1, date(2020, 8, 31))
GE_REVERSE_SPLIT = split(GE, 1, 8, date(2021, 8, 2))
