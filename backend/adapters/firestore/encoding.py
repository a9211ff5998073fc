"""Writes as the protocol buffers that go over the wire.

The client's own encoder wraps every single value in a Python object, which made up half of a tick's commit.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.adapters.documents.seam import Write, WriteKind
from backend.domain.errors import ConfigurationError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WriteEncoder:
    """Encodes for one database, whose documents' names begin with ``prefix``."""

    def __init__(self, prefix: str) -> None:
        from google.cloud.firestore_v1 import types

        self._prefix = prefix
        self._write = types.Write.pb()
        self._value = types.Value.pb()

    def encode(self, write: Write) -> Any:
        message = self._write()
        if write.kind is WriteKind.DELETE:
            message.delete = f"{self._prefix}/{write.path}"
            self._expect_version(message, write.version)
            return message
        message.update.name = f"{self._prefix}/{write.path}"
        fields = message.update.fields
        for name, value in write.fields.items():
            self._fill(fields[name], value, write.path)
        if write.kind in (WriteKind.MERGE, WriteKind.UPDATE):
            message.update_mask.field_paths.extend(map(_field_path, sorted(write.fields)))
        if write.kind is WriteKind.CREATE:
            message.current_document.exists = False
        elif write.kind is WriteKind.UPDATE and write.version is None:
            message.current_document.exists = True
        elif write.kind is WriteKind.UPDATE:
            self._expect_version(message, write.version)
        return message

    def _expect_version(self, message: Any, version: Any) -> None:
        if version is not None:  # as Firestore gave it, with its nanoseconds
            message.current_document.update_time.CopyFrom(version.timestamp_pb())

    def _fill(self, target: Any, value: Any, path: str) -> None:
        if value is None:
            target.null_value = 0
        elif isinstance(value, bool):
            target.boolean_value = value
        elif isinstance(value, str):
            target.string_value = value
        elif isinstance(value, int):
            target.integer_value = value
        elif isinstance(value, float):
            target.double_value = value
        elif isinstance(value, bytes):
            target.bytes_value = value
        elif isinstance(value, datetime):
            self._fill_instant(target.timestamp_value, value, path)
        elif isinstance(value, Mapping):
            target.map_value.SetInParent()  # an empty map is a map, too
            for name, item in value.items():
                self._fill(target.map_value.fields[name], item, path)
        elif isinstance(value, Sequence):
            target.array_value.SetInParent()
            for item in value:
                self._fill(target.array_value.values.add(), item, path)
        else:
            raise ConfigurationError(
                f"{path}: expected a value that documents can hold, found {type(value).__name__}; convert it"
            )

    def _fill_instant(self, target: Any, value: datetime, path: str) -> None:
        if value.tzinfo is None:
            raise ConfigurationError(f"{path}: expected an aware instant, found {value!r}; use UTC")
        since = value - _EPOCH
        target.seconds = since // timedelta(seconds=1)
        target.nanos = since.microseconds * 1000


def _field_path(name: str) -> str:
    """Quote a top-level field's name, so that no dot in it is taken for a path."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return name if name.isascii() and name.isidentifier() else f"`{escaped}`"
