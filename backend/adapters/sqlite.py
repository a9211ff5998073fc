"""Documents in one SQLite file: a person's own machine, demos and tests, several processes at once."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from backend.adapters.documents.seam import Filter, Order, StoredDocument, Write, WriteKind, is_document
from backend.adapters.sqlite_values import bytes_back, json_text, scalar
from backend.domain.errors import CommitConflict, StoreCorrupt, StoreUnavailable

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS documents (
        path TEXT PRIMARY KEY,
        collection TEXT NOT NULL,
        timestamp TEXT,  -- both are kept beside the fields: reads in their order must not parse every document
        sequence,
        fields TEXT NOT NULL,
        version INTEGER NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS documents_by_time ON documents (collection, timestamp, path)",
    "CREATE INDEX IF NOT EXISTS documents_by_sequence ON documents (collection, sequence, path)",
    "CREATE TABLE IF NOT EXISTS commits (last INTEGER NOT NULL)",
    "INSERT INTO commits SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM commits)",
)
_COLUMNS = ("timestamp", "sequence")
_BUSY_SECONDS = 10.0
_BATCH = 500  # paths in one SELECT
_LAST_CHARACTER = chr(0x10FFFF)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class SqliteDocuments:
    """One file with write-ahead log; safe across threads and processes.

    Parameters
    ----------
    path : Path or str
        Created when missing, with its folder. ":memory:" keeps nothing.
    durable : bool
        False lets a power cut (not a crash) undo the last commits, for demos and tests.

    Raises
    ------
    StoreUnavailable
        The file cannot be opened or written.
    StoreCorrupt
        It is not a database, or a damaged one.
    """

    def __init__(self, path: Path | str, *, durable: bool = True) -> None:
        self._path = str(path)
        self._lock = Lock()
        if self._path != ":memory:":
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            except OSError as e:
                raise self._unavailable(e) from e
        with self._translated():
            # Transactions are begun explicitly: a commit must lock before it checks its preconditions.
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._translated():
                # The change to write-ahead log fails at once, whatever the time-out, while another process makes it.
                patiently = Retrying(
                    retry=retry_if_exception(_is_locked),
                    stop=stop_after_delay(_BUSY_SECONDS),
                    wait=wait_random(0.005, 0.05),
                    reraise=True,
                )
                patiently(self._prepare, durable)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        """Read documents at once; those that do not exist are left out."""
        rows: list[tuple[str, str, int]] = []
        with self._lock, self._translated(), self._transaction("DEFERRED"):
            for start in range(0, len(paths), _BATCH):
                batch = paths[start : start + _BATCH]
                marks = ",".join("?" * len(batch))
                select = f"SELECT path, fields, version FROM documents WHERE path IN ({marks})"
                rows += self._connection.execute(select, batch).fetchall()
        return {path: self._document(path, fields, version) for path, fields, version in rows}

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        """Write all or nothing; CommitConflict when a precondition does not hold."""
        with self._lock, self._translated(), self._transaction("IMMEDIATE"):
            ((version,),) = self._connection.execute("UPDATE commits SET last = last + 1 RETURNING last").fetchall()
            for write in writes:
                self._write(write, version)
        return {write.path: version for write in writes if write.kind is not WriteKind.DELETE}

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        """Read the documents of one collection that match; ties and unordered results in path order."""
        conditions = ["collection = ?"]
        values: list[Any] = [collection]
        for each in filters:
            conditions.append(f"{_column(each.field, values)} {each.operator} ?")
            values.append(scalar(each.value))
        direction = "DESC" if order is not None and order.descending else "ASC"
        ordering = f"path {direction}"
        if order is not None:
            conditions.append(f"{_column(order.field, values)} IS NOT NULL")  # as Firestore: no field, no place
            ordering = f"{_column(order.field, values)} {direction}, {ordering}"
        values.append(-1 if limit is None else limit)
        where = " AND ".join(conditions)
        select = f"SELECT path, fields, version FROM documents WHERE {where} ORDER BY {ordering} LIMIT ?"
        with self._lock, self._translated():
            rows = self._connection.execute(select, values).fetchall()
        return [self._document(path, fields, version) for path, fields, version in rows]

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        """Read the first documents whose path begins with ``prefix`` and comes behind ``after``; see the seam."""
        head = prefix.rpartition("/")[0]
        conditions = f"path {'>=' if after is None else '>'} ? AND path < ?"
        values: list[Any] = [prefix if after is None else after, prefix + _LAST_CHARACTER]
        if not is_document(head):
            conditions += " AND collection = ?"
            values.append(head)
        fields = "fields" if with_fields else "'{}'"
        select = f"SELECT path, {fields}, version FROM documents WHERE {conditions} ORDER BY path LIMIT ?"
        with self._lock, self._translated():
            rows = self._connection.execute(select, [*values, limit]).fetchall()
        return [self._document(path, fields, version) for path, fields, version in rows]

    def _prepare(self, durable: bool) -> None:
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master")}
        if tables and "commits" not in tables:
            raise StoreCorrupt(
                f"{self._path}: expected a Maestro database, found another program's "
                f"({', '.join(sorted(tables)[:3])}); name another file"
            )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if not tables:
            with self._transaction("IMMEDIATE"):
                for statement in _SCHEMA:
                    self._connection.execute(statement)

    def _write(self, write: Write, version: int) -> None:
        row = self._connection.execute("SELECT fields, version FROM documents WHERE path = ?", (write.path,)).fetchone()
        is_met = {
            WriteKind.CREATE: row is None,
            WriteKind.UPDATE: row is not None and write.version in (None, row[1]),
            WriteKind.DELETE: write.version is None or (row is not None and write.version == row[1]),
        }.get(write.kind, True)
        if not is_met:
            expected = "no document" if write.kind is WriteKind.CREATE else f"version {write.version or 'any'}"
            found = "none" if row is None else f"version {row[1]}"
            raise CommitConflict(f"{write.path}: expected {expected}, found {found}; observe again and decide anew")
        if write.kind is WriteKind.DELETE:
            self._connection.execute("DELETE FROM documents WHERE path = ?", (write.path,))
            return
        fields: Mapping[str, Any] = write.fields
        if row is not None and write.kind in (WriteKind.MERGE, WriteKind.UPDATE):
            fields = {**self._decoded(write.path, row[0]), **fields}
        self._connection.execute(
            "INSERT OR REPLACE INTO documents (path, collection, timestamp, sequence, fields, version) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                write.path,
                write.path.rpartition("/")[0],
                *(scalar(fields.get(name)) for name in _COLUMNS),
                json_text(write.path, fields),
                version,
            ),
        )

    def _document(self, path: str, fields: str, version: int) -> StoredDocument:
        return StoredDocument(path=path, fields=self._decoded(path, fields), version=version)

    def _decoded(self, path: str, fields: str) -> dict[str, Any]:
        try:
            decoded = json.loads(fields, object_hook=bytes_back)
        except (ValueError, TypeError) as e:
            raise StoreCorrupt(
                f"{path} in {self._path}: expected JSON, found {str(fields)[:40]!r}… ({e}); restore a backup"
            ) from e
        if not isinstance(decoded, dict):
            raise StoreCorrupt(f"{path} in {self._path}: expected a map of fields, found {decoded!r}; restore a backup")
        return decoded

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[None]:
        self._connection.execute(f"BEGIN {mode}")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as e:
            if (getattr(e, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED:
                raise StoreCorrupt(
                    f"{self._path}: expected a Maestro database, found {e}; restore a backup or name another file"
                ) from e
            raise self._unavailable(e) from e

    def _unavailable(self, e: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            f"{self._path}: expected a database file that can be read and written, found {e}; "
            "check the folder's rights and space, and that no other process holds it"
        )


def _is_locked(e: BaseException) -> bool:
    return isinstance(e, sqlite3.OperationalError) and (e.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY


def _column(name: str, values: list[Any]) -> str:
    """Name the expression for a field; its JSON path is bound, never spliced."""
    if name in _COLUMNS:
        return name
    values.append(f'$."{name}"')
    return "json_extract(fields, ?)"
