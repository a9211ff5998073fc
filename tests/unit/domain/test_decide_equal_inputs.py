"""Equal inputs give an equal decision, byte for byte, however they lie in memory and whatever process decides."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from backend.domain.allocation import Shrinkage
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.canonical import canonical_json, digest
from backend.domain.decide import decide
from backend.domain.decision import DecisionInputs
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import StrategyId
from backend.domain.track_record import WINDOW_DAYS, TrackRecord
from tests.unit.domain.allocation_inputs import asked, committed, policy_of
from tests.unit.domain.decision_inputs import AAPL, TODAY, account_of, buy, inputs_of
from tests.unit.domain.equal_inputs import layouts, reordered

ROOT = Path(__file__).resolve().parents[3]
CROWD = 200  # wide enough for more than one thread
BY_EQUATIONS = {AllocationMethod.RISK_PARITY, AllocationMethod.MIN_VARIANCE, AllocationMethod.MAX_DIVERSIFICATION}
METHODS = [method for method in AllocationMethod if method not in BY_EQUATIONS]
SCRIPT = """
import sys
from backend.domain.canonical import canonical_json, digest, read_canonical_json
from backend.domain.decide import decide
for line in sys.stdin:
    print(digest(canonical_json(decide(read_canonical_json(line)))))
"""


def crowd(method: AllocationMethod, count: int = CROWD) -> DecisionInputs:
    """Many strategies that all enter, a quarter of them with a short record."""
    generator = np.random.default_rng(count)
    returns = generator.normal(0.0, 0.005, (WINDOW_DAYS, 1)) + generator.normal(0.001, 0.01, (WINDOW_DAYS, count))
    returns[:25, ::4] = np.nan
    names = tuple(StrategyId(f"s{number:03d}") for number in range(count))
    days = tuple(TODAY - timedelta(WINDOW_DAYS - number) for number in range(WINDOW_DAYS))
    return inputs_of(
        {name: buy(AAPL, 0.1 + number / 997) for number, name in enumerate(names)},
        record=TrackRecord(
            strategies=names, days=days, returns=returns, is_virtual=np.zeros(returns.shape, dtype=np.bool_)
        ),
        policy=DecisionPolicy(
            lookback_days=WINDOW_DAYS,
            systemic_sell_threshold=count + 1,
            allocation=AllocationPolicy(method=method, shrinkage=Shrinkage.STANDARD_ERROR),
            risk=RiskLimits(gross_limit=1.0, max_strategy_correlation=0.9, var_limit=0.5),
        ),
        account=account_of(equity="100000"),
    )


def test_decision_is_the_same_from_standing_weights_in_another_order() -> None:
    policy = policy_of(AllocationMethod.EQUAL_WEIGHT, base_weights={"a": 0.1, "b": 0.2, "c": 0.3})
    inputs = asked("abc", policy, book=committed(asked("abc", policy)))
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    assert canonical_json(decide(reordered(inputs))) == canonical_json(decide(inputs))


@pytest.mark.parametrize("method", AllocationMethod)
def test_decision_is_the_same_wherever_returns_lie_in_memory(method: AllocationMethod) -> None:
    inputs = crowd(method, count=30)
    expected = canonical_json(decide(inputs))
    for layout, returns in layouts(inputs.record.returns):
        found = decide(replace(inputs, record=replace(inputs.record, returns=returns)))
        assert canonical_json(found) == expected, layout


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "2", "OPENBLAS_NUM_THREADS": "4"},
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_CORETYPE": "Nehalem"},
    ],
    ids=str,
)
def test_decision_is_the_same_in_another_process(variables: dict[str, str]) -> None:
    crowds = [crowd(method) for method in METHODS]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\n".join(map(canonical_json, crowds)),
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest(canonical_json(decide(inputs))) for inputs in crowds]
