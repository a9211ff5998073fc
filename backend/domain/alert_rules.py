"""From where on somebody is told, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """``correlation`` of 1 and ``underperformance`` of −1 switch their alert off.

    Without ``performance_tracking`` strategies are not compared by their returns: neither correlation nor value at risk
    nor underperformance is judged.
    """

    correlation: float = 0.75
    underperformance: float = -0.10
    performance_tracking: bool = True
    channels: tuple[str, ...] = ("console",)
