"""The scan for secrets: what is planted in a working tree is found, what was looked at is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Put together here, or this file would be found itself.
PLANTED = {
    "AWS Access Key": 'KEY = "AKIA' + 'QLP4ZNTR7WXC2V5M"\n',
    "Private Key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow\n",
    "Alpaca API Key": "the key is PK" + "7XQ2M4ZT9LWC8VR3JD, the rest follows\n",
}
LONG = "h7Qz1LkWv9Xc3Rb5Tn8Y" + "m2Jd4Gs6Fp0AaEeUuIiO"
ALPACA = {
    "a live key": "AK" + "7XQ2M4ZT9LWC8VR3JD",
    "a key of 26": "PK" + "7XQ2M4ZT9LWC8VR3JD5TQ2WB",
    "a secret": f"APCA_API_SECRET_KEY={LONG}",
    "a secret in JSON": f'{{"alpaca_secret": "{LONG}"}}',
}
HARMLESS = "PK-e2e, PKXXXXXXXXXXXXXXXXXX, APCA_API_KEY_ID, AKA, ${APCA_API_SECRET_KEY}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "harmless.py").write_text(HARMLESS)
    (tmp_path / ".gitignore").write_text("*.local\n")
    return tmp_path


@pytest.mark.parametrize("kind", PLANTED)
def test_scan_finds_a_planted_key_before_it_is_committed(tree: Path, kind: str) -> None:
    assert _scan(tree).returncode == 0
    (tree / "notes.txt").write_text(PLANTED[kind])
    (tree / "own.local").write_text(PLANTED[kind])
    answer = _scan(tree)
    assert answer.returncode == 1
    assert f"notes.txt:1: {kind}" in answer.stdout.splitlines()
    assert "own.local" not in answer.stdout  # ignored, so it cannot be committed


@pytest.mark.parametrize("kind", ALPACA)
def test_scan_finds_credentials_of_alpaca(tree: Path, kind: str) -> None:
    (tree / "notes.txt").write_text(f"\n{ALPACA[kind]}\n")
    assert "notes.txt:2: Alpaca API Key" in _scan(tree).stdout.splitlines()


def test_scan_passes_what_was_accepted_and_no_more(tree: Path) -> None:
    (tree / "example.py").write_text(PLANTED["AWS Access Key"])
    assert _scan(tree, "--accept").returncode == 0
    baseline = (tree / ".secrets.baseline").read_text()
    assert _scan(tree).returncode == 0
    assert "QLP4ZNTR7WXC2V5M" not in baseline
    assert str(tree) not in baseline

    (tree / "other.py").write_text(PLANTED["AWS Access Key"])  # accepted in one file is not accepted in another
    assert "other.py:1: AWS Access Key" in _scan(tree).stdout
    (tree / "other.py").unlink()
    doubted = json.loads(baseline)
    doubted["results"]["example.py"][0]["is_secret"] = True
    (tree / ".secrets.baseline").write_text(json.dumps(doubted))
    assert _scan(tree).returncode == 1


def test_scan_passes_a_line_that_says_it_is_none(tree: Path) -> None:
    (tree / "example.py").write_text(PLANTED["AWS Access Key"].rstrip() + "  # pragma: allowlist secret\n")
    assert _scan(tree).returncode == 0


def test_baseline_of_the_repository_is_looked_at() -> None:
    results = json.loads((ROOT / ".secrets.baseline").read_text())["results"]
    entries = [each for found in results.values() for each in found]
    assert all(each["is_secret"] is False for each in entries)
    assert [name for name in results if not (ROOT / name).is_file()] == [], "scripts/scan_secrets.py --accept"


def _scan(tree: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "scan_secrets.py"), f"--root={tree}", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
