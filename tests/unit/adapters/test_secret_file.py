"""The file of credentials: who may read it, where it may lie, and that no update is lost."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.adapters.secret_file import SecretFile
from backend.domain.access import BrokerAccess, Secret
from backend.domain.errors import ConfigurationError, StoreCorrupt, StoreUnavailable
from tests.fakes.cycle import SetClock

ROOT = Path(__file__).parents[3]
HUSH = "hush-9fK2mQ7xL4"
ACCESS = BrokerAccess(key="PKAAAABBBBCCCCDDDD01", secret=Secret(HUSH), paper=True)
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)

STORE_TEN = """
import sys
from pathlib import Path
from backend.adapters.secret_file import SecretFile
from backend.adapters.system_clock import SystemClock
from backend.domain.access import BrokerAccess, Secret

file = SecretFile(Path(sys.argv[1]), SystemClock())
for number in range(10):
    access = BrokerAccess(key="K", secret=Secret("s"), paper=True)
    file.store_broker_access(f"{sys.argv[2]}-{number}", access)
    file.store_broker_access("shared", access)
"""


def secret_file(path: Path) -> SecretFile:
    return SecretFile(path, SetClock(NOW))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "secrets.json"


def test_secret_file_is_made_for_its_owner_alone(path: Path) -> None:
    secret_file(path).store_broker_access("acme", ACCESS)
    assert {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {
        "secrets.json": 0o600,
        "secrets.json.lock": 0o600,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700
    record = secret_file(path).record("acme")
    assert record is not None
    assert (record.place, record.version, record.since) == (str(path), 1, NOW)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o700])
def test_secret_file_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    secret_file(path).store_broker_access("acme", ACCESS)
    path.chmod(mode)
    refused = f"expected a file that its owner alone reads and writes .mode 600., found mode {mode:03o}; run `chmod 600"
    with pytest.raises(ConfigurationError, match=refused):
        secret_file(path).broker_access("acme")
    with pytest.raises(ConfigurationError, match=refused):
        secret_file(path).store_broker_access("globex", ACCESS)
    path.chmod(0o600)
    assert secret_file(path).broker_access("acme") == ACCESS


@pytest.mark.parametrize("mark", [".git", "firebase.json"])
def test_secret_file_inside_a_project_is_refused_by_either_of_its_names(tmp_path: Path, mark: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / "deploy").mkdir(parents=True)
    outside.mkdir()
    (project / mark).write_text("{}")  # of a worktree, .git is a file
    (outside / "link").symlink_to(project / "deploy")
    (project / "away").symlink_to(outside)
    for path in (project / "deploy" / "s.json", outside / "link" / "s.json", project / "away" / "s.json"):
        with pytest.raises(ConfigurationError, match=r"credentials\.file: expected a place outside of every project"):
            secret_file(path).store_broker_access("acme", ACCESS)
        with pytest.raises(ConfigurationError, match="move it, such as to"):
            secret_file(path).broker_access("acme")
    assert list(outside.iterdir()) == [outside / "link"]
    assert list((project / "deploy").iterdir()) == []


def test_secret_file_in_this_repository_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="a git repository"):
        secret_file(ROOT / "deploy" / "secrets.json").broker_access("acme")


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"broker": []}', f'{{"broker": "{HUSH}'])
def test_secret_file_that_is_none_is_refused_and_left_as_it_is(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(StoreCorrupt, match='expected a JSON object with "broker"') as caught:
        secret_file(path).broker_access("acme")
    assert HUSH not in str(caught.value)
    with pytest.raises(StoreCorrupt):
        secret_file(path).store_broker_access("acme", ACCESS)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("paper", None, "found none in paper"),
        ("paper", "false", "found none in paper"),
        ("secret", 7, "found none in secret"),
        ("key", None, "found none in key"),
        ("secret", f"{HUSH}\n", "found broker credentials: expected a secret key"),
    ],
)
def test_secret_file_entry_that_is_no_access_is_refused_without_its_values(
    path: Path, field: str, value: object, words: str
) -> None:
    secret_file(path).store_broker_access("acme", ACCESS)
    document = json.loads(path.read_text())
    document["broker"]["acme"][field] = value
    path.write_text(json.dumps(document))
    with pytest.raises(StoreCorrupt, match=words) as caught:
        secret_file(path).broker_access("acme")
    assert HUSH not in str(caught.value)


def test_secret_file_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="expected to read and write the file of credentials"):
        secret_file(tmp_path / "file" / "secrets.json").store_broker_access("acme", ACCESS)


def test_secret_file_loses_no_update_of_four_processes(path: Path) -> None:
    arguments = [sys.executable, "-c", STORE_TEN, str(path)]
    processes = [subprocess.Popen([*arguments, f"t{number}"], cwd=ROOT) for number in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    found = json.loads(path.read_text())["broker"]
    assert set(found) == {"shared", *(f"t{process}-{number}" for process in range(4) for number in range(10))}
    assert found["shared"]["version"] == 40
