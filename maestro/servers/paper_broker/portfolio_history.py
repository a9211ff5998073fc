"""The account's equity by day as Alpaca's JSON.

A closed day stands at its close, 16:00 New York; the current day, until then, at the broker's clock with the present
equity. Profit and loss are against ``base_value``, the equity at the close before the first day.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request

from maestro.servers.paper_broker.broker import PaperBroker
from maestro.servers.paper_broker.errors import invalid
from maestro.servers.paper_broker.requests import optional_date, optional_moment
from maestro.servers.paper_broker.sessions import close_at, is_trading_day, local_day

_PERIOD = re.compile(r"([1-9]\d{0,3})([DWMA])")
_DAY = "1D"
_MONTHS = {"M": 1, "A": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Days from `start` to `end`, both included; the last `points` of them when that is set."""

    start: date
    end: date
    points: int | None = None


def history_query(request: Request, today: date) -> HistoryQuery:
    """Read a query; raises `Refusal` for one that Alpaca, or this broker, does not serve."""
    given = request.query_params
    if given.get("timeframe", _DAY) != _DAY:
        raise invalid(f"invalid timeframe: the paper broker serves {_DAY}, found {given['timeframe']}")
    if all(given.get(name) for name in ("start", "period")) and (given.get("end") or given.get("date_end")):
        raise invalid("only two of start, end and period can be specified")
    start, end = optional_moment(request, "start"), optional_moment(request, "end")
    last = local_day(end) if end else optional_date(request, "date_end") or today
    if start is not None and not given.get("period"):
        return HistoryQuery(start=local_day(start), end=last)
    number, unit = _period(given.get("period") or "1M")
    if start is not None:
        return HistoryQuery(start=local_day(start), end=_moved(local_day(start), number, unit))
    if unit == "D":
        return HistoryQuery(start=date.min, end=last, points=number)
    return HistoryQuery(start=_moved(last, -number, unit), end=last)


def history_document(broker: PaperBroker, query: HistoryQuery) -> dict[str, object]:
    today = broker.quotes.today
    points = [(close_at(day), equity) for day, equity in broker.closes.since(query.start) if day <= query.end]
    is_open = today > broker.quotes.known_day and is_trading_day(today, broker.prices.days)
    if is_open and query.start <= today <= query.end:
        points.append((broker.now, broker.equity()))
    if query.points is not None:
        points = points[-query.points :]
    first = local_day(points[0][0]) if points else query.start
    base = broker.closes.before(first)
    base_day = broker.closes.day_before(first)
    return {
        "timestamp": [int(at.timestamp()) for at, _ in points],
        "equity": [float(equity) for _, equity in points],
        "profit_loss": [float(equity - base) for _, equity in points],
        "profit_loss_pct": [float(round(equity / base - 1, 6)) if base else None for _, equity in points],
        "base_value": float(base),
        **({"base_value_asof": base_day.isoformat()} if base_day else {}),
        "timeframe": _DAY,
    }


def _period(text: str) -> tuple[int, str]:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise invalid(f"invalid period: expected a number with D, W, M or A, such as 1M, found {text}")
    return int(found[1]), found[2]


def _moved(day: date, number: int, unit: str) -> date:
    """Return the day that lies `number` units later, or earlier when it is negative."""
    try:
        if unit not in _MONTHS:
            return day + timedelta(days=number * (7 if unit == "W" else 1))
        year, month = divmod(day.year * 12 + day.month - 1 + number * _MONTHS[unit], 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError) as e:
        raise invalid(f"invalid period: {number}{unit} from {day} leaves the calendar") from e
