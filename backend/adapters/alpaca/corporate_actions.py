"""Alpaca's corporate actions, read into splits and cash dividends."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from backend.adapters.alpaca.pages import lists, unreadable
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.signal import Symbol

ACTION_TYPES = "forward_split,reverse_split,cash_dividend"
_SPLITS = ("forward_splits", "reverse_splits")
_DIVIDENDS = "cash_dividends"


def read_actions(pages: Iterable[Mapping[str, Any]], first: date, last: date) -> tuple[CorporateAction, ...]:
    """Read the actions with an ex-day from ``first`` to ``last``, by ex-day, then symbol.

    An action that Alpaca reports twice counts once; several dividends of one symbol and ex-day, such as a regular
    and a special one, become one of their sum.

    Raises
    ------
    MarketDataError
        A document cannot be read.
    """
    actions: set[CorporateAction] = set()
    dividends: dict[tuple[Symbol, date], set[tuple[Decimal, object]]] = {}
    for kind, document in _documents(pages):
        symbol, ex_day = _text(document, "symbol"), _day(document)
        if not first <= ex_day <= last:
            continue
        if kind in _SPLITS:
            new, old = _number(document, "new_rate"), _number(document, "old_rate")
            if not (new and old):
                raise unreadable("a split with positive rates", dict(document))
            if new != old:
                actions.add(
                    CorporateAction(symbol=symbol, kind=ActionKind.SPLIT, ex_day=ex_day, new_shares=new, old_shares=old)
                )
        else:
            terms = (_number(document, "rate"), document.get("special"))
            dividends.setdefault((symbol, ex_day), set()).add(terms)
    for (symbol, ex_day), parts in dividends.items():
        per_share = sum((rate for rate, _ in parts), Decimal(0))
        if per_share:
            actions.add(CorporateAction(symbol=symbol, kind=ActionKind.DIVIDEND, ex_day=ex_day, per_share=per_share))
    return tuple(sorted(actions, key=lambda each: (each.ex_day, each.symbol, each.kind)))


def _documents(pages: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for page in pages:
        for kind, documents in lists(page, "corporate_actions", "lists of corporate actions by kind").items():
            if kind not in (*_SPLITS, _DIVIDENDS):
                continue
            for document in documents:
                if not isinstance(document, Mapping):
                    raise unreadable(f"one of the {kind}", document)
                yield kind, document


def _text(document: Mapping[str, Any], key: str) -> Symbol:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise unreadable(f"a corporate action with its {key}", dict(document))
    return Symbol(value)


def _day(document: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(_text(document, "ex_date"))
    except ValueError as e:
        raise unreadable("a corporate action with its ex_date", dict(document)) from e


def _number(document: Mapping[str, Any], key: str) -> Decimal:
    value = document.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return Decimal(repr(value))
    raise unreadable(f"a corporate action with its {key}, 0 or more", dict(document))
