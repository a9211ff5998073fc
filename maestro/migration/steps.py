"""The steps from one configuration to Maestro, each with the command that takes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from maestro.migration.mapping import Migration
from maestro.migration.readiness import Readiness, assessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do, and the command; empty where a person does it."""

    what: str
    command: str = ""


def steps_of(migration: Migration, *, named: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Return the steps for a configuration; ``named`` are its files where they are not found by themselves."""
    config = "".join(f" --config {name}" for name in named)
    return tuple(_steps(migration, config))


def _steps(migration: Migration, config: str) -> Iterator[Step]:
    assessment = assessed(migration)
    yield Step(what="Look at what becomes of every value", command=f"maestro migrate analyze --all{config}")
    for name, read_as in migration.report.variables.items():
        if read_as.startswith("APCA_") and read_as != name:
            yield Step(what=f"Let Maestro find {read_as}", command=f'export {read_as}="${name}"')
    for each in migration.strategies:
        if not each.has_type:
            yield Step(what=f"Bring the class of {each.name} ({each.runs_as}), a BaseStrategy, and name its --package")
    if assessment.readiness is Readiness.NOT_READY:
        yield Step(what="Nothing could run yet: enable a strategy that Maestro has, or bring a class")
        return
    yield Step(what="Copy the files", command=f"maestro migrate backup{config}")
    yield Step(
        what="Write Maestro's settings to look at", command=f"maestro migrate generate --output draft.yaml{config}"
    )
    yield Step(what="Check them", command="maestro migrate validate draft.yaml")
    movable = [each.source for each in migration.strategies if each.enabled]
    if len(movable) > 1:
        yield Step(
            what="Play both over recorded days, and move one strategy first",
            command=f"maestro migrate migrate --strategies {movable[0]}{config}",
        )
        rest = ",".join(movable[1:])
        yield Step(what="Later the others", command=f"maestro migrate migrate --strategies {rest}{config}")
    else:
        yield Step(what="Play both over recorded days, and move", command=f"maestro migrate migrate{config}")
    yield Step(what="Stop the old bot; let it start anew for what is left to it")
    yield Step(what="Run Maestro without orders, then with them", command="maestro start --dry-run")
    yield Step(what="Back, at any time", command="maestro migrate rollback")
