"""Bring the materialised track record up to date from the daily documents it has not seen."""

from collections.abc import Collection
from datetime import date, timedelta

from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import WINDOW_DAYS, TrackRecord
from backend.ports.ticks import TickStore


def current_record(
    store: TickStore, key: PortfolioKey, stored: TrackRecord, today: date, asked: Collection[StrategyId]
) -> tuple[TrackRecord, bool]:
    """Return the record as of ``today`` and whether it was looked for anew: once a day.

    The last day on the record is read again, since its documents may have been written one by one; the whole
    window where a strategy that is ``asked`` has none yet, since its history may have been written just now.
    """
    if not stored.is_behind(today):
        return stored, False
    is_known = stored.through is not None and set(asked) <= set(stored.strategies)
    since = stored.through if is_known and stored.through else today - timedelta(days=2 * WINDOW_DAYS)
    return stored.extended(store.daily_returns(key, since=since), checked_on=today), True
