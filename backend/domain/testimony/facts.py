"""What a decision says, taken apart so that each part of a sentence can be looked up: names, numbers, counts, deeds."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.decision import Decision
from backend.domain.mode import Mode
from backend.domain.testimony.deeds import Claim, Count, claims_of, counts_of
from backend.domain.testimony.words import NUMBER_WORDS

MODE_WORDS: Mapping[str, Mode] = {
    **{mode.value: mode for mode in Mode},
    "active": Mode.ACTIVE,
    "reduced": Mode.REDUCED,
    "shadow": Mode.SHADOW_MODE,
    "disabled": Mode.DISABLED,
}
MONEY, SHARES = "money", "shares"

_HUNDRED = Decimal(100)
_NAME = re.compile(r"[^\W\d][\w.-]*(?:[ /:][\w.-]+){0,3}")
_TICKER = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,14}")
# Neither a part of an instant, a version or a name, nor of a longer number.
_NUMBER = re.compile(r"(?<![\w.:/−-])([-−]?)\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?( ?%)?(?![\w/:−-]|\.\d)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number; ``strategy`` and ``symbol`` are empty where it is nobody's.

    A fraction may be said as a percentage; ``unit`` is ``money``, ``shares`` or nothing.
    """

    value: Decimal
    strategy: str = ""
    symbol: str = ""
    is_fraction: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``modes`` holds for each strategy the mode before the decision and the one after it, equal where none changed.

    ``phrases`` are our own texts, which may be quoted whole, with the strategies they are about; empty for everyone.
    """

    strategies: frozenset[str]
    symbols: frozenset[str]
    modes: Mapping[str, tuple[Mode | None, Mode]]
    trading_state: str
    figures: tuple[Figure, ...]
    counts: tuple[Count, ...]
    claims: tuple[Claim, ...]
    phrases: Mapping[str, frozenset[str]]


def facts_of(decision: Decision) -> Facts:
    """Take a decision apart. What strategies say in words of their own is no fact of it."""
    told = list(_told(decision))
    phrases: dict[str, frozenset[str]] = {}
    for text, strategy, _ in told:
        owners = frozenset([strategy] if strategy else [])
        phrases[text] = phrases[text] | owners if text in phrases and phrases[text] and owners else owners
    at = decision.decided_at
    for instant in (at.isoformat(), f"{at:%Y-%m-%d %H:%M} UTC", f"{at:%Y-%m-%d}", f"{at:%H:%M}"):
        phrases[instant] = frozenset()
    return Facts(
        strategies=frozenset(filter(_is_name, _strategies(decision))),
        symbols=frozenset(filter(_is_ticker, _symbols(decision))),
        modes=_modes(decision),
        trading_state=decision.trading_state.value,
        figures=tuple(_figures(decision, told)),
        counts=counts_of(decision),
        claims=claims_of(decision),
        phrases=phrases,
    )


def _is_name(text: str) -> bool:
    """A name that could be taken for a number or a word of ours is none: what is said of it could not be told apart."""
    return bool(_NAME.fullmatch(text)) and text.lower() not in NUMBER_WORDS and text not in MODE_WORDS and len(text) > 1


def _is_ticker(text: str) -> bool:
    return bool(_TICKER.fullmatch(text)) and any(each.isalpha() for each in text) and text not in MODE_WORDS


def _strategies(decision: Decision) -> Iterator[str]:
    yield from (each.strategy for each in decision.strategies)
    yield from decision.failures
    yield from decision.systemic_sellers
    yield from (each.strategy for each in decision.mode_changes)
    yield from (each.strategy for each in decision.intents)
    yield from (name for each in decision.crosses for name in (each.seller, each.buyer))
    yield from (each.strategy for each in decision.denials)


def _symbols(decision: Decision) -> Iterator[str]:
    yield from (each.signal.ticker for each in decision.strategies if each.signal.ticker)
    yield from (each.symbol for each in decision.intents)
    yield from (each.symbol for each in decision.crosses)
    yield from (each.fill.symbol for each in decision.virtual_fills)
    yield from (each.symbol for each in decision.denials if each.symbol)
    yield from (each.symbol for each in decision.stopped)


def _modes(decision: Decision) -> Mapping[str, tuple[Mode | None, Mode]]:
    modes: dict[str, tuple[Mode | None, Mode]] = {each.strategy: (each.mode, each.mode) for each in decision.strategies}
    for change in decision.mode_changes:
        modes[change.strategy] = (change.before, change.after.mode)
    return modes


def _told(decision: Decision) -> Iterator[tuple[str, str, str]]:
    """Yield what we say in words: the text, whose it is, and of which symbol."""
    for change in decision.mode_changes:
        yield change.after.reason, change.strategy, ""
    for each in decision.strategies:
        if each.override_reason and each.override_reason != decision.systemic_risk_details:
            yield each.override_reason, each.strategy, ""
    for denial in decision.denials:
        yield denial.reason, denial.strategy, denial.symbol or ""
    for stop in decision.stopped:
        yield stop.reason, stop.strategy, stop.symbol
    shared = (decision.systemic_risk_details, *decision.watched.warnings, *(t.reason for t in decision.watched.trips))
    yield from ((text, "", "") for text in shared if text)


def _figures(decision: Decision, told: Iterable[tuple[str, str, str]]) -> Iterator[Figure]:
    for each in decision.strategies:
        yield from _numbers(each.strategy, each.sharpe, each.n)
        fractions = (each.signal.allocation, each.final_allocation, each.base_weight, each.multiplier)
        yield from _numbers(each.strategy, *fractions, is_fraction=True)
    for order in decision.intents:
        for value, unit in (
            (order.quantity, SHARES),
            (order.notional, MONEY),
            (order.limit_price, MONEY),
            (order.observed_price or None, MONEY),
        ):
            if value is not None:
                yield Figure(value=value, unit=unit, strategy=order.strategy, symbol=order.symbol)
    for cross in decision.crosses:
        for party in (cross.seller, cross.buyer):
            yield Figure(value=cross.quantity, unit=SHARES, strategy=party, symbol=cross.symbol)
            yield Figure(value=cross.price, unit=MONEY, strategy=party, symbol=cross.symbol)
    for text, strategy, symbol in told:
        yield from _written(text, strategy, symbol)


def _numbers(strategy: str, *values: float | None, is_fraction: bool = False) -> Iterator[Figure]:
    for value in values:
        if value is not None and math.isfinite(value):
            yield Figure(value=Decimal(repr(value)), strategy=strategy, is_fraction=is_fraction)


def _written(text: str, strategy: str, symbol: str) -> Iterator[Figure]:
    """Read the numbers of a text of ours; what is written as a percentage is a fraction."""
    for sign, whole, decimals, percent in dict.fromkeys(_NUMBER.findall(text)):
        value = Decimal(f"{'-' if sign else ''}{whole.replace(',', '')}{decimals}")
        is_fraction = bool(percent)
        yield Figure(
            value=value / _HUNDRED if is_fraction else value, strategy=strategy, symbol=symbol, is_fraction=is_fraction
        )
