"""What is never shown and never copied."""

import re

_KEY = re.compile(
    r"(api|access|private|secret|signing|encryption|account|auth)[_-]?key|secret|passw|passphrase|token|credential"
    r"|private|webhook|auth(?!or)|dsn|database[_-]?ur[il]|connection|chat[_-]?id|client[_-]?id|mnemonic|seed[_-]?phrase",
    re.IGNORECASE,
)
_APIKEY = re.compile(r"api[_-]?(key|secret)s?", re.IGNORECASE)
_LOGIN_IN_URL = re.compile(r"://[^/\s]*@|[?&](key|token|secret|sig)[^=&]*=", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9+/=]{20,}")
_VARIABLE = re.compile(r"\$\{?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?[-?][^}]*)?\}?")


def is_secret(keys: tuple[str | int, ...], text: str) -> bool:
    """Say whether a value is to be kept out of sight: by one of the keys above it, or by its looks."""
    named = any(isinstance(key, str) and (_KEY.search(key) or _APIKEY.search(key)) for key in keys)
    return named or bool(_LOGIN_IN_URL.search(text) or _RANDOM.fullmatch(text.strip()))


def variable_of(text: str) -> str | None:
    """Return the environment variable that a value such as ``${ALPACA_API_KEY}`` refers to."""
    found = _VARIABLE.fullmatch(text.strip())
    return found["name"] if found else None
