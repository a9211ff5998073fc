"""Which strategies run."""

from typing import Any

from backend.configuration.block import Block, Names, key
from backend.domain.signal import StrategyId, Symbol
from backend.domain.strategy_definition import DAILY, StrategyDefinition

NAME = r"^(_?[^/_])+_?$"  # no slash and no "__": they part a record's path and its id


class StrategyDefinitionSettings(Block):
    """One strategy that runs, an instance of its class under its own name."""

    type: str = key(..., "its class, as `maestro list-strategies` names it", min_length=1)
    name: str = key(..., "its identity in signals, records and configuration", pattern=NAME, max_length=100)
    enabled: bool = key(True, "whether it may place orders; its record goes on if not")
    allocation_weight: float = key(
        1.0, "multiplies what the allocation method gives it, before bounds", unit="factor", ge=0, le=100
    )
    parameters: dict[str, Any] = key({}, "parameters of its constructor; the class's own where not given")
    symbols: Names = key((), "all that it is shown; every symbol of the portfolio when empty")
    timeframe: str = key(
        DAILY, "length of the bars it is shown, such as `1h`, `4h`, `1d`, `1w`", pattern=r"^[1-9]\d{0,2}[mhdw]$"
    )

    def definition(self) -> StrategyDefinition:
        return StrategyDefinition(
            name=StrategyId(self.name),
            kind=self.type,
            is_enabled=self.enabled,
            weight=self.allocation_weight,
            parameters=self.parameters,
            symbols=tuple(map(Symbol, self.symbols)),
            timeframe=self.timeframe,
        )
