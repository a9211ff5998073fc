"""Base weights beside the libraries that compute them: time, and how far apart the weights are.

Every side gets the same covariance, that of daily returns of real stocks (10) or in their likeness (50, 200), and is
timed in turns. Equal risk contribution stands beside skfolio and Riskfolio-Lib, hierarchical risk parity beside
PyPortfolioOpt and Riskfolio-Lib, least variance and most diversification beside skfolio, each at its own settings.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import riskfolio
from numpy.typing import NDArray
from pypfopt import HRPOpt
from skfolio import RiskMeasure
from skfolio.optimization import MaximumDiversification, MeanRisk, RiskBudgeting
from skfolio.prior import BasePrior, ReturnDistribution
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from backend.domain.allocation import (
    equal_risk_contribution,
    hierarchical_risk_parity,
    max_diversification,
    min_variance,
    sample_covariance,
)
from benchmarks.stopwatch import interleaved, medians
from benchmarks.table import Measurement, Row, Target, progress
from tests.fakes.returns import daily_returns

OURS = "maestro"
ROUNDS = {10: 31, 50: 15, 200: 7}
ERC_MOST_MS = {10: 0.1, 50: 0.25, 200: 2.5}
HRP_MOST_MS = {10: 0.25, 50: 1.2, 200: 5.0}
ERC_TIMES_FASTER = 45.0
HRP_TIMES_FASTER = 40.0
EXACT = 1e-12  # of risk contributions, and between ways to the same hierarchical weights
SOLVED = 1e-5  # of weights that a solver finds at its own tolerance
SAMPLE_SECONDS = 0.02

FloatArray = NDArray[np.float64]
Form = Callable[[], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to weights: every library's form of it, and what is asked of ours."""

    name: str
    forms: dict[str, Form]
    targets: tuple[Target, ...] = ()
    most_apart: float | None = None
    is_equal_risk: bool = False


class KnownPrior(BasePrior):  # type: ignore[misc]
    """Hand skfolio a covariance instead of letting it estimate one."""

    def __init__(self, covariance: FloatArray) -> None:
        self.covariance = covariance

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> "KnownPrior":  # noqa: N803 — sklearn's name
        returns = np.asarray(X)
        self.return_distribution_ = ReturnDistribution(
            mu=returns.mean(axis=0), covariance=self.covariance, returns=returns
        )
        return self


def measure() -> Measurement:
    """Time every method at every size, and show how far apart the weights are."""
    return Measurement(
        name="allocation",
        title="Base weights from one covariance",
        rows=tuple(row for width in ROUNDS for row in _rows(width)),
        notes=(
            "ms: median of samples taken in turns; × a peer: its time ÷ ours; apart: furthest from our weights.",
            "unequal: largest |n · risk contribution − 1|. Checks of the covariance are included in our time.",
            "Solvers run at their own tolerance; the tests compare with tightened ones. Linear algebra has one thread.",
        ),
        peers=("numpy", "skfolio", "riskfolio-lib", "pyportfolioopt", "clarabel"),
    )


def _rows(width: int) -> list[Row]:
    progress(f"allocation: {width} strategies")
    returns = daily_returns(width)
    covariance = sample_covariance(returns.to_numpy())
    return [row for method in _methods(returns, covariance) for row in _method_rows(width, method, covariance)]


def _method_rows(width: int, method: Method, covariance: FloatArray) -> list[Row]:
    # One thread for every side: with two, whoever waits for the other core on a busy machine measures the waiting.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers
        took = medians(interleaved(method.forms, rounds=ROUNDS[width], sample_seconds=SAMPLE_SECONDS))
        weights = {name: form() for name, form in method.forms.items()}
    rows = []
    for name, found in weights.items():
        figures: dict[str, float] = {"ms": took[name]}
        if name == OURS:
            figures |= {f"× {peer}": took[peer] / took[OURS] for peer in method.forms if peer != OURS}
        else:
            figures["apart"] = float(np.abs(found - weights[OURS]).max())
        if method.is_equal_risk:
            figures["unequal"] = _inequality(covariance, found)
        bound = () if name == OURS or method.most_apart is None else (Target(figure="apart", bound=method.most_apart),)
        rows.append(
            Row(
                label=f"{width}: {method.name}, {name}",
                figures=figures,
                targets=method.targets if name == OURS else bound,
            )
        )
    return rows


