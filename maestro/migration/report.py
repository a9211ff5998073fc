"""What becomes of every value of a configuration: each one ends in exactly one entry."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from maestro.migration.secret import is_secret, variable_of
from maestro.migration.source import Leaf, Node, Place, SourceFile, Table, leaves, written

OVERRIDDEN = "an equal key follows in the same mapping and counts instead"


class Outcome(StrEnum):
    MAPPED = "mapped"  # a setting of Maestro has it
    REPLACED = "replaced"  # something else in Maestro does what it did
    KEPT = "kept"  # it goes on as it is
    NOT_MAPPED = "not_mapped"  # nothing in Maestro does it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value: where it stood, what becomes of it, why, and what is left to do.

    ``target`` is the key in Maestro's file, empty where there is none; ``value`` is what is written there, empty where
    nothing is.
    """

    place: Place
    path: str
    outcome: Outcome
    target: str = ""
    value: str = ""
    why: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something that a person has to look at; ``place`` is None where it holds for the whole."""

    place: Place | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """Entries in the order of the files, one for each of their values."""

    files: tuple[str, ...]
    entries: tuple[Entry, ...]
    cautions: tuple[Caution, ...]
    variables: Mapping[str, str]  # of the environment: name → what Maestro reads it as, or why it does not

    def counts(self) -> dict[Outcome, int]:
        """Return how many values have each outcome."""
        found = Counter(each.outcome for each in self.entries)
        return {outcome: found[outcome] for outcome in Outcome}


@dataclass(slots=True)
class Ledger:
    """Grows while a configuration is mapped; a value that nobody claims is not mapped."""

    files: Sequence[SourceFile]
    cautions: list[Caution] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    _claims: dict[int, Entry] = field(default_factory=dict)
    _leaves: dict[int, Leaf] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in self.files:
            for leaf in file.leaves():
                self._leaves[id(leaf.node)] = leaf
                if leaf.is_overridden:
                    self._claims[id(leaf.node)] = _entry(
                        leaf, Outcome.NOT_MAPPED, why=OVERRIDDEN, advice="delete one of the two"
                    )

    def claim(
        self,
        node: Node | None,
        outcome: Outcome,
        *,
        target: str = "",
        value: str = "",
        why: str = "",
        advice: str = "",
        again: bool = False,
    ) -> None:
        """Say what becomes of every value below a node that has no entry yet, or ``again`` of all of them."""
        for leaf in leaves(node) if node is not None else ():
            own = self._leaves[id(leaf.node)]
            if own.is_overridden or (id(leaf.node) in self._claims and not again):
                continue
            self._claims[id(leaf.node)] = _entry(own, outcome, target=target, value=value, why=why, advice=advice)

    def keep_secrets(self, node: Node, known: Mapping[str, str] | None = None) -> None:
        """Leave every secret below a node where it is, and note the variables that are referred to.

        ``known`` says by key which variable Maestro reads it from.
        """
        for leaf in leaves(node):
            own = self._leaves[id(leaf.node)]
            text = getattr(leaf.node, "text", "")
            if not is_secret(own.path, text):
                continue
            target = (known or {}).get(own.key.lower(), "")
            named = variable_of(text)
            if named is not None:
                self.variables.setdefault(named, f"set {target} to it" if target else "Maestro does not read it")
            where = "in the environment" if named else "where it is"
            self.claim(
                leaf.node,
                Outcome.KEPT,
                target=target,
                why=f"a secret: it stays {where} and is neither shown nor copied",
                advice=f"export {target}" if target else "",
            )

    def caution(self, place: Place | None, text: str) -> None:
        self.cautions.append(Caution(place=place, text=text))

    def is_open(self, node: Node) -> bool:
        """Say whether a value below a node has no entry yet."""
        return any(id(leaf.node) not in self._claims for leaf in leaves(node))

    def report(self) -> MigrationReport:
        """Return the report; whatever is left has no counterpart."""
        for leaf in self._leaves.values():
            self.claim(
                leaf.node,
                Outcome.NOT_MAPPED,
                why="Maestro has no such setting",
                advice="see docs/reference/settings.md for what there is",
            )
        return MigrationReport(
            files=tuple(file.name for file in self.files),
            entries=tuple(self._claims[identity] for identity in self._leaves),
            cautions=tuple(self.cautions),
            variables=dict(sorted(self.variables.items())),
        )


def _entry(
    leaf: Leaf, outcome: Outcome, *, target: str = "", value: str = "", why: str = "", advice: str = ""
) -> Entry:
    return Entry(
        place=leaf.node.place,
        path=written(leaf.path),
        outcome=outcome,
        target=target,
        value=value,
        why=why,
        advice=advice,
    )


def children(node: Node | None) -> Iterable[tuple[str, Node]]:
    """Return the entries of a mapping that count; none of anything else."""
    return dict(node.entries).items() if isinstance(node, Table) else ()
