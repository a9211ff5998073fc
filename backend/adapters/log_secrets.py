"""What must never stand in a log line: fields that are named like secrets, and text that looks like one."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
_NAMES = re.compile(r"secret|passw|token|api.?key|access.?key|private.?key|authorization|credential|cookie", re.I)
_TEXT = re.compile(
    r"""
    (?P<kept>
        \b[Bb](?:earer|asic)\s+                                                 # an Authorization header
      | (?i:secret|passw(?:or)?d|token|api[_-]?key)\w*(?:=|["']\s*:\s*["'])      # name=value, or JSON within the text
      | hooks\.slack\.com/services/
      | slack://
    )[^\s"',;&]{4,}
  | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)                                             # user and password in a URL
  | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
  | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                                           # a JSON web token
  | \bya29\.[\w.-]+                                                             # Google: access token
  | \bAIza[\w-]{35}                                                             # Google: API key
  | \bxox[abeprs]-[\w-]+                                                        # Slack
  | \b[PAC]K[A-Z0-9]{16,24}\b                                                   # Alpaca: key id
    # Alpaca's secrets are 40 and more letters and digits; a hash in hex has no capitals
  | (?<![\w/+-])(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{40,64}(?![\w/+-])
    """,
    re.X | re.S,
)


# One of these, in small letters, or else a long run from a capital on stands in whatever is hidden: looking for them
# first is far faster than the pattern, and nearly everything is clean.
_SIGNS = (
    *("secret", "passw", "token", "key", "bearer", "basic", "hooks.slack", "://"),
    *("-----begin", "eyj", "ya29", "aiza", "xox"),
)
# A key id begins with a capital; that none of a secret's first 25 letters and digits is one has odds of 1 to 800,000.
_CAPITAL_RUN = re.compile(r"[A-Z][A-Za-z0-9]{15}")
_PLAIN = frozenset({bool, int, float, type(None)})  # numbers are no secrets
_SHORT = 200  # characters: what says the same on line after line, such as a tenant's name, is looked at once


def hide_secrets(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Mask secrets in an event; a processor of structlog."""
    return {name: _hidden(name, value) for name, value in event.items()}


def without_secrets(text: str) -> str:
    """Return the text with everything masked in it that looks like a secret."""
    is_clean = _is_clean_short(text) if len(text) <= _SHORT else _is_clean(text)
    return text if is_clean else _TEXT.sub(_masked, text)


@lru_cache(maxsize=4096)
def _is_clean_short(text: str) -> bool:
    return _is_clean(text)


def _is_clean(text: str) -> bool:
    small = text.lower()
    for sign in _SIGNS:  # not any(…), which takes three times as long
        if sign in small:
            return False
    return _CAPITAL_RUN.search(text) is None


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _NAMES.search(name) is not None


def _hidden(name: str, value: Any) -> Any:
    if type(value) in _PLAIN or not value:
        return value
    return HIDDEN if _is_secret(name) else _within(value)


def _within(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {name: _hidden(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_within(item) for item in value]
    return value


def _masked(found: re.Match[str]) -> str:
    return f"{found['kept'] or ''}{HIDDEN}"
