"""Reading back what the log and the ledger hold, for whoever checks it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from backend.domain.audit import AuditEntry
from backend.domain.audit_chain import ChainHead, Link, StoredEntry
from backend.domain.ledger import LedgerTrade
from backend.domain.signal import StrategyId


class AuditTrail(Protocol):
    """What is damaged comes back as it is found from ``head``, ``links`` and ``copies``; no entry makes them raise."""

    def head(self, tenant_id: str) -> ChainHead:
        """Read which entry the trading document says is the newest."""
        ...

    def links(self, tenant_id: str, *, after: int, through: int | None = None) -> Iterator[Link]:
        """Read the entries numbered ``after`` + 1 to ``through``, without it all that follow, lowest number first."""
        ...

    def copies(self, tenant_id: str, *, last: int, below: int | None = None) -> Sequence[StoredEntry]:
        """Read the operator's copies of the tenant's newest decisions, or of those numbered below one, newest first."""
        ...

    def commands(self, tenant_id: str, *, last: int) -> Sequence[AuditEntry]:
        """Read what people and jobs did, newest first; StoreCorrupt when an entry cannot be read."""
        ...

    def trades(self, tenant_id: str, *, uid: str, strategy: StrategyId) -> Iterator[LedgerTrade]:
        """Read a strategy's whole ledger in the order of time."""
        ...
