"""Split a strategy's real P&L of a day into what brought it about."""

from collections.abc import Mapping
from decimal import Decimal

from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperAccount, Step
from backend.domain.signal import Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.snapshot import Attribution


def attribution(real: Sleeve, accounts: Mapping[Step, PaperAccount], prices: Mapping[Symbol, Decimal]) -> Attribution:
    """Compare the real sleeve with the paper accounts, each since its mark; the parts add up to the real P&L.

    Raises
    ------
    MarketDataError
        A symbol that is held has no price.
    """
    gained = {step: _gained(accounts.get(step, EMPTY_PAPER_ACCOUNT), prices) for step in Step}
    slippage = real.slippage - real.mark.slippage
    spared = real.spared - real.mark.spared
    fees = real.fees - real.mark.fees
    before_costs = real.pnl(prices) - real.mark.pnl + slippage + fees
    limits = before_costs - gained[Step.ALLOWED]
    return Attribution(
        signal=gained[Step.NEUTRAL],
        allocation=gained[Step.WEIGHTED] - gained[Step.NEUTRAL] + limits,
        mode=gained[Step.SCALED] - gained[Step.WEIGHTED],
        override=gained[Step.ALLOWED] - gained[Step.SCALED],
        crossing=spared,
        slippage=-(slippage + spared),
        fees=-fees,
    )


def _gained(account: PaperAccount, prices: Mapping[Symbol, Decimal]) -> Decimal:
    return account.pnl(prices) - account.mark
