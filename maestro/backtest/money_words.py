"""Money in one sentence, alike in reports and in the terminal."""

from collections.abc import Sequence

from backend.domain.equity_change import EquityChange
from maestro.backtest.attribution_table import By, shown_table
from maestro.backtest.cents import cents, dollars, gain
from maestro.backtest.demotion_table import DemotionSum


def equity_words(changes: Sequence[EquityChange]) -> str:
    """Say from when to when equity changed, and by how much."""
    first, last = changes[0], changes[-1]
    change, after = shown_table(changes, By.TOTAL).total.total, cents(last.equity_to)
    closes = f"the close before {first.first_day} to that of {last.last_day}"
    return f"From {closes}, equity went from {dollars(after - change)} to {dollars(after)}: {gain(change)}."


def parts_words(changes: Sequence[EquityChange]) -> str:
    """Say what the change of equity came from: every part that is not zero, and always the residual."""
    table = shown_table(changes, By.TOTAL)
    *parts, residual = table.lines
    named = [*(line for line in parts if line.total), residual]
    return f"{gain(table.total.total)}: {', '.join(f'{line.name.lower()} {gain(line.total)}' for line in named)}"


def demotion_words(total: DemotionSum) -> str:
    """Sum demotions up."""
    if not total.count:
        return "No strategy was in shadow."
    times = "1 demotion" if total.count == 1 else f"{total.count:,} demotions"
    lasting = f" ({total.lasting:,} not over)" if total.lasting else ""
    verdict = f"{'cost' if total.saved < 0 else 'saved'} {dollars(total.saved)}"
    return (
        f"{times}{lasting} {verdict}: in {total.days:,} strategy-days in shadow "
        f"the real sleeves made {gain(total.real_pnl)}, the virtual ones {gain(total.virtual_pnl)}."
    )
