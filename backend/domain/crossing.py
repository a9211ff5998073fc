"""Cross: what one strategy buys and another sells at the same tick changes hands inside, at the observed price.

Sellers and buyers of a symbol meet in the order in which they were decided; what is left over, on one side only,
goes to the venue. So Maestro never stands on both sides of a symbol.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from hashlib import blake2b

from backend.domain.lots import SHARE, SHARE_STEP, ZERO
from backend.domain.signal import StrategyId, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
    """Shares that one strategy hands to another, without the venue."""

    cross_id: str
    seller: StrategyId
    buyer: StrategyId
    symbol: Symbol
    quantity: Decimal
    price: Decimal


@dataclass(slots=True)
class Interest:
    """What one strategy wants to trade of a symbol: shares to sell, or money to spend."""

    strategy: StrategyId
    symbol: Symbol
    shares: Decimal = ZERO  # still to be sold
    money: Decimal = ZERO  # still to be spent


def crossed(
    sellers: Iterable[Interest],
    buyers: Iterable[Interest],
    prices: Mapping[Symbol, Decimal],
    *,
    whole: Collection[Symbol] = (),
    run_id: str,
) -> list[Cross]:
    """Match interests and reduce them by what was crossed: ``whole`` symbols in whole shares, unpriced ones never."""
    crosses: list[Cross] = []
    wanting: dict[Symbol, list[Interest]] = {}
    for buyer in buyers:
        wanting.setdefault(buyer.symbol, []).append(buyer)
    for seller in sellers:
        price = prices.get(seller.symbol)
        if not price:
            continue
        for buyer in wanting.get(seller.symbol, ()):
            if not seller.shares:
                break
            quantity = min(seller.shares, (buyer.money / price).quantize(SHARE_STEP, rounding=ROUND_DOWN))
            if seller.symbol in whole:
                quantity = quantity.quantize(SHARE, rounding=ROUND_DOWN)
            if quantity <= 0:
                continue
            seller.shares -= quantity
            buyer.money -= quantity * price
            crosses.append(
                Cross(
                    cross_id=_cross_id(run_id, seller.strategy, buyer.strategy, seller.symbol),
                    seller=seller.strategy,
                    buyer=buyer.strategy,
                    symbol=seller.symbol,
                    quantity=quantity,
                    price=price,
                )
            )
    return crosses


def _cross_id(run_id: str, seller: StrategyId, buyer: StrategyId, symbol: Symbol) -> str:
    parts = "\x1f".join((run_id, seller, buyer, symbol))
    return f"crs-{blake2b(parts.encode(), digest_size=20).hexdigest()}"
