"""Looking for secrets in files with detect-secrets: its own plugins, and one for Alpaca's keys.

Nothing is asked over the network: whether a key that was found still opens anything is not tried.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.scanning import alpaca_keys


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Suspect:
    """What looks like a secret; ``digest`` is the secret's hash, never the secret."""

    file: str
    line: int
    kind: str
    digest: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}"


def scan(root: Path, files: Sequence[str]) -> tuple[Suspect, ...]:
    """Return what looks like a secret in ``files``, which lie below ``root``, in order."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import transient_settings

    found = SecretsCollection(root=str(root))
    with transient_settings({"plugins_used": _plugins()}):
        found.scan_files(*files)
    suspects = [
        Suspect(file=file, line=secret.line_number, kind=secret.type, digest=secret.secret_hash)
        for file, secret in found
    ]
    return tuple(sorted(suspects))


def read_baseline(file: Path) -> frozenset[tuple[str, str, str]]:
    """Return what was looked at and is no secret: file, kind and digest."""
    results = json.loads(file.read_text())["results"] if file.is_file() else {}
    return frozenset(
        (name, each["type"], each["hashed_secret"])
        for name, entries in results.items()
        for each in entries
        if each.get("is_secret") is False
    )


def write_baseline(file: Path, suspects: Iterable[Suspect]) -> None:
    """Write down that none of ``suspects`` is a secret, in the form of detect-secrets."""
    results: dict[str, list[Mapping[str, Any]]] = {}
    for each in suspects:
        entry = {"type": each.kind, "hashed_secret": each.digest, "line_number": each.line, "is_secret": False}
        results.setdefault(each.file, []).append(entry)
    file.write_text(json.dumps({"results": results}, indent=1) + "\n")


def beyond(baseline: frozenset[tuple[str, str, str]], suspects: Iterable[Suspect]) -> tuple[Suspect, ...]:
    """Return the suspects that nobody has looked at."""
    return tuple(each for each in suspects if (each.file, each.kind, each.digest) not in baseline)


def _plugins() -> list[Mapping[str, str]]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    shipped = [{"name": each.__name__} for each in get_mapping_from_secret_type_to_class().values()]
    get_mapping_from_secret_type_to_class.cache_clear()  # it would go on without the plugin that is added here
    own = {"name": alpaca_keys.AlpacaKeyDetector.__name__, "path": f"file://{alpaca_keys.__file__}"}
    return [*shipped, own]
