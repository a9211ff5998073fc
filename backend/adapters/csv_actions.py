"""Splits and cash dividends from a CSV file: ``symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date``.

``kind`` is split or dividend, dates are ISO. A split needs new_shares and old_shares (4 and 1 for four new shares in
the place of each old one), a dividend per_share; pay_date is the ex-date where it is empty.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import LedgerError, MarketDataError
from backend.domain.signal import Symbol

COLUMNS = ("symbol", "kind", "ex_date", "new_shares", "old_shares", "per_share", "pay_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """A corporate action and the day on which a dividend is paid."""

    action: CorporateAction
    pay_day: date


def read_actions(path: Path) -> tuple[ScheduledAction, ...]:
    """Read a file of actions, ordered by ex-day, then symbol.

    Raises
    ------
    MarketDataError
        The file is missing or not CSV, a column is missing, a line cannot be read, or an action is there twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text, strict=True)
            if set(rows.fieldnames or ()) != set(COLUMNS):
                raise MarketDataError(
                    f"{path}, line 1: expected the columns {','.join(COLUMNS)}, found {rows.fieldnames}; write them all"
                )
            return ordered((read_action(row, f"{path}, line {rows.line_num}") for row in rows), str(path))
    except FileNotFoundError as e:
        raise MarketDataError(f"{path}: expected a file of corporate actions, found none; check the path") from e
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise MarketDataError(
            f"{path}: expected readable CSV, found {type(e).__name__} ({e}); the file is damaged: write it again"
        ) from e


def ordered(actions: Iterable[ScheduledAction], source: str) -> tuple[ScheduledAction, ...]:
    """Order actions by ex-day, then symbol; raises MarketDataError when one is there twice."""
    known: dict[str, ScheduledAction] = {}
    for scheduled in actions:
        action_id = scheduled.action.action_id
        if action_id in known:
            raise MarketDataError(f"{source}: expected each action once, found {action_id} twice; remove one")
        known[action_id] = scheduled
    return tuple(sorted(known.values(), key=lambda each: (each.action.ex_day, each.action.symbol, each.action.kind)))


def read_action(fields: Mapping[str, str | None], where: str) -> ScheduledAction:
    """Read one action; ``where`` names its place in messages.

    Raises
    ------
    MarketDataError
        A field is missing or cannot be read.
    """
    if not set(fields) <= set(COLUMNS):
        raise MarketDataError(f"{where}: expected {', '.join(COLUMNS)}, found {dict(fields)}; remove the rest")
    given = {name: text.strip() for name, text in fields.items() if text and text.strip()}
    try:
        kind = ActionKind(given["kind"])
        ex_day = date.fromisoformat(given["ex_date"])
        pay_day = date.fromisoformat(given.get("pay_date", given["ex_date"]))
        terms = {name: _number(given[name]) for name in ("new_shares", "old_shares", "per_share") if name in given}
        action = CorporateAction(symbol=Symbol(given["symbol"]), kind=kind, ex_day=ex_day, **terms)
    except KeyError as e:
        raise MarketDataError(f"{where}: expected {e.args[0]}, found {dict(fields)}; add it") from e
    except (ValueError, InvalidOperation) as e:
        raise MarketDataError(
            f"{where}: expected kind {' or '.join(ActionKind)}, ISO dates and plain numbers, found {dict(fields)}; "
            "correct it"
        ) from e
    except LedgerError as e:
        raise MarketDataError(f"{where}: {e}") from e
    if pay_day < ex_day or (kind is ActionKind.SPLIT and pay_day != ex_day):
        raise MarketDataError(
            f"{where}: expected a pay_date from {ex_day} on, and none for a split, found {pay_day}; correct it"
        )
    return ScheduledAction(action=action, pay_day=pay_day)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number
