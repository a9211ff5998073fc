"""What the broker holds for us at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from backend.domain.signal import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    symbol: Symbol
    quantity: Decimal
    average_price: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Equity, cash and buying power in account currency; positions by symbol, short ones negative."""

    account_id: str
    equity: Decimal
    cash: Decimal
    buying_power: Decimal
    positions: Mapping[Symbol, Position] = field(default_factory=dict)
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    symbol: Symbol
    is_tradable: bool = True
    is_fractionable: bool = True
