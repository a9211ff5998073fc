"""Which strategies run, as a configuration lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.domain.signal import StrategyId, Symbol

DAILY = "1d"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyDefinition:
    """One instance of a strategy class under its own name.

    ``kind`` is the class, by its name or one that it goes by; ``symbols`` are all that it is shown, every symbol of
    the portfolio when empty; ``timeframe`` is the length of the bars that it is shown.
    """

    name: StrategyId
    kind: str
    is_enabled: bool = True
    weight: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    symbols: tuple[Symbol, ...] = ()
    timeframe: str = DAILY
