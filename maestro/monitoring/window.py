"""What happened in a portfolio between two instants, read from the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.domain.alert import Alert
from backend.domain.errors import ConfigurationError
from backend.domain.order import ClientOrderId
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import LogEntry, PlacedOrder, PortfolioKey
from backend.ports.control import TradingControl
from backend.ports.decisions import DecisionLog
from backend.ports.notifications import AlertHistory
from backend.ports.performances import PerformanceHistory
from maestro.monitoring.standing import Standing, read_standing

_FIRST_PAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """After ``start``, up to and with ``end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ConfigurationError(f"expected a period that ends after {self.start}, found {self.end}; lengthen it")

    def __contains__(self, at: datetime) -> bool:
        return self.start < at <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The ports that are read, and whose portfolio."""

    log: DecisionLog
    control: TradingControl
    performances: PerformanceHistory
    alerts: AlertHistory
    key: PortfolioKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read: everything oldest first, and of the portfolio alone.

    ``before`` is the last decision before the window. ``days`` are the days that were closed in the window and
    ``strategy_days`` their strategies'; ``earlier`` and ``earlier_strategy_days`` lie before them, for curves.
    """

    window: Window
    key: PortfolioKey
    standing: Standing
    before: LogEntry | None
    entries: Sequence[LogEntry]
    orders: Sequence[PlacedOrder]
    alerts: Sequence[Alert]
    days: Sequence[PortfolioPerformanceSnapshot]
    strategy_days: Sequence[StrategyPerformanceSnapshot]
    earlier: Sequence[PortfolioPerformanceSnapshot] = ()
    earlier_strategy_days: Sequence[StrategyPerformanceSnapshot] = ()


def read_window(sources: Sources, window: Window, *, look_back_days: int = 0) -> Seen:
    """Read the window, and closed days from ``look_back_days`` calendar days before its end.

    Raises
    ------
    StoreError
        The store did not answer, or what it holds cannot be read.
    """
    key = sources.key
    standing = read_standing(sources.log, sources.performances, key)
    before, entries = _decisions(sources.log, key, window)
    ordered = [ClientOrderId(order["client_order_id"]) for entry in entries for order in entry.body.get("orders", ())]
    first = min(window.start, window.end - timedelta(days=look_back_days)).date()
    days = sources.performances.portfolio_days(key, first=first, last=window.end.date())
    closed = {day.day for day in days if day.closes_at in window}
    since = first if look_back_days else min(closed, default=None)
    strategy_days = _strategy_days(sources, since, window.end.date(), set(standing.observed.book.strategies))
    return Seen(
        window=window,
        key=key,
        standing=standing,
        before=before,
        entries=entries,
        orders=sources.control.placed(key.tenant_id, ordered) if ordered else (),
        alerts=[each for each in sources.alerts.alerts(key.tenant_id, since=window.start) if _is_of(each, key, window)],
        days=[day for day in days if day.day in closed],
        strategy_days=[each for each in strategy_days if each.period_start in closed],
        earlier=[day for day in days if day.closes_at <= window.start] if look_back_days else (),
        earlier_strategy_days=[
            each for each in strategy_days if each.period_start < min(closed, default=window.end.date())
        ],
    )


def _decisions(log: DecisionLog, key: PortfolioKey, window: Window) -> tuple[LogEntry | None, list[LogEntry]]:
    """Ask for ever more of the newest entries, until one of the portfolio's lies before the window."""
    last = _FIRST_PAGE
    while True:
        found = log.decisions(key.tenant_id, last=last)
        own = [
            each for each in reversed(found) if each.portfolio_id == key.portfolio_id and each.timestamp <= window.end
        ]
        earlier = [each for each in own if each.timestamp <= window.start]
        if earlier or len(found) < last:
            return (earlier[-1] if earlier else None), [each for each in own if each.timestamp in window]
        last *= 2


def _strategy_days(
    sources: Sources, first: date | None, last: date, names: set[str]
) -> list[StrategyPerformanceSnapshot]:
    if first is None:
        return []
    days = sources.performances.strategy_days(sources.key, first=first, last=last)
    return [each for each in days if each.strategy_id in names]


def _is_of(alert: Alert, key: PortfolioKey, window: Window) -> bool:
    return alert.portfolio_id in ("", key.portfolio_id) and alert.at in window
