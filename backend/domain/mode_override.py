"""An operator's word on a strategy's mode, over what its record earns it, until an instant."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.errors import ConfigurationError
from backend.domain.mode import MULTIPLIERS, Mode, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeOverride:
    """``until`` is the first instant at which it is no longer in force."""

    mode: Mode
    until: datetime
    reason: str
    by: str

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ConfigurationError(f"mode override: expected until with its offset, found {self.until}; add one")
        for name, text in (("reason", self.reason), ("by", self.by)):
            if not text.strip():
                raise ConfigurationError(f"mode override: expected a {name}, found none; say it")

    def is_live(self, at: datetime) -> bool:
        return at < self.until

    def over(self, scored: Score) -> Score:
        """Return its own mode and multiplier in place of what scoring gave, which the reason still says."""
        return Score(
            mode=self.mode,
            multiplier=MULTIPLIERS[self.mode],
            reason=(
                f"override by {self.by} until {self.until.isoformat()}: {self.reason}; "
                f"scoring says {scored.mode} ({scored.reason})"
            ),
        )
