"""What a strategy is given: weight, parameters, symbols and the length of its bars."""

import re
from typing import Any

from maestro.migration.counterpart import Counterpart
from maestro.migration.report import Ledger, Outcome, children
from maestro.migration.setting import Settings, scalar
from maestro.migration.source import Table
from maestro.migration.values import plain_value, shown, texts

_BASE = "orchestrator.strategies[]"
_WEIGHT_KEYS = ("allocation_weight", "weight", "allocation")
_GREATEST_WEIGHT = 100
_FRAMES = {
    **dict.fromkeys(("d", "1day", "day", "daily", "1440", "1440m", "24h"), "1d"),
    **dict.fromkeys(("w", "1week", "week", "weekly"), "1w"),
}
_DAYS_OR_WEEKS = re.compile(r"[1-9]\d{0,2}[dw]")
_DAYS = "Maestro decides on daily bars"
_RESCALE = "a period of 20 now means 20 days: choose the periods anew, or leave the strategy where it is"


def put_weight(settings: Settings, table: Table, ledger: Ledger) -> None:
    """Put the weight, under whichever name; without one, every strategy counts the same."""
    for key in _WEIGHT_KEYS:
        node = table.get(key)
        value = getattr(node, "value", None)
        if node is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if 0 <= value <= _GREATEST_WEIGHT:
            settings.put(["allocation_weight"], float(value), str(node.place))
            target = f"{_BASE}.allocation_weight"
            ledger.claim(node, Outcome.MAPPED, target=target, value=scalar(float(value)))
            return


def put_parameters(settings: Settings, table: Table, ledger: Ledger, target: Counterpart | None, name: str) -> None:
    """Put the parameters that the class has; all of them, for a class of the user's own."""
    given: dict[str, Any] = {}
    below = settings.at(["parameters"])
    for key, node in children(table.get("parameters", "params")):
        if not ledger.is_open(node):
            continue
        found = target.parameter(key) if target else (key, key)
        if found is None and target is not None:
            known = ", ".join(sorted(target.parameters))
            why = f"{target.strategy.__name__} has no such parameter"
            advice = f"it takes {known}; express it by these or subclass it"
            ledger.claim(node, Outcome.NOT_MAPPED, why=why, advice=advice)
        elif found is not None and found[1] in given:
            why = f"{found[1]} is set by another key already"
            ledger.claim(node, Outcome.NOT_MAPPED, why=why, advice="delete one of the two")
        elif found is not None:
            written, own = found
            given[own] = value = plain_value(node)
            below.put([written], value, str(node.place) if written == key else f"{node.place} {key}")
            why = "" if written == own else f"{own} of the class"
            outcome = Outcome.MAPPED if target else Outcome.KEPT
            ledger.claim(node, outcome, target=f"{_BASE}.parameters.{written}", value=shown(value), why=why)
    missing = sorted(target.parameters - given.keys() - {"max_positions"}) if target else []
    if target and missing:
        values = ", ".join(f"{each}={getattr(target.strategy, each)}" for each in missing)
        ledger.caution(table.place, f"{name}: not set, so Maestro's default counts: {values}")


def put_symbols(settings: Settings, table: Table, ledger: Ledger) -> tuple[str, ...]:
    """Put the symbols and return them; none where none are named."""
    node = table.get("symbols", "symbol", "markets", "pairs")
    symbols = texts(node)
    if not symbols or node is None:
        return ()
    settings.put(["symbols"], list(symbols), str(node.place))
    pairs = [symbol for symbol in symbols if "/" in symbol]
    if pairs:
        text = f"{', '.join(pairs)}: Maestro reads bars of US shares from Alpaca, no currencies and no crypto pairs"
        ledger.caution(node.place, text)
    advice = "bring prices of your own (prices_file) or choose shares" if pairs else ""
    ledger.claim(node, Outcome.MAPPED, target=f"{_BASE}.symbols", value=shown(list(symbols)), advice=advice)
    return symbols


def put_timeframe(settings: Settings, table: Table, ledger: Ledger, name: str) -> None:
    """Put the length of bars, days or weeks; anything shorter is not mapped."""
    node = table.get("timeframe", "timeframes", "interval")
    frames = {_FRAMES.get(each.lower(), each.lower()) for each in texts(node)}
    if node is None or not frames:
        return
    frame = min(frames)
    if len(frames) == 1 and _DAYS_OR_WEEKS.fullmatch(frame):
        settings.put(["timeframe"], frame, str(node.place))
        ledger.claim(node, Outcome.MAPPED, target=f"{_BASE}.timeframe", value=frame)
        return
    ledger.caution(node.place, f"{name}: {', '.join(sorted(frames))} becomes 1d; {_RESCALE}")
    ledger.claim(node, Outcome.NOT_MAPPED, why=_DAYS, advice=_RESCALE)
