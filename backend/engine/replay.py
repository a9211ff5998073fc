"""Derive a logged decision again from its logged inputs, and say what comes out differently."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.domain.audit_chain import Link
from backend.domain.canonical import digest, plain, read_canonical_json
from backend.domain.decide import decide
from backend.domain.decision import DecisionInputs
from backend.domain.difference import Difference, differences, leaf_count
from backend.domain.errors import MaestroError, StoreCorrupt
from backend.engine.code_version import code_version
from backend.engine.log_entry import decision_body

_PLACE = frozenset({"portfolio_id", "uid", "sequence", "code_version", "inputs_hash"})  # given to it, not decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How a decision came out again.

    ``differences`` are the leaves that differ, ``leaves`` how many the logged decision has. ``problem`` says why
    nothing could be derived; empty where it could.
    """

    log_id: str
    differences: tuple[Difference, ...]
    leaves: int
    logged_version: str
    version: str
    problem: str = ""

    @property
    def is_identical(self) -> bool:
        return not self.differences and not self.problem

    @property
    def is_same_code(self) -> bool:
        return self.logged_version == self.version


def replayed(log_id: str, body: Mapping[str, Any], inputs: str) -> Replayed:
    """Decide again and compare with ``body``; inputs that are not those of its ``inputs_hash`` differ first."""
    logged = {name: value for name, value in body.items() if name not in _PLACE}
    found = list(differences({"inputs_hash": body.get("inputs_hash")}, {"inputs_hash": digest(inputs)}))
    problem = ""
    try:
        derived = _derived(inputs)
    except MaestroError as e:
        problem = str(e)
    else:
        found += differences(logged, derived)
    return Replayed(
        log_id=log_id,
        differences=tuple(found),
        leaves=leaf_count(logged),
        logged_version=str(body.get("code_version", "")),
        version=code_version(),
        problem=problem,
    )


def replayed_link(link: Link) -> Replayed:
    """Decide a decision of the chain again as it is found; what cannot be read is its problem."""
    log_id = str(link.entry.stated.get("log_id"))
    try:
        body = plain(read_canonical_json(link.entry.body or ""))
    except StoreCorrupt as e:
        return _underivable(log_id, {}, f"{link.entry.path}: {e}")
    if link.inputs is None:
        return _underivable(log_id, body, f"{link.entry.path}: expected inputs, found {link.inputs_problem}")
    return replayed(log_id, body, link.inputs)


def _underivable(log_id: str, body: Mapping[str, Any], problem: str) -> Replayed:
    version = str(body.get("code_version", ""))
    return Replayed(
        log_id=log_id, differences=(), leaves=0, logged_version=version, version=code_version(), problem=problem
    )


def _derived(inputs: str) -> Mapping[str, Any]:
    value = read_canonical_json(inputs)
    if not isinstance(value, DecisionInputs):
        raise StoreCorrupt(f"expected the inputs of a decision, found {type(value).__name__}; see maestro audit verify")
    # As a log reads it: lists for tuples.
    return {name: plain(item) for name, item in decision_body(decide(value)).items()}
