"""What was done to whom, and how many: what a sentence's verbs and nouns are looked up in."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.domain.decision import Decision
from backend.domain.mode import RANKS
from backend.domain.order import Side
from backend.domain.signal import Action
from backend.domain.trading_state import TradingState

Pairs = frozenset[tuple[str, str]]  # strategy and symbol; the latter is empty where none belongs to it

_ORDERS = frozenset(("orders", "order"))
_BOUGHT = "bought buys buying purchase purchases purchased"
_SOLD = "sold sells selling"
_DEMOTED = "demoted demotes demoting demotion demotions downgraded"
_PROMOTED = "promoted promotes promoting promotion promotions upgraded restored"
_FAILED = "fail failed failing fails failure failures error errors"
_DENIED = "denied denial denials"
_HELD = "held back overridden"
_CHANGED = "change changed changes changing move moved moves moving switched shifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a sentence with one of ``words`` claims. ``done`` is of whom it is true; of nobody else may it be said."""

    words: frozenset[str]
    done: Pairs
    is_true: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of ``nouns``; where ``said_with`` is not empty, in a sentence with one of these words.

    Where ``is_near``, that word stands between number and noun: "2 sell orders".
    """

    value: int
    nouns: frozenset[str]
    said_with: frozenset[str] = frozenset()
    is_near: bool = False


def claims_of(decision: Decision) -> tuple[Claim, ...]:
    """Return what may be claimed, the true and the false."""
    bought, sold = _traded(decision, Side.BUY), _traded(decision, Side.SELL)
    asked_to_buy = _asked(decision, Action.BUY)
    asked_to_sell = _asked(decision, Action.SELL, Action.CLOSE_ALL) | {(s, "") for s in decision.systemic_sellers}
    held = frozenset((e.strategy, e.signal.ticker or "") for e in decision.strategies if e.override_reason)
    watched, state = decision.watched, decision.trading_state
    return (
        _deeds(_BOUGHT, bought),
        _deeds("buy entry entries entered entering", bought | asked_to_buy),
        _deeds("sold exited exiting", sold),
        _deeds("sell sells selling sellers exit exits closed closing", sold | asked_to_sell),
        _deeds(_DEMOTED, _moved(decision, is_up=False)),
        _deeds(_PROMOTED, _moved(decision, is_up=True)),
        _deeds(_CHANGED, frozenset((each.strategy, "") for each in decision.mode_changes)),
        _deeds(_FAILED, frozenset((name, "") for name in decision.failures)),
        _deeds(f"{_DENIED} rejected", frozenset((each.strategy, each.symbol or "") for each in decision.denials)),
        _deeds(_HELD, held),
        _deeds("virtual virtually", frozenset((each.strategy, each.fill.symbol) for each in decision.virtual_fills)),
        _deeds("cross crosses crossed crossing internally", _crossed(decision)),
        _fact("override overrides overrode", decision.systemic_risk_detected or bool(held)),
        _fact("systemic", decision.systemic_risk_detected),
        _fact("halt halts halted HALTED", state is TradingState.HALTED),
        _fact("REDUCING", state is TradingState.REDUCING),
        _fact("tripped trips trip breaker breakers breach breached", bool(watched.trips or watched.recovered)),
        _fact("recovered recovers recovery", bool(watched.recovered)),
        _fact("warn warned warning warnings drawdown", bool(watched.warnings or watched.trips)),
        _fact("rebalance rebalanced", decision.weights.rebalance is not None),
        _fact("order orders ordered", bool(decision.intents)),
    )


def counts_of(decision: Decision) -> tuple[Count, ...]:
    """Return everything that is counted, zeros among them."""
    changed = [each for each in decision.mode_changes if each.before is not None]
    buyers, sellers = _traded(decision, Side.BUY), _traded(decision, Side.SELL)
    sides = Counter(each.side for each in decision.intents)
    held = sum(1 for each in decision.strategies if each.override_reason)
    down, up = (len(_moved(decision, is_up=is_up)) for is_up in (False, True))
    moves = (len(decision.mode_changes), len(changed))
    near = (("buy", sides[Side.BUY]), ("sell", sides[Side.SELL]))
    return (
        *(Count(value=n, nouns=_ORDERS, said_with=frozenset([side]), is_near=True) for side, n in near),
        *_counts(
            ("orders order", "", (len(decision.intents),)),
            ("entries entry signals signal", _HELD, (held,)),
            ("signals signal", "modified changed", (decision.signals_modified,)),
            ("changes change modes mode", "", moves),
            ("modes mode", _CHANGED, moves),
            ("demotions demotion", "", (down,)),
            ("promotions promotion", "", (up,)),
            ("denials denial", "", (len(decision.denials),)),
            ("fills fill", "", (len(decision.virtual_fills),)),
            ("crosses cross", "", (len(decision.crosses),)),
            ("failures failure errors error", "", (len(decision.failures),)),
            ("strategies strategy sellers", "", (len(decision.strategies),)),
            ("strategies strategy", _DEMOTED, (down,)),
            ("strategies strategy", _PROMOTED, (up,)),
            ("strategies strategy", _CHANGED, moves),
            ("strategies strategy", "judged", (len(decision.mode_changes) - len(changed),)),
            ("strategies strategy", _FAILED, (len(decision.failures),)),
            ("strategies strategy", _DENIED, (len({each.strategy for each in decision.denials}),)),
            ("strategies strategy", _HELD, (held,)),
            ("strategies strategy", f"buy {_BOUGHT}", (len({name for name, _ in buyers}),)),
            (
                "strategies strategy sellers",
                f"sell sellers {_SOLD}",
                (len(decision.systemic_sellers), len({name for name, _ in sellers})),
            ),
        ),
    )


def _counts(*rows: tuple[str, str, tuple[int, ...]]) -> Iterator[Count]:
    for nouns, said_with, values in rows:
        for value in values:
            yield Count(value=value, nouns=frozenset(nouns.split()), said_with=frozenset(said_with.split()))


def _deeds(words: str, done: Iterable[tuple[str, str]]) -> Claim:
    pairs = frozenset((str(strategy), str(symbol)) for strategy, symbol in done)
    return Claim(words=frozenset(words.split()), done=pairs, is_true=bool(pairs))


def _fact(words: str, is_true: bool) -> Claim:
    return Claim(words=frozenset(words.split()), done=frozenset(), is_true=is_true)


def _traded(decision: Decision, side: Side) -> Pairs:
    """Return who buys or sells what, at the venue or inside; virtual fills are not said to be trades."""
    orders = {(each.strategy, each.symbol) for each in decision.intents if each.side is side}
    inside = {(each.buyer if side is Side.BUY else each.seller, each.symbol) for each in decision.crosses}
    return frozenset(orders | inside)


def _asked(decision: Decision, *actions: Action) -> Pairs:
    asked = (each for each in decision.strategies if each.signal.action in actions)
    return frozenset((each.strategy, each.signal.ticker or "") for each in asked)


def _moved(decision: Decision, *, is_up: bool) -> Pairs:
    return frozenset(
        (each.strategy, "")
        for each in decision.mode_changes
        if each.before is not None and (RANKS[each.after.mode] > RANKS[each.before]) is is_up
    )


def _crossed(decision: Decision) -> Pairs:
    return frozenset((name, each.symbol) for each in decision.crosses for name in (each.seller, each.buyer))
