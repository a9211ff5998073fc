"""How amounts, ratios and lists are written in a reason."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

_LONGEST = 15  # digits before the point; a longer figure is written with an exponent
_SHOWN = 5
_HUNDREDTH = Decimal("0.01")


def amount(value: Decimal) -> str:
    """Write money or a price with at least two places."""
    if not value.is_finite() or (value and abs(value.adjusted()) >= _LONGEST):
        return f"{value:.3E}"
    places = -int(value.as_tuple().exponent)
    return f"{value:,.{min(max(places, 2), 6)}f}"


def percentage(ratio: Decimal) -> str:
    """Write a ratio per hundred, cut to two places: what is below a limit must not read as if it had reached it."""
    each = ratio * 100
    if not each.is_finite() or each.adjusted() >= _LONGEST:
        return f"{each:.3E} %"
    return f"{each.quantize(_HUNDREDTH, rounding=ROUND_DOWN)}".removesuffix(".00") + " %"


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """Name the first few and count the others."""
    more = len(items) - _SHOWN
    return separator.join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
