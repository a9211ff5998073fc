"""What is committed is enough: the demo plays from a clone, and leaves nothing behind that git would see."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulators.tiers import require_tier
from tests.integration.maestro_process import ROOT, environment


def run(*command: str | Path, folder: Path) -> str:
    """Run in ``folder`` with the packages of this environment; python -m takes our own from the working directory."""
    variables = environment(folder)
    if command[0] == "git":
        variables["PATH"] = str(Path(shutil.which("git") or "").parent)
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    is_there = shutil.which("git") is not None and (ROOT / ".git").exists()
    require_tier("fresh clone", is_there, "git clone (this folder is no repository, or git is missing)")
    trust = ("git", "-c", f"safe.directory={ROOT / '.git'}", "-c", f"safe.directory={ROOT}")
    run(*trust, "clone", "--quiet", "--no-hardlinks", "--depth", "1", ROOT.as_uri(), "clone", folder=tmp_path)
    return tmp_path / "clone"


def test_fresh_clone_plays_the_demo_and_stays_clean(clone: Path) -> None:
    modules = run(
        sys.executable, "-c", "import maestro, backend; print(maestro.__path__, backend.__path__)", folder=clone
    )
    assert modules.count(str(clone)) == 2, "the packages came from elsewhere"
    said = json.loads(run(sys.executable, "-m", "maestro", "demo", "--days", "5", "--json", folder=clone))
    assert said["ticks"] == 5
    assert (clone / said["report"]).stat().st_size > 0
    assert run("git", "status", "--porcelain", folder=clone) == ""
