"""The token of a machine without accounts: a file that only its owner can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from backend.domain.errors import ConfigurationError

TOKEN_FILE = Path(".maestro/api_token")
_BYTES = 32
_OTHERS = 0o077


def local_token(path: Path = TOKEN_FILE) -> str:
    """Return the token in a file, which is made with a new one where there is none.

    Raises
    ------
    ConfigurationError
        Others can read the file, or it cannot be read or made, or holds no token.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        mode = path.stat().st_mode
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(
            f"{path}: expected a file for the API's token, found {type(e).__name__}; check the folder's rights, or "
            "delete the file"
        ) from e
    if mode & _OTHERS:
        raise ConfigurationError(
            f"{path}: expected that only its owner can read it, found mode {mode & 0o777:03o}; delete it, so that a "
            "new token is made"
        )
    if len(token) < _BYTES:
        raise ConfigurationError(f"{path}: expected a token, found {len(token)} characters; delete the file")
    return token


def _make(path: Path) -> None:
    """Write a token whole under another name, and give it its own unless that is taken: of two starts, one wins."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(_BYTES)}\n")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
