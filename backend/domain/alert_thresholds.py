"""From where on somebody is told."""

from dataclasses import dataclass

from backend.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertThresholds:
    """Fractions: a fall from the high-water mark, a correlation of two strategies, a strategy's cumulative return.

    A drawdown or correlation of 1 and an underperformance of −1 give no alert.
    """

    drawdown: float = 0.10
    correlation: float = 0.75
    underperformance: float = -0.10

    def __post_init__(self) -> None:
        for key, is_right, expected in (
            ("drawdown", 0.0 < self.drawdown <= 1.0, "above 0 and at most 1"),
            ("correlation", 0.0 < self.correlation <= 1.0, "above 0 and at most 1"),
            ("underperformance", -1.0 <= self.underperformance < 0.0, "at least -1 and below 0"),
        ):
            if not is_right:
                raise ConfigurationError(
                    f"alert_thresholds.{key}: expected {expected}, found {getattr(self, key)}; correct it"
                )
