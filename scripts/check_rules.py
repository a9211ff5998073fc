"""Refuse rules that say more than they seem to: statements are OR'd, so a broad one undoes every narrower one.

Run by hand: ``python -m scripts.check_rules``. With ``FIRESTORE_EMULATOR_HOST`` set the compiler's findings count, too.
"""

import json
import os
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from urllib.request import Request, urlopen

from scripts.rules_tree import ANY, REST, Statement, statements

RULES = Path(__file__).resolve().parents[1] / "firestore.rules"
DEFAULT = (REST,)  # the one denial that may stand beside what is allowed: whatever nothing else matches
Pattern = tuple[str, ...]


def rules_problems(rules: str) -> list[str]:
    """Name what is wrong with the rules by themselves.

    Raises
    ------
    ConfigurationError
        They are not written in the subset of the language that is understood here.
    """
    found = statements(rules)
    return [
        *(problem for each in found for problem in _broad(each)),
        *(problem for one, other in combinations(found, 2) for problem in _overlapping(one, other)),
    ]


def compiler_problems(rules: str, host: str, *, project: str = "demo-rules") -> list[str]:
    """Name whatever the emulator's compiler reports: an unknown function is only a warning, and denies everything.

    Parameters
    ----------
    host : ``host:port`` of a Firestore emulator
    project : that the emulator applies these rules to from here on
    """
    body = json.dumps({"rules": {"files": [{"name": "firestore.rules", "content": rules}]}}).encode()
    address = f"http://{host}/emulator/v1/projects/{project}:securityRules"
    request = Request(address, data=body, method="PUT", headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=30.0) as answer:
        issues = json.load(answer).get("issues", [])
    return [
        f"line {each['sourcePosition']['line']}: {each['description']} ({each['severity'].lower()})" for each in issues
    ]


def overlap(one: Pattern, other: Pattern) -> bool:
    """Say whether some path matches both patterns."""
    if one[:1] == (REST,):
        return overlap(one[1:], other) or (bool(other) and overlap(one, other[1:]))
    if other[:1] == (REST,):
        return overlap(other, one)
    if not one or not other:
        return not one and not other
    return (one[0] == other[0] or ANY in (one[0], other[0])) and overlap(one[1:], other[1:])


def _broad(each: Statement) -> Iterator[str]:
    if each.is_denial:
        return
    if REST in each.path:
        yield f"line {each.line}: {_named(each)} allows below any path; only a denial may have a recursive wildcard"
    if each.condition == "true":
        yield f"line {each.line}: {_named(each)} allows without a condition"


def _overlapping(one: Statement, other: Statement) -> Iterator[str]:
    shared = ", ".join(sorted(one.operations & other.operations))
    denials = [each for each in (one, other) if each.is_denial]
    if not shared or len(denials) > 1 or not overlap(one.path, other.path):
        return
    where = f"lines {one.line} and {other.line}: {_named(one)} and {_named(other)}"
    if not denials:
        yield f"{where} both allow {shared} on the same paths; keep one of them"
    elif denials[0].path != DEFAULT:
        yield f"{where}: line {denials[0].line} cannot deny {shared} where the other allows it; drop one"


def _named(statement: Statement) -> str:
    return f"/{'/'.join(statement.path)}"


def main() -> int:
    rules, host = RULES.read_text(), os.environ.get("FIRESTORE_EMULATOR_HOST")
    problems = rules_problems(rules) + (compiler_problems(rules, host) if host else [])
    for each in problems:
        print(f"{RULES.name} {each}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
