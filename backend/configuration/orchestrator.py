"""The block ``orchestrator``: everything that a tenant decides about its fund."""

from collections import Counter

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from backend.configuration.allocation import AllocationSettings
from backend.configuration.block import Block, Names, key
from backend.configuration.execution import ExecutionSettings
from backend.configuration.monitoring import MonitoringSettings
from backend.configuration.risk import RiskSettings
from backend.configuration.scoring import ScoringSettings
from backend.configuration.strategies import StrategyDefinitionSettings


class OrchestratorSettings(Block):
    """Everything that a tenant decides about its fund; also its document `config/orchestrator`, which wins."""

    scoring: ScoringSettings = ScoringSettings()
    allocation: AllocationSettings = AllocationSettings()
    risk: RiskSettings = RiskSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    execution: ExecutionSettings = ExecutionSettings()
    disabled_strategies: Names = key((), "strategies that place no order", sets="disabled")
    strategies: tuple[StrategyDefinitionSettings, ...] = key(
        (), "exactly those that run; everything that is found when empty", sets="strategies"
    )

    @field_validator("strategies")
    @classmethod
    def _distinct_names(cls, listed: tuple[StrategyDefinitionSettings, ...]) -> tuple[StrategyDefinitionSettings, ...]:
        twice = [name for name, count in Counter(each.name for each in listed).items() if count > 1]
        if twice:
            raise PydanticCustomError(
                "twice",
                "Input should be strategies of different names, and {names} is there more than once",
                {"names": ", ".join(twice)},
            )
        return listed
