"""Every snippet of README and docs is run, and every link leads somewhere."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from maestro.live.process_files import ProcessFiles
from tests.integration.document_session import read_blocks

ROOT = Path(__file__).resolve().parents[2]
SESSION = Path(__file__).with_name("document_session.py")
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
TIME_LIMIT_SECONDS = 120
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")

# All that no test can run: whole documents, and single blocks by their first line.
DOCUMENTS_NOT_RUN = {
    "docs/how-to/deploy-to-firebase.md": "every command needs a Google Cloud project and a login",
    "docs/reference/benchmarks.md": "the benchmarks take minutes",
}
BLOCKS_NOT_RUN = {
    "README.md": ["make demo     # a year of real prices through the production cycle, offline, with no account"],
    "docs/explanation/chaos.md": [
        "make chaos N=10000 SEED=1",
        "python -m tests.chaos --seed 1 --history 137 --store sqlite",
    ],
    "docs/how-to/monitor.md": [
        "prometheus --config.file=deployment/prometheus/prometheus.yml",
        "curl -X POST http://admin:admin@localhost:3000/api/dashboards/db \\",
    ],
    "docs/how-to/see-inside.md": [
        'jq -c \'select(.correlation_id == "0f9c4c4a5b0e4f2f9d6f6c1f4f0a7d11") | [.timestamp, .message, '
        ".client_order_id]' .maestro/orchestrator.log",
        "maestro start --daemon --metrics-port 9465",
    ],
    "docs/how-to/run-on-alpaca-paper.md": ["export APCA_API_KEY_ID=…        # of the paper account"],
    "docs/tutorials/write-your-own-strategy.md": [". .venv/bin/activate"],
}


def has_snippets(name: str) -> bool:
    """Say whether there is anything to run in a document."""
    if name in DOCUMENTS_NOT_RUN:
        return False
    return any(block.is_run or "output-of" in block.marks for block in read_blocks(ROOT / name))


@pytest.mark.parametrize("name", [name for name in NAMES if has_snippets(name)])
def test_document_snippets_run_in_order(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = _environment()
    if any(block.marks.get("fixture") == "firestore" for block in read_blocks(ROOT / name)):
        environment["FIRESTORE_EMULATOR_HOST"] = request.getfixturevalue("firestore_host")
        environment["GOOGLE_CLOUD_PROJECT"] = request.getfixturevalue("firestore_project")
    with (tmp_path / ".session").open("w+b") as printed:
        session = subprocess.Popen(
            [sys.executable, str(SESSION), str(ROOT / name)],
            cwd=tmp_path,
            env=environment,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = session.wait(timeout=TIME_LIMIT_SECONDS)
        finally:
            _end_group(session)
            _end_daemon(tmp_path)
        printed.seek(0)
        assert status == 0, printed.read().decode()


@pytest.mark.parametrize("name", NAMES)
def test_document_blocks_that_are_not_run_say_why(name: str) -> None:
    unmarked = [block.place for block in read_blocks(ROOT / name) if not block.marks.get("not-run", "a reason")]
    assert unmarked == []


def test_documents_blocks_that_are_not_run_are_listed_here() -> None:
    found: dict[str, list[str]] = {}
    for name in NAMES:
        for block in read_blocks(ROOT / name):
            if "not-run" in block.marks and name not in DOCUMENTS_NOT_RUN:
                found.setdefault(name, []).append(block.text.splitlines()[0])
    assert found == BLOCKS_NOT_RUN


@pytest.mark.parametrize("name", NAMES)
def test_document_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    targets = [match["target"] for match in LINK.finditer(path.read_text())]
    local = [target for target in targets if not target.startswith(("http://", "https://"))]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_documents_index_names_every_document() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / match["target"]).resolve() for match in LINK.finditer(index.read_text())}
    assert [str(path) for path in sorted((ROOT / "docs").rglob("*.md")) if path not in {*linked, index}] == []


def _environment() -> dict[str, str]:
    """Take over what a terminal has, without this process's own settings and credentials."""
    own = ("MAESTRO_", "APCA_", "GCLOUD_", "GOOGLE_", "FIREBASE_", "FIRESTORE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**inherited, "PATH": path, "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}


def _end_group(session: "subprocess.Popen[bytes]") -> None:
    """End what a document started in the background, too."""
    try:
        os.killpg(session.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    session.wait()


def _end_daemon(folder: Path) -> None:
    """End the process that a document left in a session of its own."""
    pid = ProcessFiles(folder=folder / ".maestro").running_pid()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
