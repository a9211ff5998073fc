"""An operator's word on a strategy's mode, as it is configured; what is over is dropped when something is changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from backend.configuration.block import Block, key
from backend.domain.mode import Mode
from backend.domain.mode_override import ModeOverride

_LONGEST_TEXT = 500
PATH = ("scoring", "mode_overrides")


class ModeOverrideSettings(Block):
    """The mode of one strategy over what scoring says; `maestro intervene override` writes it."""

    mode: Mode = key(..., "the mode that it is in; one that is disabled by configuration stays so")
    until: AwareDatetime = key(..., "when it ends by itself", unit="instant with its offset")
    reason: str = key(..., "why; every decision says it", pattern=r"\S", max_length=_LONGEST_TEXT)
    by: str = key("configuration", "who", pattern=r"\S", max_length=_LONGEST_TEXT)

    def override(self) -> ModeOverride:
        return ModeOverride(mode=self.mode, until=self.until, reason=self.reason, by=self.by)


def without_expired(
    values: Mapping[str, Any], overrides: Mapping[str, ModeOverrideSettings], at: datetime
) -> dict[str, Any]:
    """Return a configuration's ``values`` without the overrides that have ended.

    Parameters
    ----------
    overrides : those of ``values``, read
    """
    block, name = PATH
    kept = {
        strategy: values[block][name][strategy] for strategy, each in overrides.items() if each.override().is_live(at)
    }
    if len(kept) == len(overrides):
        return dict(values)
    scoring = {key: value for key, value in values[block].items() if key != name} | ({name: kept} if kept else {})
    rest = {key: value for key, value in values.items() if key != block}
    return rest | ({block: scoring} if scoring else {})
