"""Where commands to trading are obeyed, and what they find under way."""

from collections.abc import Collection, Sequence
from typing import Protocol

from backend.domain.audit import AuditEntry
from backend.domain.order import ClientOrderId
from backend.domain.tick import PlacedOrder, PortfolioKey
from backend.domain.trading_state import Trading


class TradingControl(Protocol):
    def trading(self, tenant_id: str) -> tuple[Trading, object | None]:
        """Read the trading document, with the version that a command to it is conditional on."""
        ...

    def control(self, trading: Trading, entry: AuditEntry, *, expected: object | None) -> None:
        """Write the trading document and the audit entry at once; CommitConflict when it moved."""
        ...

    def portfolios(self, tenant_id: str) -> Sequence[PortfolioKey]:
        """Return the portfolios that have a book, in name order."""
        ...

    def placed(self, tenant_id: str, identifiers: Collection[ClientOrderId]) -> Sequence[PlacedOrder]:
        """Read orders by their ids, oldest first; those that do not exist are left out."""
        ...
