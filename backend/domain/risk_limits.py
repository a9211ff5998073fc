"""What a portfolio may hold at most, and what its strategies may lose or share: limits that hold entries back."""

from dataclasses import dataclass

from backend.domain.expectation import expect


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Parts of equity unless said otherwise; 1 switches a limit off, except ``gross_limit``, which always holds.

    Parameters
    ----------
    gross_limit : Σ|position| ÷ equity, the leverage
    position_size_limit : what one strategy may hold in one symbol
    stop_loss_threshold : fall of a position's price below its average cost at which it is sold
    max_strategy_correlation : of two strategies' daily returns, from which the one with the lower Sharpe ratio may
        not enter
    max_concentration : what all strategies together may hold in one symbol
    var_limit, cvar_limit : historical one-day value at risk and expected shortfall beyond which nobody enters
    var_confidence : their level
    """

    gross_limit: float = 1.0
    position_size_limit: float = 1.0
    stop_loss_threshold: float = 1.0
    max_strategy_correlation: float = 1.0
    max_concentration: float = 1.0
    var_limit: float = 1.0
    cvar_limit: float = 1.0
    var_confidence: float = 0.95

    def __post_init__(self) -> None:
        expect(0.0 < self.gross_limit <= 4.0, "gross_limit", "above 0 and at most 4", self.gross_limit)
        for key in (
            "position_size_limit",
            "stop_loss_threshold",
            "max_strategy_correlation",
            "max_concentration",
            "var_limit",
            "cvar_limit",
        ):
            expect(0.0 < getattr(self, key) <= 1.0, key, "above 0 and at most 1", getattr(self, key))
        expect(0.5 <= self.var_confidence < 1.0, "var_confidence", "0.5 to below 1", self.var_confidence)
