"""The prices that value what is still held at the end of a month."""

from collections.abc import Callable, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation

from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol
from backend.marketplace.month import Month

Price = Decimal | float | int | str
Pricing = Callable[[Sequence[Symbol]], Mapping[Symbol, Decimal]]


def month_end_marks(given: Mapping[str, Price] | Pricing, held: Set[Symbol], month: Month) -> dict[Symbol, Decimal]:
    """Return one exact price per symbol held.

    Raises
    ------
    MarketDataError
        A symbol that is held has no price, or one that is no number of 0 or more.
    """
    if not held:
        return {}
    if callable(given):
        given = {str(symbol): price for symbol, price in given(sorted(held)).items()}
    missing = sorted(held - given.keys())
    if missing:
        raise MarketDataError(
            f"expected a price at the end of {month} for every symbol held then, found none for "
            f"{', '.join(missing)}; pass them in mark_prices"
        )
    return {symbol: _price(symbol, given[symbol]) for symbol in sorted(held)}


def _price(symbol: Symbol, value: Price) -> Decimal:
    try:
        # Through text, so that the float 0.1 is the price 0.1 and not the binary fraction next to it.
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise MarketDataError(f"{symbol}: expected a price of 0 or more in mark_prices, found {value!r}; correct it")
    return price
