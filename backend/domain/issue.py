"""What Maestro issued in one decision, read back from its log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.domain.audit import entry_hash
from backend.domain.canonical import digest, read_canonical_json
from backend.domain.errors import StoreCorrupt
from backend.domain.signal import StrategyId
from backend.domain.tick import LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The signals of one decision, as they were published. ``is_by_tick``: their orders are Maestro's own."""

    log_id: str
    session_id: str
    signals: Mapping[StrategyId, Mapping[str, Any]]
    is_by_tick: bool


def issued(entry: LogEntry) -> Issued:
    """Return the signals of a decision in the log.

    Raises
    ------
    StoreCorrupt
        The entry does not have the hash that the chain has of it.
    """
    if entry_hash(entry.previous_hash, entry.body) != entry.entry_hash or digest(entry.inputs) != entry.body.get(
        "inputs_hash"
    ):
        raise StoreCorrupt(
            f"{entry.log_id}: expected the decision that entry_hash {entry.entry_hash} covers, found another; "
            "restore a backup, no signal of it is accepted until then"
        )
    inputs = read_canonical_json(entry.inputs)
    metadata = {name: signal.metadata for name, signal in inputs.signals.items() if signal.metadata is not None}
    return Issued(
        log_id=entry.log_id,
        session_id=entry.session_id,
        signals={
            StrategyId(name): {**signal, "metadata": metadata[name]} if name in metadata else signal
            for name, signal in entry.body["signals"].items()
        },
        is_by_tick=inputs.account is not None,
    )
