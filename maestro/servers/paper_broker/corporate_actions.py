"""The schedule of splits and dividends as Alpaca's JSON.

As at Alpaca, ``start`` and ``end`` are about the process date: a split's ex-date, the day on which a dividend is paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import uuid5

from backend.adapters.csv_actions import ScheduledAction
from backend.domain.corporate_action import ActionKind
from maestro.servers.paper_broker.errors import Refusal
from maestro.servers.paper_broker.orders import NAMESPACE

Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionQuery:
    """Actions processed from `start` to `end`; without `symbols` or `types`, of all of them."""

    symbols: tuple[str, ...]
    types: frozenset[str]
    start: date
    end: date
    limit: int
    is_descending: bool
    token: str | None


def action_page(actions: Iterable[ScheduledAction], query: ActionQuery) -> Document:
    """Return one page, ordered by process date; `token` is the number of actions on the pages before it."""
    found = sorted(
        (each for each in actions if _is_wanted(each, query)),
        key=lambda each: (each.pay_day, each.action.action_id),
        reverse=query.is_descending,
    )
    skipped = _skipped(query.token)
    shown = found[skipped : skipped + query.limit]
    is_last = skipped + len(shown) >= len(found)
    return {**actions_document(shown), "next_page_token": None if is_last else str(skipped + len(shown))}


def actions_document(actions: Iterable[ScheduledAction]) -> Document:
    groups: dict[str, list[Document]] = {}
    for each in actions:
        groups.setdefault(f"{_type(each)}s", []).append(_document(each))
    return {"corporate_actions": groups}


def _is_wanted(scheduled: ScheduledAction, query: ActionQuery) -> bool:
    return (
        query.start <= scheduled.pay_day <= query.end
        and (not query.symbols or scheduled.action.symbol in query.symbols)
        and (not query.types or _type(scheduled) in query.types)
    )


def _type(scheduled: ScheduledAction) -> str:
    action = scheduled.action
    if action.kind is ActionKind.DIVIDEND:
        return "cash_dividend"
    return "forward_split" if action.new_shares > action.old_shares else "reverse_split"


def _document(scheduled: ScheduledAction) -> Document:
    action, ex_date = scheduled.action, scheduled.action.ex_day.isoformat()
    pay_date = scheduled.pay_day.isoformat()
    dates = {"ex_date": ex_date, "record_date": ex_date, "payable_date": pay_date, "process_date": pay_date}
    shared: Document = {"id": str(uuid5(NAMESPACE, action.action_id)), "symbol": action.symbol, **dates}
    if action.kind is ActionKind.DIVIDEND:
        return {**shared, "cusip": "", "rate": float(action.per_share), "special": False, "foreign": False}
    cusips = {"cusip": ""} if action.new_shares > action.old_shares else {"old_cusip": "", "new_cusip": ""}
    return {**shared, **cusips, "new_rate": float(action.new_shares), "old_rate": float(action.old_shares)}


def _skipped(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit()):
        raise Refusal(400, None, f"invalid page_token: {token}")
    return int(token)
