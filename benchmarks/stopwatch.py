"""Times taken in turns, A B A B, so that whatever slows the machine slows every side alike."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Action = Callable[[], object]
MILLISECONDS = 1e3


def interleaved(actions: Mapping[str, Action], *, rounds: int, sample_seconds: float = 0.0) -> dict[str, list[float]]:
    """Time every action once a round, in turns; return milliseconds a call, by action.

    Parameters
    ----------
    rounds : int
        Samples of each action, after one untimed call that warms it up.
    sample_seconds : float
        Short actions are called as often as fills this time, and a sample is the mean of those calls.
    """
    calls = {name: _calls(action, sample_seconds) for name, action in actions.items()}
    samples: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            samples[name].append(_sample(action, calls[name]))
    return samples


def medians(samples: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: median(values) for name, values in samples.items()}


def percentile(values: list[float], percent: float) -> float:
    """Return the smallest value that at least ``percent`` of all values do not exceed."""
    ordered = sorted(values)
    rank = max(-(-len(ordered) * percent // 100), 1)
    return ordered[int(rank) - 1]


def timed(action: Action) -> float:
    """Return the milliseconds that one call takes."""
    return _sample(action, 1)


def _calls(action: Action, sample_seconds: float) -> int:
    action()
    once = _sample(action, 1) / MILLISECONDS if sample_seconds else 1.0
    return max(int(sample_seconds / once), 1)


def _sample(action: Action, calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        action()
    return (perf_counter() - start) / calls * MILLISECONDS
