"""The reference says what the code says: settings, commands, errors, stored documents, import contracts."""

import json
import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.domain import errors
from maestro.cli.exit_codes import exit_code
from maestro.cli.main import app
from scripts import write_cli_reference, write_settings_reference

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def sections(path: Path) -> dict[str, str]:
    """Split a document at its second-level headings."""
    parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_settings_reference_is_up_to_date() -> None:
    found = (REFERENCE / "settings.md").read_text()
    assert found == write_settings_reference.reference(), "run scripts/write_settings_reference.py"


def test_cli_reference_is_up_to_date() -> None:
    found = (REFERENCE / "cli.md").read_text()
    assert found == write_cli_reference.reference(), "run scripts/write_cli_reference.py"


@pytest.mark.parametrize("command", sorted(write_cli_reference.commands()))
def test_cli_reference_has_every_option_of_help(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    offered = set(re.findall(r"^\W*(--[a-z-]+)", shown, flags=re.MULTILINE)) - {"--help"}
    documented = set(
        re.findall(r"^\| `(--[a-z-]+)`", sections(REFERENCE / "cli.md")[f"`maestro {command}`"], re.MULTILINE)
    )
    assert offered == documented
    assert offered


def test_readme_lists_every_command() -> None:
    rows = re.findall(r"^\| (`maestro [^|]+) \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    listed = [name.removeprefix("maestro ") for row in rows for name in re.findall(r"`([a-z -]+)`", row)]
    assert sorted(listed) == sorted(write_cli_reference.commands())


def test_errors_reference_has_the_whole_tree() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (\d) \|$", (REFERENCE / "errors.md").read_text(), flags=re.MULTILINE)
    tree = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert {name: int(status) for name, status in rows} == {name: exit_code(kind("")) for name, kind in tree.items()}


@pytest.fixture(scope="module")
def demo_fields(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Fields by heading of every document that a demo with demotions writes."""
    store = tmp_path_factory.mktemp("demo") / "demo.db"
    report = store.with_name("report.html")
    command = [sys.executable, "-m", "maestro", "demo", "--days", "30", "--store", str(store), "--report", str(report)]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(store)) as connection:
        for path, fields in connection.execute("SELECT path, fields FROM documents"):
            found.setdefault(heading(path), set()).update(json.loads(fields))
    return found


def heading(path: str) -> str:
    """Name the section that describes a document."""
    if path.startswith("systemStatus/tenants/"):
        return "`systemStatus/tenants/summaries/{t}`"
    if path.startswith("systemStatus/"):
        return "`systemStatus/orchestration_logs/logs/{tenant}~{log_id}`"
    _, _, collection, name = path.split("/")
    if collection == "state":
        kind, separator, _ = name.partition("_main")
        return f"`tenants/{{t}}/state/{kind}{'_{portfolio_id}' if separator else ''}`"
    identifiers = {
        "ticks": "{tick_id}",
        "orders": "{client_order_id}",
        "ledger_trades": "{trade_id}",
        "strategy_performance": "{perf_id}",
        "shadow_pnl": "{id}",
        "orchestration_logs": "{log_id}",
        "strategies": "{s}",
        "portfolio_performance": "{perf_id}",
        "journal": "{portfolio_id}__{number}",
        "alerts": "{id}",
    }
    return f"`tenants/{{t}}/{collection}/{identifiers.get(collection, name)}`"


def test_documents_reference_names_every_field_that_is_written(demo_fields: dict[str, set[str]]) -> None:
    described = sections(REFERENCE / "documents.md")
    log = described["`tenants/{t}/orchestration_logs/{log_id}`"]
    described["`systemStatus/orchestration_logs/logs/{tenant}~{log_id}`"] += log  # "the same fields"
    unnamed = {
        f"{place} {field}"
        for place, fields in demo_fields.items()
        for field in fields
        if f"`{field}`" not in described.get(place, "")
    }
    assert unnamed == set()


def test_documents_reference_describes_no_field_that_is_not_written(demo_fields: dict[str, set[str]]) -> None:
    described = sections(REFERENCE / "documents.md")
    stale = {
        f"{place} {field}"
        for place, fields in demo_fields.items()
        for field in _named(described[place])
        if field not in fields
    }
    assert stale == set()


def _named(section: str) -> Iterator[str]:
    """Yield the fields that the first column of a section's table names."""
    for first in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, flags=re.MULTILINE):
        yield from re.findall(r"`(\w+)`", first)


def test_architecture_names_every_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text = (ROOT / "ARCHITECTURE.md").read_text().replace(r"\|", "|")  # as it is written in a table
    names = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]
    assert [name for name in names if name not in text] == []


def test_architecture_names_every_folder_of_the_packages() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = [
        folder.name
        for package in ("backend", "functions", "maestro")
        for folder in (ROOT / package).iterdir()
        if (folder / "__init__.py").exists()
    ]
    assert [name for name in folders if f"{name}/" not in text] == []


def test_readme_shows_the_result_within_its_first_20_lines() -> None:
    head = "\n".join((ROOT / "README.md").read_text().splitlines()[:20])
    assert "make demo" in head
    assert "Buy and hold" in head
