"""Take everything along that is kept of a tenant: JSON Lines, in little memory, with a last line that vouches for all.

Each line is one document, ``{"path": …, "fields": …}``; the last one is ``{"trailer": …}`` with what the lines before
it hold and the SHA-256 of their bytes. A file without it is not whole.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256

from backend.domain.errors import ConfigurationError
from backend.ports.archive import Archive

FORMAT = "maestro-tenant-export/1"

Progress = Callable[[int], None]


def export_lines(
    archive: Archive, tenant_id: str, *, at: datetime, progress: Progress = lambda done: None
) -> Iterator[bytes]:
    """Yield the lines of an export, each with its end.

    Parameters
    ----------
    at : when the export was begun; what is written meanwhile may be in it or not
    progress : told how many documents were taken so far

    Raises
    ------
    ConfigurationError
        There is nothing of this tenant.
    """
    counts: Counter[str] = Counter()
    hashed = sha256()
    for done, document in enumerate(archive.documents(tenant_id), start=1):
        line = _line({"path": document.path, "fields": document.fields})
        counts[collection_of(document.path)] += 1
        hashed.update(line)
        yield line
        progress(done)
    if not counts:
        raise nothing_of(tenant_id)
    trailer = {
        "format": FORMAT,
        "tenant_id": tenant_id,
        "exported_at": at.isoformat(),
        "documents": counts.total(),
        "collections": dict(sorted(counts.items())),
        "sha256": hashed.hexdigest(),
    }
    yield _line({"trailer": trailer})


def collection_of(path: str) -> str:
    """Name the collection of a document, with ``*`` for the documents between it and the first one."""
    *above, _ = path.split("/")
    return "/".join("*" if place > 2 and place % 2 else name for place, name in enumerate(above))


def nothing_of(tenant_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"tenant: expected something that is kept of {tenant_id!r}, found nothing; see maestro tenant list"
    )


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
