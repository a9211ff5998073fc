"""Whether a configuration can move, whether it should, and what is left to do first."""

from dataclasses import dataclass
from enum import StrEnum

from maestro.migration.mapping import Migration
from maestro.migration.report import Outcome
from maestro.migration.setting import plain

_SEVERAL = 2
_MANY_LIMITS = 3


class Readiness(StrEnum):
    READY = "ready"
    LOOK = "look"  # it can move; some values need a person's eye
    NOT_READY = "not_ready"  # nothing that is enabled could run


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """``recommended`` and ``against`` are reasons for and against moving at all; ``to_do`` what comes first."""

    readiness: Readiness
    recommended: tuple[str, ...]
    against: tuple[str, ...]
    to_do: tuple[str, ...]


def assessed(migration: Migration) -> Assessment:
    """Judge a configuration by what the seed of this guide names as reasons for and against."""
    return Assessment(
        readiness=_readiness(migration),
        recommended=tuple(_for(migration)),
        against=tuple(_against(migration)),
        to_do=tuple(_to_do(migration)),
    )


def _readiness(migration: Migration) -> Readiness:
    if not any(each.enabled for each in migration.strategies):
        return Readiness.NOT_READY
    is_clean = not migration.report.cautions and not migration.report.counts()[Outcome.NOT_MAPPED]
    return Readiness.READY if is_clean else Readiness.LOOK


def _for(migration: Migration) -> list[str]:
    count = len(migration.strategies)
    limits = plain(migration.settings)["orchestrator"].get("risk", {})
    said = []
    if count >= _SEVERAL:
        said.append(f"{count} strategies share one account: allocation, and limits over all of them")
    if len(migration.venues) >= _SEVERAL:
        said.append(f"{len(migration.venues)} exchanges or accounts are configured")
    if len(limits) >= _MANY_LIMITS:
        said.append(f"{len(limits)} limits of risk hold for the whole portfolio")
    return said


def _against(migration: Migration) -> list[str]:
    said = []
    if len(migration.strategies) == 1:
        said.append("one strategy alone gains little from an orchestrator")
    own = [each.name for each in migration.strategies if each.package]
    if own:
        said.append(f"strategies of your own have to be Maestro's kind of class: {', '.join(own)}")
    if any("timeframe" in each.path and each.outcome is Outcome.NOT_MAPPED for each in migration.report.entries):
        said.append("some strategies decide within the day; Maestro decides on daily bars")
    return said


def _to_do(migration: Migration) -> list[str]:
    said = []
    wanted = sorted({name for name in migration.report.variables.values() if name.startswith("APCA_")})
    if wanted:
        said.append(f"export {' and '.join(wanted)}")
    if migration.report.cautions:
        count = len(migration.report.cautions)
        said.append("look at the one caution" if count == 1 else f"look at the {count} cautions")
    left = migration.report.counts()[Outcome.NOT_MAPPED]
    if left:
        said.append(f"look at {left} {'value' if left == 1 else 'values'} that cannot be mapped")
    return said
