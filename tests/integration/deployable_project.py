"""A copy of all that is deployed, to be broken, and how a check of it is told to have failed."""

import shutil
import sys
from pathlib import Path

from scripts.deployment.check import Check, Status

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("firebase.json", "firestore.rules", "firestore.indexes.json", ".secrets.baseline")
LEAVE_OUT = shutil.ignore_patterns("__pycache__")


def copy_project(folder: Path) -> Path:
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    for name in ("functions", "backend"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEAVE_OUT)
    shutil.copytree(ROOT / "deploy", folder / "deploy", symlinks=True, ignore=shutil.ignore_patterns("venv"))
    (folder / "deploy" / "venv").symlink_to(sys.prefix)
    return folder


def failed(check: Check) -> Check:
    assert check.status is Status.FAILED, check
    assert check.remedy, check
    return check


def edit(file: Path, old: str, new: str, count: int = -1) -> None:
    text = file.read_text()
    assert old in text, f"{file.name}: expected {old!r} in it"
    file.write_text(text.replace(old, new, count))


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)
