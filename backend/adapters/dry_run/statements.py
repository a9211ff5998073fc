"""The books of a dry run's account."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from backend.adapters.dry_run.account import DryRunAccount
from backend.domain.errors import MarketDataError
from backend.domain.market import new_york_day
from backend.domain.statement import Activity
from backend.ports.calendar import Calendar


class DryRunStatements:
    """``Statements`` of a dry run: equity at the closes of ``calendar`` since its opening, and its activities."""

    def __init__(self, account: DryRunAccount, calendar: Calendar) -> None:
        self._account = account
        self._calendar = calendar

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        opened_at, now = self._account.opening().at, self._account.clock.now()
        ended = [each for each in self._calendar.sessions(first, last) if opened_at <= each.closes_at <= now]
        found: dict[date, Decimal] = {}
        for session in ended:
            held = self._account.holdings(session.closes_at)
            prices = self._account.bars.closes(sorted(held.quantities), day=session.day) if held.quantities else {}
            missing = [symbol for symbol in held.quantities if symbol not in prices]
            if missing:
                raise MarketDataError(
                    f"{session.day}: expected a close of {', '.join(missing)}, which the dry run holds, found none; "
                    "check the price source"
                )
            found[session.day] = held.worth(prices)
        return found

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        return [each for each in self._account.activities() if first <= new_york_day(each.at) <= last]
