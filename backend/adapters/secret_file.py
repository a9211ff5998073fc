"""Broker credentials in a local JSON file that its owner alone may read: for one machine and for the emulator.

``{"broker": {tenant: {"key", "secret", "paper", "version", "stored_at"}}}``, replaced whole under a lock beside it.
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.adapters.access_payload import corrupt, from_payload, none_stored, to_payload
from backend.adapters.replaced_file import replaced_file
from backend.domain.access import AccessRecord, BrokerAccess
from backend.domain.errors import ConfigurationError, StoreCorrupt, StoreUnavailable
from backend.ports.clock import Clock

_OWNER_ONLY = 0o600
_BROKER = "broker"
_PATIENCE_SECONDS = 10.0  # who writes holds the lock for milliseconds
_PROJECT_MARKS = {
    ".git": "a git repository, from which it may be published",
    "firebase.json": "a Firebase project, from which it may be uploaded",
}


class SecretFile:
    """``Credentials`` in a file.

    Parameters
    ----------
    path : the file; ``~`` is the user's home
    clock : what is stored is dated by it
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path.expanduser().absolute()
        self._clock = clock

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        found = self._read().get(tenant_id)
        if found is None:
            raise none_stored(tenant_id, str(self._path))
        return from_payload(found, tenant_id, str(self._path))

    def record(self, tenant_id: str) -> AccessRecord | None:
        found = self._read().get(tenant_id)
        if found is None:
            return None
        version, since = _numbered(found, tenant_id, self._path)
        return AccessRecord(place=str(self._path), version=version, since=since)

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        with self._locked():
            entries = self._read()
            before = entries.get(tenant_id)
            number = 0 if before is None else _numbered(before, tenant_id, self._path)[0]
            stamp = {"version": number + 1, "stored_at": self._clock.now().isoformat()}
            self._write({**entries, tenant_id: {**to_payload(access), **stamp}})

    def remove(self, tenant_id: str) -> None:
        with self._locked():
            entries = self._read()
            if tenant_id not in entries:
                raise none_stored(tenant_id, str(self._path))
            self._write({name: entry for name, entry in entries.items() if name != tenant_id})

    def forget(self, access: BrokerAccess) -> None:
        """Forget nothing: every read reads the file."""

    def _read(self) -> dict[str, Any]:
        self._refuse_place()
        try:
            with self._path.open("rb") as file:
                self._refuse_rights(os.fstat(file.fileno()))
                text = file.read()
        except FileNotFoundError:
            return {}
        except OSError as e:
            raise self._unavailable(e) from e
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        entries = document.get(_BROKER) if isinstance(document, dict) else None
        if not isinstance(entries, dict):
            raise StoreCorrupt(
                f'{self._path}: expected a JSON object with "{_BROKER}", found something else; correct it, or move it '
                "away and set the credentials anew with `maestro credentials set`"
            )
        return entries

    def _write(self, entries: Mapping[str, Any]) -> None:
        text = json.dumps({_BROKER: entries}, indent=2, sort_keys=True) + "\n"
        try:
            with replaced_file(self._path, _OWNER_ONLY) as file:
                file.write(text.encode())
        except OSError as e:
            raise self._unavailable(e) from e

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time read, change and write."""
        self._refuse_place()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as e:
            raise self._unavailable(e) from e
        try:
            self._take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StoreUnavailable(
                        f"{self._path}: expected its lock within {_PATIENCE_SECONDS:.0f} s, found it held; "
                        "end the process that holds it, or try again"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def _refuse_place(self) -> None:
        """Refuse a file that a commit or a deployment may take along, whichever of its names is looked at."""
        for folder in {*self._path.parents, *self._path.resolve().parents}:
            for mark, why in _PROJECT_MARKS.items():
                if (folder / mark).exists():
                    raise ConfigurationError(
                        f"credentials.file: expected a place outside of every project, found {self._path} in "
                        f"{folder}, {why}; move it, such as to ~/.config/maestro/secrets.json"
                    )

    def _refuse_rights(self, found: os.stat_result) -> None:
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISREG(found.st_mode) or mode != _OWNER_ONLY:
            raise ConfigurationError(
                f"{self._path}: expected a file that its owner alone reads and writes (mode 600), found mode "
                f"{mode:03o}; run `chmod 600 {self._path}`, and rotate what others may have read"
            )

    def _unavailable(self, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(
            f"{self._path}: expected to read and write the file of credentials, found {error.strerror}; correct its "
            "folder's rights, or credentials.file"
        )


def _numbered(entry: object, tenant_id: str, path: Path) -> tuple[int, datetime]:
    """Read version and instant of an entry."""
    fields = entry if isinstance(entry, dict) else {}
    version, stored_at = fields.get("version"), fields.get("stored_at")
    try:
        since = datetime.fromisoformat(stored_at) if isinstance(stored_at, str) else None
    except ValueError:
        since = None
    if not isinstance(version, int) or since is None:
        raise corrupt(tenant_id, str(path), "no number in version or no instant in stored_at")
    return version, since
