"""The mathematics of base weights: from returns or Sharpe ratios to a part of the capital for every strategy."""

from backend.domain.allocation.bounds import Bounded, bounded
from backend.domain.allocation.covariance import correlation, sample_covariance, shrunk_covariance
from backend.domain.allocation.hierarchy import hierarchical_risk_parity
from backend.domain.allocation.risk_parity import equal_risk_contribution
from backend.domain.allocation.sharpe_scores import Shrinkage, performance_based
from backend.domain.allocation.variance import max_diversification, min_variance
from backend.domain.allocation.volatility import inverse_volatility

__all__ = [
    "Bounded",
    "Shrinkage",
    "bounded",
    "correlation",
    "equal_risk_contribution",
    "hierarchical_risk_parity",
    "inverse_volatility",
    "max_diversification",
    "min_variance",
    "performance_based",
    "sample_covariance",
    "shrunk_covariance",
]
