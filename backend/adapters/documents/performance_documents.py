"""``strategy_performance/{perf_id}``: our own daily and monthly documents, and the daily ones of any writer.

Our own write ``period_start`` and ``period_end`` as text, YYYY-MM-DD; others may have used timestamps. What only
a day knows (its P&L, the real sleeve's, mode, attribution, cut) is not in a monthly document.
"""

import math
import re
from dataclasses import fields as fields_of
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.adapters.documents.fields import FieldReader, as_instant
from backend.adapters.documents.seam import StoredDocument
from backend.domain.errors import TrackRecordError
from backend.domain.mode import Mode
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, Period, StrategyPerformanceSnapshot
from backend.domain.track_record import DailyReturn

OWN_SOURCE = "maestro"  # a return that we left out was undefined; there is nothing to work out
_PARTS = tuple(each.name for each in fields_of(Attribution))
_DAILY = frozenset({"day", "daily"})
_ID = re.compile(r"(?P<uid>.*?)__(?P<strategy>.+)__(?P<month>\d{4}-\d{2})(?P<day>-\d{2})?", re.DOTALL)


def to_document(snapshot: StrategyPerformanceSnapshot) -> dict[str, Any]:
    return {
        "tenant_id": snapshot.tenant_id,
        "uid": snapshot.uid,
        "strategy_id": str(snapshot.strategy_id),
        "period": snapshot.period.value,
        "period_start": snapshot.period_start.isoformat(),
        "period_end": snapshot.period_end.isoformat(),
        "realized_pnl": str(snapshot.realized_pnl),
        "unrealized_pnl": str(snapshot.unrealized_pnl),
        "capital": None if snapshot.capital is None else str(snapshot.capital),
        "daily_return": snapshot.daily_return,
        "computed_at": snapshot.computed_at,
        "source": snapshot.source,
        "is_virtual": snapshot.is_virtual,
        **(_day_fields(snapshot) if snapshot.period is Period.DAY else {}),
    }


def _day_fields(snapshot: StrategyPerformanceSnapshot) -> dict[str, Any]:
    parts = snapshot.attribution
    return {
        "pnl": str(snapshot.pnl),
        "real_realized_pnl": str(snapshot.real_realized_pnl),
        "real_unrealized_pnl": str(snapshot.real_unrealized_pnl),
        "real_pnl": str(snapshot.real_pnl),
        "mode": None if snapshot.mode is None else snapshot.mode.value,
        "attribution": None if parts is None else {name: str(getattr(parts, name)) for name in _PARTS},
        "closes_at": snapshot.closes_at,
    }


def from_document(document: StoredDocument) -> StrategyPerformanceSnapshot:
    """Read back what :func:`to_document` wrote; StoreCorrupt when it is anything else."""
    reader = FieldReader(document.path, document.fields)
    period = reader.member("period", Period)
    return StrategyPerformanceSnapshot(
        tenant_id=reader.text("tenant_id"),
        uid=reader.text("uid"),
        strategy_id=StrategyId(reader.text("strategy_id")),
        period=period,
        period_start=day_of(reader, "period_start"),
        period_end=day_of(reader, "period_end"),
        realized_pnl=reader.decimal("realized_pnl"),
        unrealized_pnl=reader.decimal("unrealized_pnl"),
        capital=reader.optional_decimal("capital"),
        daily_return=_read_return(reader),
        computed_at=reader.instant("computed_at"),
        source=reader.text("source"),
        is_virtual=reader.flag("is_virtual"),
        **(_read_day_fields(reader) if period is Period.DAY else {}),
    )


def _read_day_fields(reader: FieldReader) -> dict[str, Any]:
    parts = reader.value("attribution")
    return {
        "pnl": reader.decimal("pnl"),
        "real_realized_pnl": reader.decimal("real_realized_pnl"),
        "real_unrealized_pnl": reader.decimal("real_unrealized_pnl"),
        "real_pnl": reader.decimal("real_pnl"),
        "mode": None if reader.value("mode") is None else reader.member("mode", Mode),
        "attribution": None if parts is None else _read_attribution(reader.nested("attribution", parts)),
        "closes_at": None if reader.value("closes_at") is None else reader.instant("closes_at"),
    }


