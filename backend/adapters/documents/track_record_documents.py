"""``state/track_record``: the window of daily returns as packed matrices, sharded by strategies when it is wide.

It is derived data: whoever cannot read it rebuilds it from the daily ``strategy_performance`` documents.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import pack
from backend.adapters.documents.seam import Fields, StoredDocument, Write, put, replace
from backend.domain.errors import TrackRecordError
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import TrackRecord

MAX_STRATEGIES = 1_800  # a document: 60 days × 8 bytes each stays below Firestore's 1 MiB
MAX_BYTES = 1_000_000  # which long names could reach sooner
REMEDY = "it is rebuilt from the daily strategy_performance documents"

Returns = NDArray[np.float64]
Flags = NDArray[np.bool_]


def track_record_writes(record: TrackRecord, key: PortfolioKey, expected: object | None) -> list[Write]:
    """Describe a record, one document for up to 1,800 strategies; the first must still have the expected version."""
    shards = list(_shards(record))
    stamp = blake2b(np.ascontiguousarray(record.returns, dtype="<f8").tobytes(), digest_size=8).hexdigest()
    return [
        _shard_write(
            paths.track_record(key.tenant_id, key.uid, number),
            {
                "tenant_id": key.tenant_id,
                "uid": key.uid,
                "shards": len(shards),
                "stamp": stamp,  # equal in all shards of one writing
                "checked_on": None if record.checked_on is None else record.checked_on.isoformat(),
                "days": pack([day.isoformat() for day in record.days]),
                "strategy_count": columns.stop - columns.start,
                "strategies": pack([str(name) for name in record.strategies[columns]]),
                "returns": np.ascontiguousarray(record.returns[:, columns], dtype="<f8").tobytes(),
                "is_virtual": np.packbits(record.is_virtual[:, columns]).tobytes(),
            },
            number,
            expected,
        )
        for number, columns in enumerate(shards)
    ]


def _shard_write(path: str, fields: Fields, number: int, expected: object | None) -> Write:
    return put(path, fields, expected) if number == 0 else replace(path, fields)


def _shards(record: TrackRecord) -> Iterator[slice]:
    """Cut the strategies into runs that fit a document; one run when there are none."""
    start = size = 0
    for column, name in enumerate(record.strategies):
        cost = len(record.days) * 8.125 + len(name.encode()) + 3
        if column - start == MAX_STRATEGIES or size + cost > MAX_BYTES:
            yield slice(start, column)
            start = column
            size = 0
        size += int(cost) + 1
    yield slice(start, len(record.strategies))


def further_shards(first: StoredDocument, key: PortfolioKey) -> list[str]:
    """Return the paths of a record's other documents."""
    count = FieldReader(first.path, first.fields, REMEDY).integer("shards")
    return [paths.track_record(key.tenant_id, key.uid, number) for number in range(1, count)]


def from_documents(documents: Sequence[StoredDocument]) -> TrackRecord:
    """Read a record back from its documents, first shard first.

    Raises
    ------
    StoreCorrupt
        A shard is missing, half-written or of another writing.
    """
    readers = [FieldReader(each.path, each.fields, REMEDY) for each in documents]
    first = readers[0]
    if first.integer("shards") != len(readers):
        raise first.corrupt(f"{first.integer('shards')} shards", len(readers))
    for reader in readers[1:]:
        if reader.text("stamp") != first.text("stamp"):
            raise reader.corrupt(f"the writing {first.text('stamp')}", reader.text("stamp"))
    try:
        days = tuple(date.fromisoformat(day) for day in first.packed("days"))
        shards = [_read_shard(reader, len(days)) for reader in readers]
        return TrackRecord(
            strategies=tuple(StrategyId(name) for names, _, _ in shards for name in names),
            days=days,
            returns=np.concatenate([returns for _, returns, _ in shards], axis=1),
            is_virtual=np.concatenate([flags for _, _, flags in shards], axis=1),
            checked_on=first.optional_day("checked_on"),
        )
    except (TrackRecordError, TypeError, ValueError) as e:
        raise first.corrupt("a whole track record", str(e)) from e


def _read_shard(reader: FieldReader, days: int) -> tuple[list[str], Returns, Flags]:
    names, count = reader.packed("strategies"), reader.integer("strategy_count")
    if not isinstance(names, list) or len(names) != count or not all(isinstance(name, str) for name in names):
        raise reader.corrupt(f"{count} strategies", names)
    cells = days * count
    returns, bits = reader.blob("returns"), reader.blob("is_virtual")
    if len(returns) != cells * 8 or len(bits) != (cells + 7) // 8:
        expected = f"{days} × {count} returns ({cells * 8} bytes) with flags ({(cells + 7) // 8} bytes)"
        raise reader.corrupt(expected, f"{len(returns)} and {len(bits)} bytes")
    matrix = np.frombuffer(returns, dtype="<f8").astype(np.float64).reshape(days, count)
    if np.isinf(matrix).any():
        raise reader.corrupt("finite returns", "an infinite one")
    flags = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=cells).astype(np.bool_).reshape(days, count)
    return names, matrix, flags
