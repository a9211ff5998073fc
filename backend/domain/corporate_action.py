"""What a company does to its shares: splits and cash dividends."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from backend.domain.errors import LedgerError
from backend.domain.signal import Symbol


class ActionKind(StrEnum):
    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """One split or cash dividend, in force from the start of ``ex_day``.

    A split turns ``old_shares`` into ``new_shares`` (4 for 1: new 4, old 1; a reverse split 1 for 8: new 1,
    old 8). A dividend pays ``per_share``, in account currency, for every share held when ``ex_day`` begins.
    """

    symbol: Symbol
    kind: ActionKind
    ex_day: date
    new_shares: Decimal = Decimal(1)
    old_shares: Decimal = Decimal(1)
    per_share: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        is_split = self.kind is ActionKind.SPLIT
        if not (self.new_shares > 0 and self.old_shares > 0 and self.per_share >= 0):
            raise LedgerError(
                f"{self.symbol} {self.ex_day}: expected positive shares and a dividend of 0 or more, found "
                f"{self.new_shares} for {self.old_shares} and {self.per_share}; correct the source"
            )
        if is_split != (self.new_shares != self.old_shares) or is_split == (self.per_share > 0):
            raise LedgerError(
                f"{self.symbol} {self.ex_day}: expected a split with a ratio or a dividend with an amount, found "
                f"{self}; correct the source"
            )

    @property
    def action_id(self) -> str:
        """The same for the same action, whoever reports it and however often."""
        terms = f"{self.new_shares.normalize():f}for{self.old_shares.normalize():f}"
        return f"{self.kind}-{self.symbol}-{self.ex_day}" + (f"-{terms}" if self.kind is ActionKind.SPLIT else "")
