"""Daily returns for allocation: 20 real stocks, and as many more as wanted in their likeness.

Up to 20 columns are real: the recorded closes of ``examples/data``, 2017 to 2022. More are drawn, with a fixed seed,
from a factor model that is fitted to them: the first five principal components of the 20, which are combinations of
real returns, with the loadings of a randomly chosen stock, scaled, and noise of that stock's residual deviation.
"""

from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from numpy.typing import NDArray

PRICES = Path(__file__).parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
SEED = 20
_FACTORS = 5


def daily_returns(width: int) -> pd.DataFrame:
    """Return the first ``width`` stocks, or drawn series where there are not so many."""
    real = pd.read_csv(PRICES, index_col=0, parse_dates=True).pct_change(fill_method=None).iloc[1:]
    if width <= real.shape[1]:
        return real.iloc[:, :width]
    drawn = _drawn(real.to_numpy(), width)
    return pd.DataFrame(drawn, index=real.index, columns=[f"S{number:03d}" for number in range(width)])


def _drawn(real: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(SEED)
    centred = real - real.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(centred.T))
    loadings = vectors[:, -_FACTORS:]
    factors = centred @ loadings
    residual = (centred - factors @ loadings.T).std(axis=0, ddof=1)
    chosen = generator.integers(0, real.shape[1], width)
    scaled = loadings[chosen] * generator.uniform(0.5, 1.5, (width, _FACTORS))
    noise = generator.normal(size=(len(real), width)) * residual[chosen] * generator.uniform(0.7, 1.3, width)
    drawn: NDArray[np.float64] = real.mean(axis=0)[chosen] + factors @ scaled.T + noise
    return drawn
