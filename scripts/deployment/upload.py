"""What ``firebase deploy`` would upload of the functions, packed by firebase-tools itself and looked into."""

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from scripts.deployment.check import Check, failed, passed
from scripts.deployment.firebase_tools import ToolRefused, package
from scripts.scanning.secret_scan import beyond, read_baseline, scan

UPLOAD, CONTENT, REQUIREMENTS = "upload list", "upload content", "requirements"
EXPECTED = ("main.py", "requirements.txt", "functions/main.py", "backend/settings.py")
# By kind, the names of files and folders that have no business in the cloud.
FORBIDDEN = {
    "a secret": (
        *("*.local", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "id_rsa*", "id_ed25519*", ".netrc", ".npmrc"),
        *(".pypirc", "*service*account*.json", "*credentials*.json", "*adminsdk*.json"),
    ),
    "a test": ("test_*.py", "*_test.py", "conftest.py", "tests"),
    "a cache or an environment": (
        *("__pycache__", "*.pyc", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "node_modules"),
        *("venv", ".venv", ".git", "*.egg-info"),
    ),
    "a database": ("*.db", "*.db-*", "*.sqlite", "*.sqlite3", ".maestro"),
    "a log": ("*.log",),
}
_PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[A-Za-z0-9,._-]+\])?==[^\s;]+(\s*;.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What was packed, unpacked again into ``folder``; ``packed_bytes`` is the archive's size."""

    folder: Path
    names: tuple[str, ...]
    packed_bytes: int


@contextmanager
def packed(root: Path) -> Iterator[Upload]:
    """Let firebase-tools pack what it would upload.

    Raises
    ------
    ToolRefused
        A link below ``deploy/`` leads nowhere.
    """
    with tempfile.TemporaryDirectory(prefix="maestro-upload-") as folder:
        archive, unpacked = Path(folder) / "upload.zip", Path(folder) / "upload"
        package(root, archive)
        with zipfile.ZipFile(archive) as upload:
            upload.extractall(unpacked)
            names = sorted(each.filename for each in upload.infolist() if not each.is_dir())
        yield Upload(folder=unpacked, names=tuple(names), packed_bytes=archive.stat().st_size)


def check_upload(root: Path) -> tuple[Check, ...]:
    """Pack what would be uploaded, and look at its names, its content and its requirements."""
    try:
        with packed(root) as upload:
            return check_names(upload), check_content(upload, root), check_requirements(upload)
    except ToolRefused as e:
        return (failed(UPLOAD, str(e), "restore the links below deploy/: functions and backend"),)


def check_names(upload: Upload) -> Check:
    """Refuse names that have no business in the cloud, and an upload without the code."""
    forbidden = [f"{name} is {kind}" for name in upload.names for kind in _kinds(name)]
    if forbidden:
        remedy = 'move it elsewhere, or add it to "ignore" in firebase.json'
        return failed(UPLOAD, "; ".join(forbidden[:3]), remedy, tuple(forbidden))
    missing = [name for name in EXPECTED if name not in upload.names]
    if missing:
        return failed(UPLOAD, f"{', '.join(missing)} would be missing", "restore the links below deploy/")
    others = [name for name in upload.names if not name.endswith(".py")]
    size = sum((upload.folder / name).stat().st_size for name in upload.names)
    sizes = f"{size / 1e6:.1f} MB ({upload.packed_bytes / 1e6:.1f} MB packed)"
    return passed(UPLOAD, f"{len(upload.names)} files, {sizes}; beside Python: {', '.join(others)}")


def check_content(upload: Upload, root: Path) -> Check:
    """Look for secrets in every file, but for those that the repository's baseline knows to be none."""
    suspects = scan(upload.folder, [name for name in upload.names if name != "requirements.txt"])
    known = {(_uploaded_name(file), kind, digest) for file, kind, digest in read_baseline(root / ".secrets.baseline")}
    accounts = [name for name in upload.names if name.endswith(".json") and _is_service_account(upload.folder / name)]
    found = [*map(str, beyond(frozenset(known), suspects)), *(f"{name}: a service account's key" for name in accounts)]
    if found:
        remedy = "revoke it and take it out of the file; secrets belong into Secret Manager"
        return failed(CONTENT, "; ".join(found[:3]), remedy, tuple(found))
    return passed(CONTENT, "detect-secrets finds no secret in it")


def check_requirements(upload: Upload) -> Check:
    """Demand one exact version of each package, and nothing but packages."""
    file = upload.folder / "requirements.txt"
    lines = [line.strip() for line in file.read_text().splitlines()] if file.is_file() else []
    wanted = [line for line in lines if line and not line.startswith("#")]
    loose = [line for line in wanted if not _PINNED.fullmatch(line)]
    if loose or not wanted:
        found = f"not pinned: {', '.join(loose[:3])}" if loose else "no requirement at all"
        return failed(REQUIREMENTS, found, "run scripts/lock_deploy.sh", tuple(loose))
    return passed(REQUIREMENTS, f"{len(wanted)} packages, each pinned to one version")


def _kinds(name: str) -> Iterator[str]:
    parts = PurePosixPath(name).parts
    yield from (
        kind for kind, globs in FORBIDDEN.items() if any(fnmatch(part, glob) for part in parts for glob in globs)
    )


def _uploaded_name(file: str) -> str:
    """Return where a file of the repository lies in the upload: ``deploy/`` is its root."""
    return file.removeprefix("deploy/")


def _is_service_account(file: Path) -> bool:
    try:
        content = json.loads(file.read_text())
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("type") == "service_account"
