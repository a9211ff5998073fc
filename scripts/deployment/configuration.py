"""firebase.json as its schema has it, and firestore.indexes.json as firebase-tools and Firestore have it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.deployment.check import Check, failed, passed
from scripts.deployment.firebase_tools import SCHEMA, ToolRefused, validate_indexes

CONFIGURATION, INDEXES = "firebase.json", "indexes"


def check_configuration(root: Path) -> Check:
    """Judge firebase.json by the schema that firebase-tools ships, and look for the files that it names."""
    from jsonschema import Draft7Validator

    try:
        configuration = json.loads((root / "firebase.json").read_text())
    except json.JSONDecodeError as e:
        return failed(CONFIGURATION, f"no JSON: {e}", "correct the line that is named")
    errors = sorted(Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(configuration), key=str)
    wrong = [f"{error.json_path}: {error.message}" for each in errors for error in _innermost(each)]
    if wrong:
        return failed(CONFIGURATION, wrong[0], "correct the key; the schema lies in firebase-tools", tuple(wrong))
    missing = [name for name in _named_files(configuration) if not (root / name).exists()]
    if missing:
        return failed(CONFIGURATION, f"names {', '.join(missing)}, which does not exist", "correct the path")
    return passed(CONFIGURATION, f"as the schema has it: {', '.join(sorted(configuration))}")


def check_indexes(root: Path) -> Check:
    """Judge the indexes by the code that ``firebase deploy`` judges them by, and look for repetitions."""
    file = root / json.loads((root / "firebase.json").read_text())["firestore"]["indexes"]
    try:
        validate_indexes(file)
    except ToolRefused as e:
        return failed(INDEXES, str(e), f"correct {file.name}")
    specification = json.loads(file.read_text())
    composites, overrides = specification.get("indexes", []), specification.get("fieldOverrides", [])
    counted = Counter([_composite(each) for each in composites] + [_override(each) for each in overrides])
    repeated = [text for text, count in counted.items() if count > 1]
    if repeated:
        return failed(INDEXES, f"twice: {repeated[0]}", f"remove one from {file.name}", tuple(repeated))
    lone = [_composite(each) for each in composites if len(each["fields"]) < 2]
    if lone:
        remedy = "write it as a fieldOverride: Firestore refuses a composite index of one field"
        return failed(INDEXES, f"one field alone: {lone[0]}", remedy, tuple(lone))
    return passed(INDEXES, f"{len(composites)} composite, {len(overrides)} of single fields", tuple(sorted(counted)))


def _innermost(error: Any) -> Iterator[Any]:
    """Yield what is wrong itself: "not valid under any of the given schemas" says nothing."""
    if error.context:
        deepest = max(len(each.absolute_path) for each in error.context)
        for each in error.context:
            if len(each.absolute_path) == deepest:
                yield from _innermost(each)
    else:
        yield error


def _named_files(configuration: Mapping[str, Any]) -> Iterator[str]:
    yield from (configuration["firestore"][key] for key in ("rules", "indexes"))
    yield from (each["source"] for each in configuration["functions"])


def _composite(index: Mapping[str, Any]) -> str:
    fields = ", ".join(
        f"{each['fieldPath']} {each.get('order') or each.get('arrayConfig') or 'vector'}" for each in index["fields"]
    )
    return f"{index['collectionGroup']} ({index.get('queryScope', 'COLLECTION')}): {fields}"


def _override(override: Mapping[str, Any]) -> str:
    return f"{override['collectionGroup']}.{override['fieldPath']}: single field"
