"""Money as it is shown: to the cent, so that shown parts add up to the shown total."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, halves to the even one."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN) + 0  # + 0: zero has no sign


def adding_up(parts: Sequence[Decimal], total: Decimal) -> tuple[Decimal, ...]:
    """Round parts so that they add up to ``total``, which is in whole cents: the method of largest remainders.

    Each part is rounded down, and the cents that are missing go to those that lost most, the first among equals.
    Without parts there is nothing to add up.
    """
    if not parts:
        return ()
    shown = [part.quantize(CENT, rounding=ROUND_FLOOR) for part in parts]
    to_all, to_some = divmod(int((total - sum(shown)) / CENT), len(parts))
    by_loss = sorted(range(len(parts)), key=lambda i: shown[i] - parts[i])
    for rank, i in enumerate(by_loss):
        shown[i] += CENT * (to_all + (rank < to_some))
    return tuple(each + 0 for each in shown)


def amount(value: Decimal) -> str:
    """Write an amount for a table whose heading names the currency."""
    return f"{value:,.2f}".replace("-", "−")


def dollars(value: Decimal) -> str:
    """Write dollars without their sign."""
    return f"${abs(value):,.2f}"


def gain(value: Decimal) -> str:
    """Write dollars gained or lost with their sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{dollars(value)}"
