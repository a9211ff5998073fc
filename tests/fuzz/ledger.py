"""A plain double-entry ledger of one brokerage account: who owns which cash and shares, leg by leg.

It is what Maestro's books are compared with, and shares no code with them: no lots, no averages, no marks. The
account is the sum of its owners; every leg that one of them takes without the account is given by another.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")
SHARE_STEP = Decimal("0.000000001")
OWNER = "the account's owner"
ROUNDING = "what the broker rounds away"
RECEIVABLE = "dividends that are owed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A change of one owner's cash and of their shares of one symbol."""

    at: datetime
    owner: str
    cash: Decimal = ZERO
    symbol: str = ""
    shares: Decimal = ZERO


@dataclass(slots=True)
class Ledger:
    """Every leg since the beginning, and their sums."""

    legs: list[Leg] = field(default_factory=list)
    cash: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    shares: defaultdict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    fees: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, leg: Leg) -> None:
        self.legs.append(leg)
        self.cash[leg.owner] += leg.cash
        self.shares[leg.owner, leg.symbol] += leg.shares

    def charge(self, at: datetime, owner: str, fee: Decimal) -> None:
        self.fees[owner] += fee
        self.add(Leg(at=at, owner=owner, cash=-fee))

    def trade(self, at: datetime, owner: str, symbol: str, shares: Decimal, price: Decimal) -> Decimal:
        """Buy or sell against the market; the account pays whole cents. Return what it paid, negative for a sale."""
        exact = shares * price
        paid = exact.quantize(CENT, rounding=ROUND_HALF_EVEN)
        self.add(Leg(at=at, owner=owner, cash=-exact, symbol=symbol, shares=shares))
        self.add(Leg(at=at, owner=ROUNDING, cash=exact - paid))
        return paid

    def hand_over(self, at: datetime, seller: str, buyer: str, symbol: str, shares: Decimal, price: Decimal) -> None:
        """Move shares inside, against cash; the account does not notice."""
        self.add(Leg(at=at, owner=seller, cash=shares * price, symbol=symbol, shares=-shares))
        self.add(Leg(at=at, owner=buyer, cash=-shares * price, symbol=symbol, shares=shares))

    def split(self, at: datetime, symbol: str, new: Decimal, old: Decimal) -> tuple[Decimal, Decimal]:
        """Turn every ``old`` shares into ``new``, for the account and for each owner; return it before and after."""
        before = self.position(symbol)
        after = _rounded(before * new / old)
        given = ZERO
        for owner in self.owners_of(symbol):
            held = self.shares[owner, symbol]
            change = _rounded(held * new / old) - held
            given += change
            self.add(Leg(at=at, owner=owner, symbol=symbol, shares=change))
        self.add(Leg(at=at, owner=ROUNDING, symbol=symbol, shares=after - before - given))
        return before, after

    def owe_dividend(self, at: datetime, symbol: str, per_share: Decimal) -> Decimal:
        """Credit every owner at the expense of the receivable; return what the account is owed, in whole cents."""
        for owner in self.owners_of(symbol):
            owed = self.shares[owner, symbol] * per_share
            self.add(Leg(at=at, owner=owner, cash=owed))
            self.add(Leg(at=at, owner=RECEIVABLE, cash=-owed))
        return (self.position(symbol) * per_share).quantize(CENT, rounding=ROUND_HALF_EVEN)

    def position(self, symbol: str) -> Decimal:
        return sum((self.shares[owner, symbol] for owner in self.owners_of(symbol)), ZERO)

    def positions(self) -> dict[str, Decimal]:
        held = {symbol: self.position(symbol) for symbol in sorted({symbol for _, symbol in self.shares if symbol})}
        return {symbol: quantity for symbol, quantity in held.items() if quantity}

    def account_cash(self) -> Decimal:
        return sum(self.cash.values(), ZERO)

    def owners_of(self, symbol: str) -> list[str]:
        return [owner for (owner, each), held in list(self.shares.items()) if each == symbol and held]

    def of(self, owner: str, *, until: datetime) -> tuple[Decimal, dict[str, Decimal]]:
        """Return an owner's cash and shares as they were at an instant."""
        cash, shares = ZERO, defaultdict[str, Decimal](Decimal)
        for leg in self._until(until):
            if leg.owner == owner:
                cash += leg.cash
                shares[leg.symbol] += leg.shares
        return cash, {symbol: quantity for symbol, quantity in shares.items() if quantity}

    def _until(self, until: datetime) -> Iterator[Leg]:
        return (leg for leg in self.legs if leg.at <= until)


def _rounded(shares: Decimal) -> Decimal:
    return shares.quantize(SHARE_STEP, rounding=ROUND_HALF_EVEN)
