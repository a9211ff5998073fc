"""What all strategies said in one tick, and who could not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from backend.domain.signal import StrategyId, StrategySignal


class AccountSnapshot(TypedDict, total=False):
    """The account as strategies see it: plain numbers, in account currency and shares.

    ``sleeves`` holds each strategy's own positions (strategy → symbol → quantity; virtual ones in shadow),
    ``positions`` those of the whole account (symbol → quantity).
    """

    equity: float
    cash: float
    buying_power: float
    positions: Mapping[str, float]
    sleeves: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Checked signals by strategy, in name order, and one sentence per strategy that failed."""

    signals: Mapping[StrategyId, StrategySignal] = field(default_factory=dict)
    failures: Mapping[StrategyId, str] = field(default_factory=dict)