def _read_attribution(reader: FieldReader) -> Attribution:
    return Attribution(**{name: reader.decimal(name) for name in _PARTS})


def _read_return(reader: FieldReader) -> float | None:
    value = reader.value("daily_return")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise reader.corrupt("daily_return to be a finite number or null", value)
    return float(value)  # a whole number may come back as an integer


def day_of(reader: FieldReader, name: str) -> date:
    day = reader.optional_day(name)
    if day is None:
        raise reader.corrupt(f"{name} to be a day as YYYY-MM-DD", None)
    return day


def daily_return(document: StoredDocument) -> DailyReturn | None:
    """Read a daily document; None for one of another period and for a day on which there was no capital.

    Raises
    ------
    TrackRecordError
        It says that it is daily, and cannot be read as a return.
    """
    fields = document.fields
    named = _ID.fullmatch(document.document_id)
    if not _is_daily(fields, named):
        return None
    day = _day(document, named)
    strategy = fields.get("strategy_id") or (named and named["strategy"])
    if not isinstance(strategy, str):
        raise TrackRecordError(f"{document.path}: expected a strategy_id, found {strategy!r}; add it")
    value = _value(document)
    if value is None:
        return None
    is_virtual = fields.get("is_virtual") is True
    return DailyReturn(strategy=StrategyId(strategy), day=day, value=value, is_virtual=is_virtual)


def _is_daily(fields: Any, named: re.Match[str] | None) -> bool:
    period = fields.get("period")
    if named is not None and named["day"] is None:
        return False  # the id names a month, whatever ``period`` says
    if period is None:
        return named is not None
    return isinstance(period, str) and period.lower() in _DAILY


def _day(document: StoredDocument, named: re.Match[str] | None) -> date:
    start, end = (_as_day(document.fields.get(name)) for name in ("period_start", "period_end"))
    if named is not None:
        try:
            # The id says which day was meant; a timestamp of local midnight may fall on a neighbour in UTC.
            day = date.fromisoformat(named["month"] + named["day"])
        except ValueError as e:
            raise TrackRecordError(f"{document.path}: expected the id to end in a day, found none; rename it") from e
    elif start is not None:
        day = start
    else:
        raise TrackRecordError(
            f"{document.path}: expected period_start to be a day or a timestamp, "
            f"found {document.fields.get('period_start')!r}; correct it"
        )
    first, last = start or day, end or start or day
    if abs(first - day) > timedelta(days=1) or not timedelta(0) <= last - first <= timedelta(days=1):
        raise TrackRecordError(
            f"{document.path}: expected period_start and period_end to span the day {day}, "
            f"found {first} to {last}; a daily document covers one day"
        )
    return day


def _as_day(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # a timestamp as text, perhaps
    at = as_instant(value)
    if at is not None:
        return at.date()
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def _value(document: StoredDocument) -> float | None:
    fields = document.fields
    stated = fields.get("daily_return")
    if stated is not None:
        number = _number(stated)
        if number is None:
            raise TrackRecordError(
                f"{document.path}: expected daily_return to be a number, found {stated!r}; correct it"
            )
        return float(number)
    if fields.get("source") == OWN_SOURCE:
        return None
    gained = [_number(fields.get(name)) or Decimal(0) for name in ("realized_pnl", "unrealized_pnl")]
    stated_any = any(_number(fields.get(name)) is not None for name in ("realized_pnl", "unrealized_pnl"))
    capital = _number(fields.get("capital"))
    if stated_any and capital is not None and capital > 0:
        return float(sum(gained, Decimal(0)) / capital)
    if stated_any and not any(gained) and not capital:
        return None
    raise TrackRecordError(
        f"{document.path}: expected daily_return, or realized_pnl and unrealized_pnl with a positive capital, "
        f"found capital={fields.get('capital')!r}; add one of them"
    )


def _number(value: object) -> Decimal | None:
    """Read a number or its text; None for anything else, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