def _methods(returns: pd.DataFrame, covariance: FloatArray) -> list[Method]:
    width = len(covariance)
    table = pd.DataFrame(covariance, returns.columns, returns.columns)
    prior = KnownPrior(covariance)
    variance = RiskMeasure.VARIANCE
    budgeting = RiskBudgeting(risk_measure=variance, prior_estimator=prior)
    least = MeanRisk(risk_measure=variance, prior_estimator=prior)
    diversified = MaximumDiversification(prior_estimator=prior)
    return [
        Method(
            name="ERC",
            forms={
                OURS: lambda: equal_risk_contribution(covariance),
                "skfolio": lambda: np.asarray(budgeting.fit(returns).weights_),
                "Riskfolio-Lib": _riskfolio_parity(returns, table),
            },
            targets=(
                Target(figure="ms", bound=ERC_MOST_MS[width]),
                Target(figure="× skfolio", bound=ERC_TIMES_FASTER, is_most=False),
                Target(figure="× Riskfolio-Lib", bound=ERC_TIMES_FASTER, is_most=False),
                Target(figure="unequal", bound=EXACT),
            ),
            most_apart=SOLVED,
            is_equal_risk=True,
        ),
        Method(
            name="HRP",
            forms={
                OURS: lambda: hierarchical_risk_parity(covariance),
                "PyPortfolioOpt": _pypfopt_hierarchy(table),
                "Riskfolio-Lib": _riskfolio_hierarchy(returns, table),
            },
            targets=(
                Target(figure="ms", bound=HRP_MOST_MS[width]),
                Target(figure="× PyPortfolioOpt", bound=HRP_TIMES_FASTER, is_most=False),
            ),
            most_apart=EXACT,
        ),
        Method(
            name="min variance",
            forms={
                OURS: lambda: min_variance(covariance),
                "skfolio": lambda: np.asarray(least.fit(returns).weights_),
            },
        ),
        Method(
            name="max diversification",
            forms={
                OURS: lambda: max_diversification(covariance),
                "skfolio": lambda: np.asarray(diversified.fit(returns).weights_),
            },
        ),
    ]


def _riskfolio_parity(returns: pd.DataFrame, covariance: pd.DataFrame) -> Form:
    portfolio = riskfolio.Portfolio(returns=returns)
    portfolio.assets_stats(method_mu="hist", method_cov="hist")
    portfolio.cov = covariance
    return lambda: portfolio.rp_optimization(model="Classic", rm="MV", rf=0, b=None, hist=True)["weights"].to_numpy()


def _riskfolio_hierarchy(returns: pd.DataFrame, covariance: pd.DataFrame) -> Form:
    portfolio = riskfolio.HCPortfolio(returns=returns)
    return lambda: portfolio.optimization(
        model="HRP",
        codependence="custom_cov",
        method_cov="custom_cov",
        custom_cov=covariance,
        rm="MV",
        rf=0,
        linkage="single",
        leaf_order=False,
    )["weights"].to_numpy()


def _pypfopt_hierarchy(covariance: pd.DataFrame) -> Form:
    optimiser = HRPOpt(cov_matrix=covariance)

    def weights() -> FloatArray:
        found = optimiser.optimize(linkage_method="single")
        return np.array([found[name] for name in covariance.columns])

    return weights


def _inequality(covariance: FloatArray, weights: FloatArray) -> float:
    contributions = weights * (covariance @ weights)
    return float(np.abs(len(weights) * contributions / contributions.sum() - 1.0).max())
