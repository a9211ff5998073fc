"""Every row of docs/reference/genebot-commands.md, run from top to bottom in one folder."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration.maestro_process import RECORDED_PRICES, ROOT, environment, maestro

PAGE = ROOT / "docs" / "reference" / "genebot-commands.md"
ROW = re.compile(r"^\| `(?P<theirs>(?:[^`]|\\\|)+)` \| `(?P<ours>[^`]+)` \|$", re.MULTILINE)
ROWS = [(match["theirs"], match["ours"]) for match in ROW.finditer(PAGE.read_text())]


@pytest.fixture
def variables() -> Iterator[dict[str, str]]:
    with PaperBrokerServer(PaperBrokerConfig(prices=RECORDED_PRICES)) as broker:
        yield {
            "APCA_API_KEY_ID": "rehearsal",
            "APCA_API_SECRET_KEY": "rehearsal",
            "MAESTRO_ALPACA__URL": broker.url,
            "MAESTRO_PRICES_FILE": str(RECORDED_PRICES),
            "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the prices end in 2022
            "USER": "ann",
            "LOGNAME": "ann",
        }


@pytest.mark.timeout(600)
def test_genebot_command_lines_have_their_place_in_maestro(tmp_path: Path, variables: dict[str, str]) -> None:
    examples = ROOT / "examples" / "genebot"
    shutil.copytree(examples / "single", tmp_path, dirs_exist_ok=True)
    faults = []
    try:
        for theirs, ours in ROWS:
            if ours.startswith("maestro start") and "--help" not in ours:
                maestro("stop", folder=tmp_path, **variables)
            if "bot1" in ours:
                shutil.copytree(examples / "three-bots", tmp_path, dirs_exist_ok=True)
            line, _, target = ours.partition(" > ")
            program, *arguments = shlex.split(line)
            if program == "maestro":
                ended = maestro(*arguments, folder=tmp_path, **variables)
                status, said = ended.status, ended.out + ended.err
            else:
                done = subprocess.run(
                    [program, *arguments], cwd=tmp_path, env=environment(tmp_path, PATH="/usr/bin:/bin"),
                    capture_output=True, text=True, check=False,
                )  # fmt: skip
                status, said = done.returncode, done.stdout + done.stderr
            if target:
                (tmp_path / target).write_text(said)
            if status != 0:
                faults.append(f"{theirs}\n  → {ours}: status {status}\n{said[-600:]}")
    finally:
        maestro("stop", "--force", folder=tmp_path, **variables)
    assert not faults, "\n".join(faults)
    assert '"allocation_metrics"' in (tmp_path / "weekly_report.json").read_text()


def test_genebot_commands_are_all_there() -> None:
    assert len(ROWS) == PAGE.read_text().count("\n| `")
