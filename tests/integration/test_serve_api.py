"""``maestro serve api`` as a process: its token, its address, and its end."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.adapters.sqlite import SqliteDocuments
from tests.integration.maestro_process import TIME_LIMIT_SECONDS, maestro, start


@contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """Yield the process, what it printed, and its URL; end it whatever happens."""
    process = start("serve", "api", "--port", "0", *arguments, folder=folder, **variables)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        yield process, line, line.split()[2].rstrip(",")
    finally:
        process.kill()
        process.communicate(timeout=TIME_LIMIT_SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SqliteDocuments(tmp_path / ".maestro" / "maestro.db").close()
    return tmp_path


def headers(folder: Path, **more: str) -> dict[str, str]:
    token = (folder / ".maestro" / "api_token").read_text().strip()
    return {"Authorization": f"Bearer {token}", **more}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_api_answers_the_tokens_bearer_and_ends_when_told(folder: Path, ending: signal.Signals) -> None:
    with serving(folder) as (process, line, url):
        own = headers(folder)
        assert "tenant default, token in .maestro/api_token" in line
        assert own["Authorization"].split()[1] not in line
        assert httpx.get(f"{url}/tenants/default/status").status_code == 401
        assert httpx.get(f"{url}/tenants/default/status", headers=own).json()["trading_state"] == "ACTIVE"
        assert httpx.get(f"{url}/tenants/other/status", headers=own).status_code == 403
        process.send_signal(ending)
        out, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
        assert (process.returncode, out, "Traceback" in err) == (0, "", False), err


def test_serve_api_and_the_command_line_act_on_the_same_store(folder: Path) -> None:
    with serving(folder) as (_, _, url):
        keyed = headers(folder, **{"Idempotency-Key": "halt-1"})
        answer = httpx.post(f"{url}/tenants/default/halt", headers=keyed, json={"reason": "broken feed"})
        assert answer.json()["state"] == "HALTED"
        assert maestro("status", "--json", folder=folder).json["trading_state"] == "HALTED"
        maestro("resume", "--reason", "it is back", "--yes", folder=folder)
        assert httpx.get(f"{url}/tenants/default/status", headers=headers(folder)).json()["trading_state"] == "ACTIVE"
    kinds = [each["kind"] for each in maestro("audit", "list", "--json", folder=folder).json["entries"]]
    assert sorted(kinds) == ["halt", "resume"]


def test_serve_api_keeps_its_token_from_one_start_to_the_next(folder: Path) -> None:
    tokens = []
    for _ in range(2):
        with serving(folder):
            tokens.append(headers(folder))
    assert tokens[0] == tokens[1]


def test_serve_api_warns_where_other_machines_reach_it(folder: Path) -> None:
    with serving(folder, "--host", "0.0.0.0") as (process, line, _):
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIME_LIMIT_SECONDS)
    assert ("0.0.0.0 is reached from other machines" in err, "http://0.0.0.0:" in line) == (True, True)


def test_serve_api_without_a_store_or_a_free_port_says_so(folder: Path, tmp_path_factory: Any) -> None:
    nothing = maestro("serve", "api", folder=tmp_path_factory.mktemp("empty"))
    assert (nothing.status, "expected a store at" in nothing.err) == (2, True)
    with serving(folder) as (_, _, url):
        taken = maestro("serve", "api", "--port", url.rsplit(":", 1)[1].split("/")[0], folder=folder)
    assert (taken.status, "expected a free port" in taken.err) == (2, True)
