"""What is answered about closed days."""

from backend.domain.mode import Mode
from functions.api.answers import Amount, Answer, Day


class StrategyDay(Answer):
    day: Day
    mode: Mode | None
    is_virtual: bool
    daily_return: float | None
    capital: Amount | None
    pnl: Amount
    real_pnl: Amount


class StrategyPerformance(Answer):
    strategy: str
    returns: int
    sharpe_ratio: float | None
    volatility: float | None
    max_drawdown: float | None
    real_pnl: Amount
    days: list[StrategyDay]


class PortfolioDay(Answer):
    day: Day
    equity: Amount
    previous_equity: Amount | None
    strategies: Amount
    external: Amount
    residual: Amount


class Performance(Answer):
    tenant_id: str
    portfolio_id: str
    uid: str
    first: Day
    last: Day
    strategies: list[StrategyPerformance]
    portfolio: list[PortfolioDay]
