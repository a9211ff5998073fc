"""What happens to an account without a trade: splits, dividends, deposits, withdrawals and interest.

1. A scheduled action is in force from 00:00 New York of its ex-date.
2. A split cancels the working orders in its symbol, then changes the position and its average price.
3. A dividend is owed on the shares held at that instant, and paid at 00:00 New York of its pay date; short
   positions pay it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from heapq import heappop, heappush
from uuid import uuid5

from backend.adapters.csv_actions import ScheduledAction
from backend.domain.corporate_action import ActionKind
from maestro.servers.paper_broker.account import Account
from maestro.servers.paper_broker.errors import invalid, unprocessable
from maestro.servers.paper_broker.journal import Entry, EntryKind, Journal
from maestro.servers.paper_broker.orders import CENT, NAMESPACE, SHARE, ZERO
from maestro.servers.paper_broker.quotes import Quotes
from maestro.servers.paper_broker.sessions import midnight_at
from maestro.servers.paper_broker.wire import number

_TOO_MUCH = Decimal(10) ** 12
_CASH_KINDS = (EntryKind.INTEREST, EntryKind.JOURNAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payment:
    """A dividend that is owed: on how many shares."""

    scheduled: ScheduledAction
    qty: Decimal


class BackOffice:
    def __init__(
        self, account: Account, quotes: Quotes, journal: Journal, cancel_orders: Callable[[str], None]
    ) -> None:
        self._account = account
        self._quotes = quotes
        self._journal = journal
        self._cancel_orders = cancel_orders
        self._due: list[tuple[datetime, int, ScheduledAction | _Payment]] = []
        self._sequence = 0
        self.actions: dict[str, ScheduledAction] = {}

    def schedule(self, actions: Iterable[ScheduledAction], now: datetime) -> None:
        """Add `actions` that lie ahead of `now`; one that is known already, or too late, refuses them all."""
        added: dict[str, ScheduledAction] = {}
        for each in actions:
            action_id = each.action.action_id
            if action_id in self.actions or action_id in added:
                raise unprocessable(f"{action_id} is scheduled already: reset the broker to change it")
            if midnight_at(each.action.ex_day) <= now:
                raise unprocessable(f"{action_id}: the clock has passed the start of its ex_date: give a later one")
            added[action_id] = each
        self.begin(added.values(), now)

    def begin(self, actions: Iterable[ScheduledAction], now: datetime) -> None:
        """Know `actions`; those whose ex-date began before `now` found nothing to change."""
        for each in actions:
            self.actions[each.action.action_id] = each
            if midnight_at(each.action.ex_day) > now:
                self._push(midnight_at(each.action.ex_day), each)

    def moments(self, until: datetime) -> Iterator[datetime]:
        """Yield each instant up to `until` at which something is due; `work` must be called in between."""
        while self._due and self._due[0][0] <= until:
            yield self._due[0][0]

    def work(self, now: datetime) -> None:
        """Do all that is due at `now`."""
        while self._due and self._due[0][0] <= now:
            _, _, due = heappop(self._due)
            if isinstance(due, _Payment):
                self._pay(due, now)
            elif due.action.kind is ActionKind.SPLIT:
                self._split(due, now)
            else:
                self._owe(due)

    def transfer(self, kind: str | None, amount: Decimal, withdrawable: Decimal, now: datetime) -> Entry:
        """Move cash in or out; `kind` is INT or JNLC, or by default a deposit or withdrawal."""
        if not amount.is_finite() or not 0 < abs(amount) < _TOO_MUCH or amount != amount.quantize(CENT):
            raise invalid(f"invalid amount: expected whole cents other than 0, found {amount}")
        if kind is None:
            entry_kind = EntryKind.DEPOSIT if amount > 0 else EntryKind.WITHDRAWAL
        elif kind in _CASH_KINDS:
            entry_kind = EntryKind(kind)
        else:
            raise invalid(f"invalid kind: expected none, {' or '.join(_CASH_KINDS)}, found {kind}")
        if entry_kind is not EntryKind.INTEREST and -amount > withdrawable:
            raise unprocessable(f"insufficient cash (requested: {number(-amount)}, available: {number(withdrawable)})")
        self._account.cash += amount
        return self._journal.add(entry_kind, now, net_amount=amount)

    def _push(self, at: datetime, due: ScheduledAction | _Payment) -> None:
        self._sequence += 1
        heappush(self._due, (at, self._sequence, due))

    def _split(self, scheduled: ScheduledAction, now: datetime) -> None:
        """Change the position; booked as Alpaca does, the old shares out and the new ones in."""
        action = scheduled.action
        self._cancel_orders(action.symbol)
        before = self._account.qty(action.symbol)
        last = self._quotes.price(action.symbol) if before else ZERO
        self._quotes.split(action.symbol, action.new_shares / action.old_shares)
        if not before:
            return
        after = (before * action.new_shares / action.old_shares).quantize(SHARE, ROUND_HALF_UP)
        self._account.split(action.symbol, after)
        value = number((before * last).quantize(CENT))
        for verb, qty, price in (("REMOVE", -before, last), ("ADD", after, self._quotes.price(action.symbol))):
            if qty:
                self._journal.add(
                    EntryKind.SPLIT,
                    now,
                    sub_kind="FSPLIT" if action.new_shares > action.old_shares else "RSPLIT",
                    symbol=action.symbol,
                    qty=qty,
                    price=price,
                    group_id=uuid5(NAMESPACE, action.action_id),
                    description=f"{verb}, From QTY:{number(-before)}, To QTY:{number(after)}, Position Value:{value}",
                )

    def _owe(self, scheduled: ScheduledAction) -> None:
        qty = self._account.qty(scheduled.action.symbol)
        if qty:
            self._push(midnight_at(scheduled.pay_day), _Payment(scheduled=scheduled, qty=qty))

    def _pay(self, payment: _Payment, now: datetime) -> None:
        action = payment.scheduled.action
        amount = (payment.qty * action.per_share).quantize(CENT)
        if amount == ZERO:
            return
        self._account.cash += amount
        self._journal.add(
            EntryKind.DIVIDEND,
            now,
            net_amount=amount,
            sub_kind="CDIV",
            symbol=action.symbol,
            qty=payment.qty,
            per_share=action.per_share,
            group_id=uuid5(NAMESPACE, action.action_id),
            description=f"Cash DIV @ {number(action.per_share)}, Pos QTY: {number(payment.qty)}",
        )
