"""Where it is remembered which requests were carried out, and what they were answered."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from backend.domain.audit import AuditEntry
from backend.domain.receipt import Receipt, WriteRequest
from backend.ports.configurations import Configurations
from backend.ports.control import TradingControl

Wording = Callable[[AuditEntry], Mapping[str, Any]]  # JSON-ready values: what a request is answered


class Once(Protocol):
    """Stores whose first commit with an audit entry also creates the request's receipt, whole or not at all.

    RequestAnswered when the receipt is there already; nothing was committed then.
    """

    @property
    def control(self) -> TradingControl: ...

    @property
    def configurations(self) -> Configurations: ...

    def keep(self, answer: Mapping[str, Any]) -> None:
        """Create the receipt by itself, where nothing had to be changed; do nothing where it was created."""
        ...


class Receipts(Protocol):
    def find(self, request: WriteRequest) -> Receipt | None:
        """Read the receipt of a request; None where it was not carried out yet.

        Raises
        ------
        KeyReused
            Its key was used for another request.
        """
        ...

    def once(self, request: WriteRequest, wording: Wording, *, is_final: bool) -> Once:
        """Return stores in which a request is carried out once, answered by what ``wording`` makes of its entry."""
        ...

    def finish(self, request: WriteRequest, receipt: Receipt, answer: Mapping[str, Any]) -> Receipt:
        """Make an answer the final one; where another is already, return that."""
        ...
