"""A decision in one paragraph, by rule: the same decision gives the same words."""

from collections import Counter
from collections.abc import Iterable, Iterator

from backend.domain.decision import Decision
from backend.domain.mode import Mode
from backend.domain.order import OrderIntent, Side

_NAMED = 5


class TemplateSummarizer:
    """``Summarizer`` that needs nobody."""

    def summarize(self, decision: Decision) -> str:
        return " ".join(_sentences(decision))


def _sentences(decision: Decision) -> Iterator[str]:
    yield _modes(decision)
    yield from _changes(decision)
    yield from _held_back(decision)
    yield _orders(decision.intents)
    if decision.crosses:
        crossed = (f"{each.symbol} from {each.seller} to {each.buyer}" for each in decision.crosses)
        yield f"{_count(len(decision.crosses), 'cross', 'crosses')} inside: {_listed(crossed)}."
    if decision.virtual_fills:
        yield f"{_count(len(decision.virtual_fills), 'virtual fill')} in shadow."
    if decision.denials:
        denied = (f"{each.strategy} {each.symbol or 'no symbol'} ({each.reason})" for each in decision.denials)
        yield f"{_count(len(decision.denials), 'denial')}: {_listed(denied)}."
    if decision.failures:
        failed = (f"{name} ({reason})" for name, reason in decision.failures.items())
        yield f"{_count(len(decision.failures), 'strategy', 'strategies')} failed: {_listed(failed)}."


def _modes(decision: Decision) -> str:
    if not decision.strategies:
        return "No strategy gave a signal."
    by_mode = Counter(each.mode for each in decision.strategies)
    modes = ", ".join(f"{by_mode[mode]} {mode.value}" for mode in Mode if by_mode[mode])
    return f"{_count(len(decision.strategies), 'strategy', 'strategies')}: {modes}."


def _changes(decision: Decision) -> Iterator[str]:
    changed = [each for each in decision.mode_changes if each.before is not None]
    first = len(decision.mode_changes) - len(changed)
    if changed:
        moves = (f"{each.strategy} {each.before} → {each.after.mode} ({each.after.reason})" for each in changed)
        yield f"Changed: {_listed(moves)}."
    if first:
        yield f"{_count(first, 'strategy', 'strategies')} judged for the first time."
    if not decision.mode_changes:
        yield "No mode changed."


def _held_back(decision: Decision) -> Iterator[str]:
    reasons = Counter(each.override_reason for each in decision.strategies if each.override_reason)
    if decision.systemic_risk_detected and decision.systemic_risk_details not in reasons:
        yield f"Override: {decision.systemic_risk_details}; no entry was asked for."
    for reason, entries in sorted(reasons.items()):
        yield f"Override: {reason}; {_count(entries, 'entry', 'entries')} held back."


def _orders(intents: tuple[OrderIntent, ...]) -> str:
    if not intents:
        return "No orders."
    sizes = (_size(intent) for intent in intents)
    return f"{_count(len(intents), 'order')}: {_listed(sizes)}."


def _size(intent: OrderIntent) -> str:
    verb = "buy" if intent.side is Side.BUY else "sell"
    amount = f"{intent.quantity:f}" if intent.quantity is not None else f"{intent.notional:.2f} of"
    return f"{verb} {amount} {intent.symbol} for {intent.strategy}"


def _count(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def _listed(items: Iterable[str]) -> str:
    every = list(items)
    more = len(every) - _NAMED
    return "; ".join(every[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
