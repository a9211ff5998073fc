"""Options of one paper broker."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from maestro.servers.paper_broker.errors import PaperBrokerConfigError


class FillDelay(StrEnum):
    NONE = "none"
    NEXT_STEP = "next-step"


_BPS_LIMIT = Decimal(10_000)
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperBrokerConfig:
    """Options of one paper broker; every amount is in the account's currency.

    Parameters
    ----------
    prices : price file, wide or long, ``.csv`` or ``.csv.gz``
    actions : file of splits and cash dividends, see `backend.adapters.csv_actions`
    port : loopback port; 0 takes a free one
    start : aware instant at which the broker's clock begins; None means the last close of the file
    initial_cash : cash at the start
    slippage_bps, fee_bps : basis points of the price, of the traded value
    fee_per_share : fee for each share
    partial_fill : fraction in (0, 1] of an order that fills at once; the rest follows at the next clock step
    fill_delay : ``none`` fills at once, ``next-step`` when the clock moves
    shorting : whether more than what is held can be sold
    buying_power_multiplier : 1 is a cash account
    faults : fault specifications, see `maestro.servers.paper_broker.faults`
    seed : seed of the faults' probabilities
    account_number : names the account, and makes its id; two accounts of one fund need two
    key, secret : credentials to insist on; None accepts any that are not empty
    whole_share_symbols : symbols that do not trade in fractions
    """

    prices: Path
    actions: Path | None = None
    port: int = 0
    start: datetime | None = None
    initial_cash: Decimal = Decimal(100_000)
    slippage_bps: Decimal = Decimal(0)
    fee_bps: Decimal = Decimal(0)
    fee_per_share: Decimal = Decimal(0)
    partial_fill: Decimal = Decimal(1)
    fill_delay: FillDelay = FillDelay.NONE
    shorting: bool = False
    buying_power_multiplier: Decimal = Decimal(1)
    faults: tuple[str, ...] = ()
    seed: int = 0
    account_number: str = "PAPER0001"
    key: str | None = None
    secret: str | None = None
    whole_share_symbols: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require(0 <= self.port <= _HIGHEST_PORT, "port", self.port, "0 to 65535")
        _require(self.initial_cash > 0, "initial_cash", self.initial_cash, "a positive amount")
        _require(0 <= self.slippage_bps < _BPS_LIMIT, "slippage_bps", self.slippage_bps, "0 to below 10000")
        _require(0 <= self.fee_bps < _BPS_LIMIT, "fee_bps", self.fee_bps, "0 to below 10000")
        _require(self.fee_per_share >= 0, "fee_per_share", self.fee_per_share, "0 or more")
        _require(0 < self.partial_fill <= 1, "partial_fill", self.partial_fill, "a fraction above 0, up to 1")
        _require(bool(self.account_number.strip()), "account_number", self.account_number, "a text such as PAPER0001")
        multiplier = self.buying_power_multiplier
        _require(1 <= multiplier <= 4, "buying_power_multiplier", multiplier, "1 (cash account) to 4")
        _require(
            self.start is None or self.start.tzinfo is not None,
            "start",
            self.start,
            "an instant with its offset, such as 2020-03-02T16:00:00-05:00",
        )
        if self.fill_delay not in tuple(FillDelay):
            raise PaperBrokerConfigError(
                f"fill_delay: expected one of {', '.join(FillDelay)}, found {self.fill_delay!r}; choose one of them."
            )
        object.__setattr__(self, "fill_delay", FillDelay(self.fill_delay))


def _require(is_valid: bool, name: str, found: object, expected: str) -> None:
    if not is_valid:
        raise PaperBrokerConfigError(f"{name}: expected {expected}, found {found}; correct the option.")
