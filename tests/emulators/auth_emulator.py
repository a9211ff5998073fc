"""The real Firebase Auth emulator by itself, for what needs users and ID tokens but no functions."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.emulators.suite import end_group, firebase_command, free_ports, wait_until_ready

HOST_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
PASSWORD = "correct horse"


@contextmanager
def auth_emulator(folder: Path, *, project: str) -> Iterator[str]:
    """Yield ``host:port`` of an emulator that runs in ``folder``; it serves every project."""
    ports = dict(zip(("hub", "logging", "auth"), free_ports(3), strict=True))
    emulators = {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}
    (folder / "firebase.json").write_text(json.dumps({"emulators": {**emulators, "ui": {"enabled": False}}}))
    log = folder / "auth.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [firebase_command(), "emulators:start", "--only=auth", f"--project={project}"],
            cwd=folder,
            env={**os.environ, "XDG_CONFIG_HOME": str(folder / "config"), "NO_UPDATE_NOTIFIER": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, log)
        yield f"127.0.0.1:{ports['auth']}"
    finally:
        end_group(process)


def sign_up(host: str, project: str, *, uid: str, email: str) -> None:
    """Create a user with this uid, as Firebase's own server would."""
    _post(host, f"projects/{project}/accounts", {"localId": uid, "email": email, "password": PASSWORD})


def id_token(host: str, *, email: str, project: str | None = None) -> str:
    """Sign a user in as a web page does, and return the ID token with the claims that it has now.

    ``project`` is whose user it is; the emulator's own when not given.
    """
    user = {"email": email, "password": PASSWORD, "returnSecureToken": True}
    target = {} if project is None else {"targetProjectId": project}
    answer = _post(host, "accounts:signInWithPassword?key=any", {**user, **target})
    token: str = answer["idToken"]
    return token


def _post(host: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    url = f"http://{host}/identitytoolkit.googleapis.com/v1/{path}"
    response = httpx.post(url, json=body, headers={"Authorization": "Bearer owner"}, timeout=20.0)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer
