"""What is watched and told."""

from typing import Literal, get_args

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from backend.configuration.block import Block, Names, key

Channel = Literal["console", "email", "slack", "webhook"]


class AlertThresholdSettings(Block):
    """From where on somebody is told."""

    drawdown: float | None = key(
        None,
        "fall from the highest equity; half of `risk.max_portfolio_drawdown` when not set; 1: off",
        unit="part of equity",
        sets="breakers.drawdown_warning",
        gt=0,
        le=1,
    )
    correlation: float = key(
        0.75, "of two strategies' daily returns; 1: off", unit="correlation", sets="alerts.correlation", gt=0, le=1
    )
    underperformance: float = key(
        -0.10,
        "return of a strategy over its record, compounded; −1: off",
        unit="part of capital",
        sets="alerts.underperformance",
        ge=-1,
        lt=0,
    )


class MonitoringSettings(Block):
    """What is watched and told; see [how to monitor](../how-to/monitor.md)."""

    performance_tracking: bool = key(
        True,
        "judge risk between strategies from their returns and tell of underperformance",
        sets="alerts.performance_tracking",
    )
    alert_thresholds: AlertThresholdSettings = AlertThresholdSettings()
    notification_channels: Names = key(
        ("console",), "where alerts go: `console`, `email`, `slack`, `webhook`", sets="alerts.channels"
    )

    @field_validator("notification_channels")
    @classmethod
    def _known_channels(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = get_args(Channel)
        for name in names:
            if name not in known:
                raise PydanticCustomError(
                    "channel",
                    "Input should be among {known}, and {name} is not",
                    {"known": ", ".join(known), "name": repr(name)},
                )
        return tuple(dict.fromkeys(names))
