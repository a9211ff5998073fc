"""What is remembered of a request that writes, so that it is carried out once however often it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.domain.canonical import canonical_json, digest
from backend.domain.errors import KeyReused

KEPT = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """A request under its idempotency key; ``content`` is its body and query as JSON-ready values."""

    tenant_id: str
    uid: str
    key: str
    method: str
    path: str
    content: Mapping[str, Any]
    at: datetime

    @property
    def receipt_id(self) -> str:
        """A key is its sender's own: two people may choose the same."""
        return digest(canonical_json([self.uid, self.key]))

    @property
    def content_hash(self) -> str:
        return digest(canonical_json([self.method, self.path, self.content]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a request came to. Until it ``is_final``, something that may be done twice is left to be done for it."""

    content_hash: str
    method: str
    path: str
    answer: Mapping[str, Any]
    is_final: bool
    version: object

    def checked(self, request: WriteRequest) -> "Receipt":
        """Return it where it belongs to this very request.

        Raises
        ------
        KeyReused
            Its key was used for another one.
        """
        if self.content_hash != request.content_hash:
            raise KeyReused(
                f"Idempotency-Key: expected a key of its own for each request, found one that was used for "
                f"{self.method} {self.path} with another content; choose a new key"
            )
        return self
