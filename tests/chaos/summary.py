"""What a run found: histories, faults hit by kind, and the counters that must be 0; as a table and as JSON."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.finding import Wrong
from tests.chaos.pool import Plan, Played
from tests.chaos.script import Ending


@dataclass(slots=True, kw_only=True)
class Summary:
    """``walks`` are the ways to meet the standard errands at their boundaries, ``walked`` those that were tried.

    ``tripped`` is how many histories had a breaker trip.
    """

    plan: Plan
    histories: int = 0
    deliveries: int = 0
    ticks: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    wrong: Counter[Wrong] = field(default_factory=Counter)
    errands: Counter[str] = field(default_factory=Counter)
    trips: Counter[str] = field(default_factory=Counter)
    tripped: int = 0
    walks: Counter[str] = field(default_factory=Counter)
    walked: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played) -> None:
        outcome = played.outcome
        self.histories += 1
        self.deliveries += outcome.deliveries
        self.ticks += outcome.ticks
        self.hits += outcome.hits
        self.wrong.update(each.wrong for each in outcome.findings)
        self.errands += outcome.errands
        self.trips += outcome.trips
        self.tripped += bool(outcome.trips)
        self.walks = played.walks
        if played.walked is not None and played.has_walked:
            self.walked[played.walked.name] += 1

    @property
    def is_clean(self) -> bool:
        return not self.wrong.total()

    def to_document(self, seconds: float) -> dict[str, Any]:
        return {
            "histories": self.histories,
            "seed": self.plan.seed,
            "store": self.plan.store.value,
            "seconds": round(seconds, 1),
            "deliveries": self.deliveries,
            "ticks": self.ticks,
            "faults": dict(sorted(self.hits.items())),
            "faults_total": self.hits.total(),
            "operators_and_jobs": dict(sorted(self.errands.items())),
            "breaker_trips": dict(sorted(self.trips.items())),
            "histories_with_a_trip": self.tripped,
            "boundaries": {name: {"ways": ways, "walked": self.walked[name]} for name, ways in self.walks.items()},
            **{wrong.value.replace(" ", "_"): self.wrong[wrong] for wrong in Wrong},
        }

    def lines(self, seconds: float) -> Iterator[str]:
        """Print faults in groups; the JSON has each by itself."""
        for kind, count in sorted(self._groups().items()):
            yield f"{count:>9}  {kind}"
        for errand, count in sorted(self.errands.items()):
            yield f"{count:>9}  {errand}"
        yield f"{self.tripped:>9}  histories with a tripped breaker: {dict(self.trips)}"
        for name, ways in self.walks.items():
            yield f"{self.walked[name]:>9}  of {ways} boundaries walked one by one: {name}"
        yield (
            f"{self.histories} histories on {self.plan.store}, {self.ticks} ticks, {self.deliveries} deliveries, "
            f"{self.hits.total()} faults hit, {seconds:.0f} s"
        )
        yield ", ".join(f"{wrong}: {self.wrong[wrong]}" for wrong in Wrong)

    def _groups(self) -> Counter[str]:
        groups: Counter[str] = Counter()
        for kind, count in self.hits.items():
            groups[_group(kind)] += count
        return groups


def _group(kind: str) -> str:
    """Put the boundaries of one layer together: ``kill -9 before sql INSERT`` is one of ``kill -9 around sql``."""
    for ending in Ending:
        if kind.startswith(ending):
            _, layer, what = kind.removeprefix(f"{ending} ").split(" ", 2)
            return f"{ending} around {layer}: {what}" if layer in ("step", "http") else f"{ending} around {layer}"
    return kind
