"""Everyone judged at once: by name and not by place, on the window that was asked for."""

import math
from datetime import UTC, datetime, timedelta

import empyrical
import numpy as np
import pytest

from backend.domain.mode import Evidence, Mode, ThresholdPolicy
from backend.domain.signal import StrategyId
from backend.domain.track_record import TrackRecord

NOW = datetime(2026, 1, 30, 21, 1, tzinfo=UTC)
NAMES = tuple(map(StrategyId, "abcdefgh"))


def record(days: int = 40) -> TrackRecord:
    """Eight strategies on the calendar days up to yesterday; ``c`` loses the same every day, ``d`` has gaps."""
    returns = np.random.default_rng(11).normal(0.001, 0.01, (days, len(NAMES)))
    returns[:, 2] = -0.01
    returns[::3, 3] = np.nan
    return TrackRecord(
        strategies=NAMES,
        days=tuple(NOW.date() - timedelta(days=back) for back in range(days, 0, -1)),
        returns=returns,
        is_virtual=np.zeros(returns.shape, dtype=np.bool_),
    )


def evidence(*names: str, lookback_days: int = 30) -> Evidence:
    asked = tuple(map(StrategyId, names))
    return Evidence(strategies=asked, record=record(), standing={}, now=NOW, lookback_days=lookback_days)


@pytest.mark.parametrize("lookback_days", [7, 30])
def test_threshold_policy_judges_all_as_one_by_one(lookback_days: int) -> None:
    found = ThresholdPolicy().judge(evidence(*NAMES, lookback_days=lookback_days))
    window = record().returns[-lookback_days:]
    expected = [empyrical.sharpe_ratio(window[:, j]) for j in range(len(NAMES))]
    expected[2] = math.nan  # empyrical divides by the rounding left in the deviation of equal losses
    np.testing.assert_allclose(found.sharpes, expected, rtol=1e-9)
    assert found.counts == [int(np.isfinite(window[:, j]).sum()) for j in range(len(NAMES))]
    one_by_one = [
        ThresholdPolicy().score(sharpe, n, is_flat_loss=name == "c")
        for name, sharpe, n in zip(NAMES, found.sharpes, found.counts, strict=True)
    ]
    assert found.scores == one_by_one
    assert found.scores[2].reason == f"Sharpe undefined: {lookback_days} equal losses"


@pytest.mark.parametrize("asked", ["hgfedcba", "ch", "ahx", "x", ""])
def test_threshold_policy_finds_everyone_by_name(asked: str) -> None:
    everyone = dict(zip(NAMES, ThresholdPolicy().judge(evidence(*NAMES)).scores, strict=True))
    found = ThresholdPolicy().judge(evidence(*asked))
    for name, score in zip(asked, found.scores, strict=True):
        if name == "x":
            assert (score.mode, score.reason[:33]) == (Mode.ACTIVE, "insufficient data: 0 daily return")
        else:
            assert score == everyone[StrategyId(name)]
    assert len(found.sharpes) == len(found.counts) == len(asked)


def test_evidence_in_the_order_of_the_record_is_not_copied() -> None:
    given = evidence(*NAMES)
    assert given.columns(given.record.returns) is given.record.returns


def test_evidence_on_an_empty_record_is_all_missing() -> None:
    empty = TrackRecord(strategies=(), days=(), returns=np.empty((0, 0)), is_virtual=np.empty((0, 0), dtype=np.bool_))
    given = Evidence(strategies=NAMES[:2], record=empty, standing={}, now=NOW)
    assert given.columns(empty.returns).shape == (0, 2)
    assert ThresholdPolicy().judge(given).counts == [0, 0]
