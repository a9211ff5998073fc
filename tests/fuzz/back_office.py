"""The model broker's back office: what changes the account besides orders, and the statements it writes of it all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from backend.domain.account import Account, Position
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from tests.fuzz.fees import FeeDesk, FeeStyle
from tests.fuzz.ledger import CENT, OWNER, RECEIVABLE, ZERO, Ledger, Leg
from tests.fuzz.market import Market, Moment, begins, local_day

PAID_AFTER = timedelta(days=2)  # a dividend, counted from its ex-day


@dataclass(slots=True, kw_only=True)
class BackOffice:
    """``Statements`` of one account. ``booked`` holds each activity with the day on which it was booked."""

    market: Market
    fee_style: FeeStyle
    ledger: Ledger = field(default_factory=Ledger)
    booked: list[tuple[date, Activity]] = field(default_factory=list)
    equities: dict[date, Decimal] = field(default_factory=dict)
    _unpaid: list[tuple[date, str, Decimal]] = field(default_factory=list)
    _fees: FeeDesk = field(init=False)

    def __post_init__(self) -> None:
        self._fees = FeeDesk(ledger=self.ledger, style=self.fee_style)

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        return {day: equity for day, equity in self.equities.items() if first <= day <= last}

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        return tuple(activity for day, activity in self.booked if first <= day <= last)

    def account(self) -> Account:
        prices, cash = self.market.prices, self.ledger.account_cash()
        positions = {
            Symbol(symbol): Position(
                symbol=Symbol(symbol), quantity=quantity, average_price=prices[symbol], price=prices[symbol]
            )
            for symbol, quantity in self.ledger.positions().items()
        }
        return Account(
            account_id="venue", equity=self._equity(), cash=cash, buying_power=max(cash, ZERO), positions=positions
        )

    def open_account(self, cash: Decimal, shares: Mapping[str, Decimal]) -> None:
        """Begin with what the account's owner brings."""
        self.ledger.add(Leg(at=self.market.time, owner=OWNER, cash=cash))
        for symbol, quantity in shares.items():
            self.ledger.add(Leg(at=self.market.time, owner=OWNER, symbol=symbol, shares=quantity))

    def deposit(self, amount: Decimal) -> None:
        self.ledger.add(Leg(at=self.market.time, owner=OWNER, cash=amount))
        self._book(ActivityKind.TRANSFER, cash=amount)

    def execute(self, owner: str, symbol: str, shares: Decimal, price: Decimal, order_id: str) -> None:
        """Book an execution against the market, now."""
        paid = self.ledger.trade(self.market.time, owner, symbol, shares, price)
        self._book(
            ActivityKind.FILL, symbol=Symbol(symbol), quantity=shares, price=price, cash=-paid, order_id=order_id
        )
        self._add(self._fees.on_fill(self.booked[-1][1], owner))

    def pass_by(self, moment: Moment) -> None:
        """Do what is due at a moment of the day."""
        market, now = self.market, self.market.time
        day = local_day(now)
        match moment:
            case Moment.MIDNIGHT:
                for action in market.actions_of(day):
                    self._take(action)
                for _, symbol, amount in [each for each in self._unpaid if each[0] <= day]:
                    self.ledger.add(Leg(at=now, owner=RECEIVABLE, cash=amount))
                    self._book(ActivityKind.DIVIDEND, symbol=Symbol(symbol), cash=amount)
                self._unpaid = [each for each in self._unpaid if each[0] > day]
            case Moment.CLOSE:
                market.print_closes()
                self.equities[day] = self._equity()
            case Moment.EVENING | Moment.NIGHT:
                self._add(self._fees.at(moment, now))

    def _take(self, action: CorporateAction) -> None:
        now, symbol = self.market.time, action.symbol
        if action.kind is ActionKind.DIVIDEND:
            owed = self.ledger.owe_dividend(now, symbol, action.per_share)
            self._unpaid.append((action.ex_day + PAID_AFTER, symbol, owed))
        else:
            before, after = self.ledger.split(now, symbol, action.new_shares, action.old_shares)
            for quantity in (-before, after) if before else ():
                self._book(ActivityKind.SPLIT, symbol=symbol, quantity=quantity)
        begins(action, self.market.prices)

    def _book(
        self,
        kind: ActivityKind,
        *,
        symbol: Symbol | None = None,
        quantity: Decimal = ZERO,
        price: Decimal = ZERO,
        cash: Decimal = ZERO,
        order_id: str = "",
    ) -> None:
        activity = Activity(
            activity_id="",
            kind=kind,
            at=self.market.time,
            symbol=symbol,
            quantity=quantity,
            price=price,
            cash=cash,
            order_id=order_id,
        )
        self._add([activity])

    def _add(self, activities: Iterable[Activity]) -> None:
        for activity in activities:
            numbered = replace(activity, activity_id=f"act-{len(self.booked) + 1:05}")
            self.booked.append((local_day(self.market.time), numbered))

    def _equity(self) -> Decimal:
        value = sum((held * self.market.prices[symbol] for symbol, held in self.ledger.positions().items()), ZERO)
        return (self.ledger.account_cash() + value).quantize(CENT)
