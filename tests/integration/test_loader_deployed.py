"""The loader in another process: from the deployed folder, light to import, and never in the way of the exit."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = """
import json
from functions.strategies.loader import StrategyLoader
loader = StrategyLoader(packages=("functions.strategies.library", "own_rules"))
print(json.dumps([[strategy.name for strategy in loader.strategies], dict(loader.load_errors)]))
"""
OWN = """
from functions.strategies.base import BaseStrategy

class OwnRule(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        return self.hold()
"""
HANG = """
import time
from functions.strategies.base import BaseStrategy
from functions.strategies.loader import StrategyLoader

class Sleeper(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        time.sleep(600)

class AsyncSleeper(BaseStrategy):
    async def evaluate(self, market_data, account_snapshot, regime=None):
        time.sleep(600)

loader = StrategyLoader(strategies=[Sleeper(), AsyncSleeper()], time_limit_seconds=0.1)
loader.evaluate({}, {})
print(sorted(loader.failures))
"""
IMPORTS = """
import sys
before = set(sys.modules)
import functions.strategies.loader
print(sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def run(script: Path | str, folder: Path) -> str:
    arguments = [str(script)] if isinstance(script, Path) else ["-c", script]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("is_started_elsewhere", [False, True])
def test_deployed_folder_finds_what_the_repository_finds(tmp_path: Path, is_started_elsewhere: bool) -> None:
    deployed = tmp_path / "deployed"
    deployed.mkdir()
    for package in ("functions", "backend"):
        (deployed / package).symlink_to(ROOT / package, target_is_directory=True)
    (deployed / "own_rules").mkdir()
    (deployed / "own_rules" / "rule.py").write_text(OWN)
    main = deployed / "main.py"
    main.write_text(LIST)

    names, errors = json.loads(run(main, tmp_path if is_started_elsewhere else deployed))
    own = [name for name in names if name == "own_rule"]
    assert own == ["own_rule"]
    assert errors == {}
    there, missing = json.loads(run(LIST, ROOT))
    assert [name for name in names if name != "own_rule"] == there
    assert len(there) == 7
    assert set(missing) == {"own_rules"}


def test_hanging_strategies_do_not_hold_up_the_exit() -> None:
    began = time.monotonic()
    assert run(HANG, ROOT).strip() == "['async_sleeper', 'sleeper']"
    assert time.monotonic() - began < 30


def test_import_is_light() -> None:
    imported = run(IMPORTS, ROOT)
    assert "numpy" in imported
    for vendor in ("google", "firebase", "alpaca", "flask", "sqlite3", "httpx", "pandas", "structlog", "pydantic"):
        assert f"'{vendor}" not in imported
