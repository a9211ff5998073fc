"""What the model venue charges for fills, when it books that, and to whom it belongs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from backend.domain.statement import Activity, ActivityKind
from tests.fuzz.ledger import CENT, OWNER, ZERO, Ledger
from tests.fuzz.market import Moment, local_day

RATE = Decimal("0.0005")
MILLIONTH = Decimal("0.000001")


class FeeStyle(StrEnum):
    """One fee an order that it names, or one a day for all fills together; when it is booked."""

    NONE = "none"
    AT_ONCE = "an order's, at once"
    EVENING = "an order's, in the evening"
    NIGHT = "an order's, the night after"
    POOLED_EVENING = "a day's, in the evening"
    POOLED_NIGHT = "a day's, the night after"


_MOMENT = {
    FeeStyle.EVENING: Moment.EVENING,
    FeeStyle.POOLED_EVENING: Moment.EVENING,
    FeeStyle.NIGHT: Moment.NIGHT,
    FeeStyle.POOLED_NIGHT: Moment.NIGHT,
}


@dataclass(slots=True, kw_only=True)
class FeeDesk:
    """Collects fills until their fee is booked."""

    ledger: Ledger
    style: FeeStyle
    waiting: list[tuple[Activity, str]] = field(default_factory=list)
    charged: list[Activity] = field(default_factory=list)

    def on_fill(self, fill: Activity, owner: str) -> Sequence[Activity]:
        """Take a fill of an owner's; return the fee that is booked with it."""
        self.waiting.append((fill, owner))
        return self._charge(fill.at) if self.style is FeeStyle.AT_ONCE else ()

    def at(self, moment: Moment, now: datetime) -> Sequence[Activity]:
        return self._charge(now) if _MOMENT.get(self.style) is moment else ()

    def _charge(self, now: datetime) -> list[Activity]:
        waiting, self.waiting = self.waiting, []
        if self.style in (FeeStyle.POOLED_EVENING, FeeStyle.POOLED_NIGHT):
            days = sorted({local_day(fill.at) for fill, _ in waiting})
            return [self._pooled([each for each in waiting if local_day(each[0].at) == day], now) for day in days]
        return [self._single(fill, owner, now) for fill, owner in waiting]

    def _single(self, fill: Activity, owner: str, now: datetime) -> Activity:
        fee = self._fee(abs(fill.cash), fill.at, now, order_id=fill.order_id)
        self.ledger.charge(fee.at, owner, -fee.cash)
        return fee

    def _pooled(self, fills: Sequence[tuple[Activity, str]], now: datetime) -> Activity:
        total = sum((abs(fill.cash) for fill, _ in fills), ZERO)
        fee = self._fee(total, fills[0][0].at, now, order_id="")
        rest = fee.cash
        owners = sorted({owner for _, owner in fills} - {OWNER})
        for owner in owners if total else ():
            traded = sum((abs(fill.cash) for fill, each in fills if each == owner), ZERO)
            part = (fee.cash * (traded / total)).quantize(MILLIONTH, rounding=ROUND_HALF_EVEN)
            self.ledger.charge(fee.at, owner, -part)
            rest -= part
        self.ledger.charge(fee.at, OWNER, -rest)
        return fee

    def _fee(self, value: Decimal, traded_at: datetime, now: datetime, *, order_id: str) -> Activity:
        """Make a fee that is booked now, for fills of an earlier day perhaps."""
        fee = Activity(
            activity_id="",
            kind=ActivityKind.FEE,
            at=now,
            day=local_day(traded_at),
            cash=-(value * RATE).quantize(CENT) - CENT,
            order_id=order_id,
        )
        self.charged.append(fee)
        return fee
