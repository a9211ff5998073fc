"""The table of known faults names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "reference" / "known-faults.md").read_text()
NAMES = sorted(set(re.findall(r"`(test_\w+)`", TABLE)))
DEFINED = {
    name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
}


@pytest.mark.parametrize("name", NAMES)
def test_known_fault_is_kept_out_by_a_test_that_exists(name: str) -> None:
    assert name in DEFINED


def test_known_faults_are_all_in_the_table() -> None:
    assert len(re.findall(r"^\| (?!Fault|-)", TABLE, re.MULTILINE)) == 24
