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
    """``boundaries`` are the ways to end a process at the standard tick's boundaries that were tried, of how many."""

    plan: Plan
    histories: int = 0
    deliveries: int = 0
    ticks: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    wrong: Counter[Wrong] = field(default_factory=Counter)
    strikes: int = 0
    walked: int = 0

    def add(self, played: Played) -> None:
        outcome = played.outcome
        self.histories += 1
        self.deliveries += outcome.deliveries
        self.ticks += outcome.ticks
        self.hits += outcome.hits
        self.wrong.update(each.wrong for each in outcome.findings)
        self.strikes = played.strikes
        self.walked += played.has_walked

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
            "boundaries": {"ways_to_end_the_standard_tick": self.strikes, "walked": self.walked},
            **{wrong.value.replace(" ", "_"): self.wrong[wrong] for wrong in Wrong},
        }

    def lines(self, seconds: float) -> Iterator[str]:
        """Print faults in groups; the JSON has each by itself."""
        for kind, count in sorted(self._groups().items()):
            yield f"{count:>9}  {kind}"
        yield f"{self.walked:>9}  of {self.strikes} ways to end the standard tick, walked one by one"
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
