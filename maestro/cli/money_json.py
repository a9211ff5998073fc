"""Demotions and changes of equity as JSON-ready values: money as decimal text with all its digits."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from backend.domain.equity_change import EquityChange
from backend.domain.shadow import Demotion
from backend.domain.snapshot import ZERO, Attribution


def demotion_json(demotion: Demotion) -> dict[str, Any]:
    return {
        "strategy": demotion.strategy,
        "since": demotion.since.isoformat(),
        "until": None if demotion.until is None else demotion.until.isoformat(),
        "days": demotion.days,
        "real_pnl": f"{demotion.real_pnl:f}",
        "virtual_pnl": f"{demotion.virtual_pnl:f}",
        "saved": f"{demotion.saved:f}",
    }


def change_json(change: EquityChange) -> dict[str, Any]:
    """``parts`` add up to ``change``."""
    rest = {name: f"{getattr(change, name):f}" for name in ("unattributed", "external", "residual")}
    return {
        "first_day": change.first_day.isoformat(),
        "last_day": change.last_day.isoformat(),
        "equity_from": f"{change.equity_from:f}",
        "equity_to": f"{change.equity_to:f}",
        "change": f"{change.change:f}",
        "parts": {**parts_json(change.attribution), **rest},
    }


def parts_json(parts: Attribution) -> dict[str, str]:
    return {name: f"{value:f}" for name, value in asdict(parts).items()}


def demotions_json(demotions: Sequence[Demotion]) -> dict[str, Any]:
    """Add demotions up."""
    money = {
        name: sum((getattr(each, name) for each in demotions), ZERO) for name in ("real_pnl", "virtual_pnl", "saved")
    }
    return {
        "count": len(demotions),
        "lasting": sum(each.until is None for each in demotions),
        "days": sum(each.days for each in demotions),
        **{name: f"{value:f}" for name, value in money.items()},
    }
