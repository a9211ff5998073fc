"""What is large is not indexed: Firestore would write every part of it into an index of its own."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.sqlite import SqliteDocuments
from tests.emulators import suite
from tests.emulators.tiers import require_tier
from tests.fakes.audited import write_chain
from tests.indexes.executed import ROOT
from tests.indexes.index_rules import read_indexes

DEFINITION = ROOT / "firestore.indexes.json"
INDEXES = read_indexes(DEFINITION)
MOST_OVERRIDES = 200  # that a database may have
SHORT = 64  # characters: a hash is still indexed, prose is not
SECTION = re.compile(r"^## `([^`]+)`$", re.MULTILINE)
COMPOUND = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| (?:list|map|bytes|JSON|canonical JSON|compressed)\b", re.MULTILINE)
CHECK = """
const {FirestoreApi} = require(process.argv[1] + "/lib/firestore/api");
const spec = new FirestoreApi().upgradeOldSpec(JSON.parse(require("fs").readFileSync(process.argv[2])));
new FirestoreApi().validateSpec(spec);
"""

Fields = Mapping[tuple[str, str], int]  # the longest value by collection and field


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Fields:
    """What a demo with demotions, and commands, leave behind."""
    store = tmp_path_factory.mktemp("stored") / "maestro.db"
    command = [sys.executable, "-m", "maestro", "demo", "--days", "30", "--store", str(store)]
    subprocess.run([*command, "--report", str(store.with_name("r.html"))], check=True, capture_output=True)
    documents = SqliteDocuments(store, durable=False)
    write_chain(documents)
    documents.close()
    found: dict[tuple[str, str], int] = {}
    with closing(sqlite3.connect(store)) as connection:
        for path, fields in connection.execute("SELECT path, fields FROM documents"):
            for name, value in json.loads(fields).items():
                place = path.split("/")[-2], name
                found[place] = max(found.get(place, 0), _length(value))
    return found


def _length(value: Any) -> int:
    """Return the length of a text; of whatever has parts, more than any is allowed."""
    if isinstance(value, str):
        return len(value)
    return SHORT + 1 if isinstance(value, list | dict) else 0


def test_large_fields_that_are_stored_have_no_index(stored: Fields) -> None:
    assert len(stored) > 100
    large = sorted(place for place, length in stored.items() if length > SHORT)
    assert len(large) > 20
    assert [place for place in large if not INDEXES.is_exempt(*place)] == []


def test_fields_that_are_documented_as_lists_or_maps_have_no_index(stored: Fields) -> None:
    parts = SECTION.split((ROOT / "docs" / "reference" / "documents.md").read_text())
    places = [
        (path.split("/")[-2], name)
        for path, text in zip(parts[1::2], parts[2::2], strict=True)
        for names in COMPOUND.findall(text)
        for name in re.findall(r"\w+", names)
    ]
    assert len(places) > 10
    numbers = {place for place, length in stored.items() if length == 0}  # a row may name several fields
    assert [place for place in places if place not in numbers and not INDEXES.is_exempt(*place)] == []


def test_field_overrides_are_each_given_once_and_no_more_than_a_database_may_have() -> None:
    given = json.loads(DEFINITION.read_text())["fieldOverrides"]
    assert len({(each["collectionGroup"], each["fieldPath"]) for each in given}) == len(given) <= MOST_OVERRIDES


@pytest.mark.suite
@pytest.mark.parametrize("is_broken", [False, True])
def test_index_definition_is_what_firebase_tools_deploys(tmp_path: Path, is_broken: bool) -> None:
    require_tier("firebase-tools emulator suite", suite.is_available(), suite.ENABLE_COMMAND)
    definition = json.loads(DEFINITION.read_text())
    if is_broken:
        del definition["fieldOverrides"][-1]["indexes"]
    file = tmp_path / "indexes.json"
    file.write_text(json.dumps(definition))
    tools = ROOT / "node_modules" / "firebase-tools"
    checked = subprocess.run(["node", "-e", CHECK, str(tools), str(file)], capture_output=True, text=True, timeout=60)
    assert (checked.returncode != 0) is is_broken, checked.stderr
    assert not is_broken or 'Must contain "indexes"' in checked.stderr
