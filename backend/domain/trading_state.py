"""What risk allows an account to do, and the ledger of capital that committed orders hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class TradingState(StrEnum):
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"  # exits only
    HALTED = "HALTED"


GENESIS_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """One account's trading document: the thing every commit is conditional on.

    ``reservations`` maps client_order_id to the buying power that a committed, unsettled entry holds.
    ``log_head`` is the hash of the newest decision, so that decisions form a chain.
    """

    epoch: int = 0
    state: TradingState = TradingState.ACTIVE
    reason: str = ""
    high_water_mark: Decimal = Decimal(0)
    reservations: Mapping[str, Decimal] = field(default_factory=dict)
    log_head: str = GENESIS_HASH

    @property
    def reserved(self) -> Decimal:
        """Buying power that is spoken for, in account currency."""
        return sum(self.reservations.values(), Decimal(0))
