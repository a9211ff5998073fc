"""Rolling Sharpe ratio of many strategies over 30 days: ``sharpe_ratios`` beside empyrical-reloaded and quantstats.

Every form in which a peer takes many strategies at once is timed on the same returns, in turns; the fastest form
that gives the same numbers is the one to beat. Quantstats keeps what it has seen before; its cache is emptied
before each call, since a tick never asks twice about the same returns.
"""

from collections.abc import Callable

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import quantstats
from numpy.typing import NDArray

from backend.domain.performance import sharpe_ratios
from benchmarks.stopwatch import interleaved, medians
from benchmarks.table import Measurement, Row, Target, progress

DAYS = 30
OURS = "sharpe_ratios"
SIZES = {10: 41, 1_000: 41, 100_000: 9}  # strategies → rounds
SLOW_ROUNDS = {10: 41, 1_000: 5, 100_000: 1}  # of quantstats, which goes column by column
TIMES_FASTER = {1_000: 3.0, 100_000: 4.0}
GAPS = 0.1
EQUAL = 1e-12

FloatArray = NDArray[np.float64]
Form = Callable[[], FloatArray]


def measure() -> Measurement:
    """Time every form at every size, on whole records and on records with gaps."""
    rows = [row for width in SIZES for row in _rows(width, gaps=0.0)]
    rows += [row for width in TIMES_FASTER for row in _rows(width, gaps=GAPS)]
    return Measurement(
        name="scoring",
        title=f"Rolling Sharpe ratio, {DAYS} days",
        rows=tuple(rows),
        notes=(
            "ms: median of samples taken in turns; × best peer: time of the fastest peer ÷ ours; × ours: time ÷ ours.",
            "apart: largest difference from ours, relative to max(1, |Sharpe|).",
            "Records with missing days carry no target; quantstats refuses a DataFrame with gaps in every row.",
        ),
        peers=("numpy", "pandas", "empyrical-reloaded", "bottleneck", "quantstats"),
    )


def _rows(width: int, *, gaps: float) -> list[Row]:
    progress(f"scoring: {width:,} strategies{', with gaps' if gaps else ''}")
    returns = _returns(width, gaps)
    forms, slow = _forms(returns), {} if gaps else _slow_forms(returns)
    took = medians(interleaved(forms, rounds=SIZES[width], sample_seconds=0.01))
    took |= medians(interleaved(slow, rounds=SLOW_ROUNDS[width]))
    forms |= slow
    ours = forms[OURS]()
    apart = {name: _apart(form(), ours) for name, form in forms.items()}
    best = min((name for name in forms if name != OURS and apart[name] <= EQUAL), key=lambda name: took[name])
    what = f"{width:,} × {DAYS}" + (f", {gaps:.0%} missing" if gaps else "")
    bound = None if gaps else TIMES_FASTER.get(width)
    return [_our_row(what, bound, took, best), *(_peer_row(what, name, took, apart) for name in forms if name != OURS)]


def _our_row(what: str, bound: float | None, took: dict[str, float], best: str) -> Row:
    figures = {"ms": took[OURS], "× best peer": took[best] / took[OURS]}
    targets = () if bound is None else (Target(figure="× best peer", bound=bound, is_most=False),)
    return Row(label=f"{what}: {OURS}", figures=figures, targets=targets)


def _peer_row(what: str, name: str, took: dict[str, float], apart: dict[str, float]) -> Row:
    figures = {"ms": took[name], "× ours": took[name] / took[OURS], "apart": apart[name]}
    return Row(label=f"{what}: {name}", figures=figures, targets=(Target(figure="apart", bound=EQUAL),))


def _returns(width: int, gaps: float) -> FloatArray:
    generator = np.random.default_rng(width)
    returns = generator.normal(0.0005, 0.01, (DAYS, width))
    returns[generator.random(returns.shape) < gaps] = np.nan
    return returns


def _forms(returns: FloatArray) -> dict[str, Form]:
    frame = pd.DataFrame(returns)
    return {
        OURS: lambda: sharpe_ratios(returns)[0],
        "empyrical.sharpe_ratio(array)": lambda: np.asarray(empyrical.sharpe_ratio(returns)),
        "empyrical.sharpe_ratio(DataFrame)": lambda: np.asarray(empyrical.sharpe_ratio(frame)),
    }


def _slow_forms(returns: FloatArray) -> dict[str, Form]:
    frame = pd.DataFrame(returns)
    return {
        "quantstats.sharpe(DataFrame)": lambda: _quantstats_sharpe(frame),
        "quantstats.rolling_sharpe(DataFrame)": lambda: _quantstats_rolling(frame),
    }


def _quantstats_sharpe(frame: pd.DataFrame) -> FloatArray:
    quantstats.utils._PREPARE_RETURNS_CACHE.clear()
    return np.asarray(quantstats.stats.sharpe(frame))


def _quantstats_rolling(frame: pd.DataFrame) -> FloatArray:
    rolling = quantstats.stats.rolling_sharpe(frame, rolling_period=DAYS, prepare_returns=False)
    return np.asarray(rolling.iloc[-1])


def _apart(found: FloatArray, ours: FloatArray) -> float:
    return float(np.max(np.abs(found - ours) / np.maximum(1.0, np.abs(ours))))
