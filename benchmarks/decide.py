"""``decide`` for 10, 100 and 1,000 strategies × 30 returns, with an account (sizing included) and without.

With an account it is asked twice: with every entry still to be made, so that nearly every second strategy places an
order, and with every entry at its target, as in most ticks. Modes are known already, and those who sell hold what
they sell. Beside it stands what a user would write, strategy by strategy with pandas; it is shown to give the same
modes and allocations, and it stops before overrides, nonces, orders and reasons.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from backend.domain.account import Account, Position
from backend.domain.book import PortfolioBook
from backend.domain.commitment import decision_events
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs, StrategyDecision
from backend.domain.journal import folded
from backend.domain.lots import Lot
from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.sighting import Sighting
from backend.domain.signal import Action, StrategySignal, Symbol
from backend.domain.sleeve import Sleeve
from benchmarks.fund import CASH, OPENS_AT, names, track_record
from benchmarks.stopwatch import interleaved, medians
from benchmarks.table import Measurement, Row, Target, progress

MOST_MS = {10: 0.15, 100: 1.0, 1_000: 10.0}
ROUNDS = {10: 31, 100: 21, 1_000: 11}
PRICES = {Symbol(f"SYM{number:02d}"): Decimal(50 + 7 * number) for number in range(20)}
HELD = Decimal(1)
PEER = "per strategy, with pandas"
CYCLE = (Action.BUY, Action.BUY, Action.HOLD, Action.SELL, Action.BUY, Action.HOLD, Action.CLOSE_ALL)
EQUAL = 1e-12

Allocations = dict[str, tuple[str, float, float]]  # mode, allocation, Sharpe ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One size: entries to be made, entries at their target, and signals without an account."""

    count: int
    entering: DecisionInputs
    steady: DecisionInputs
    judged: DecisionInputs


def measure() -> Measurement:
    """Time every size in turns with the user's way."""
    rows = [row for count in MOST_MS for row in _rows(_case(count))]
    return Measurement(
        name="decide",
        title="decide, one call, 30 returns a strategy",
        rows=tuple(rows),
        notes=(
            "ms: median of samples taken in turns; apart: largest difference of an allocation, or of a Sharpe ratio; "
            "infinite when a mode differs.",
            "Signals are mixed (BUY, HOLD, SELL, CLOSE_ALL); the systemic threshold is above the number of sellers, "
            "so that every entry is sized.",
        ),
        peers=("numpy", "pandas"),
    )


def _rows(case: Case) -> list[Row]:
    progress(f"decide: {case.count:,} strategies")
    ours = {
        "sizing, entries to be made": case.entering,
        "sizing, entries at target": case.steady,
        "signals alone": case.judged,
    }
    frame = pd.DataFrame(case.judged.record.returns, columns=list(case.judged.record.strategies))
    actions: dict[str, Callable[[], object]] = {name: partial(decide, inputs) for name, inputs in ours.items()}
    actions[PEER] = lambda: per_strategy(frame, case.judged)
    took = medians(interleaved(actions, rounds=ROUNDS[case.count], sample_seconds=0.01))
    apart = _apart(decide(case.judged), per_strategy(frame, case.judged))
    target = Target(figure="ms", bound=MOST_MS[case.count])
    figures = {"ms": took[PEER], "× signals alone": took[PEER] / took["signals alone"], "apart": apart}
    return [
        *(
            Row(
                label=f"{case.count:,}: {name}",
                figures={"ms": took[name], "orders": len(decide(inputs).intents)},
                targets=(target,),
            )
            for name, inputs in ours.items()
        ),
        Row(label=f"{case.count:,}: {PEER}", figures=figures, targets=(Target(figure="apart", bound=EQUAL),)),
    ]


def per_strategy(frame: pd.DataFrame, inputs: DecisionInputs) -> Allocations:
    """Score, weigh and limit one strategy after the other, as a user of pandas would."""
    policy, decided = inputs.policy, {}
    for name, signal in inputs.signals.items():
        returns = frame[name].dropna()
        sharpe = np.sqrt(policy.periods_per_year) * returns.mean() / returns.std(ddof=1)
        if len(returns) < policy.scoring.min_returns or sharpe >= policy.scoring.reduce:
            mode, multiplier = "ACTIVE", 1.0
        elif sharpe >= policy.scoring.shadow:
            mode, multiplier = "REDUCED", 0.5
        else:
            mode, multiplier = "SHADOW_MODE", 0.0
        decided[str(name)] = (mode, signal.allocation * multiplier, float(sharpe))
    entries = [name for name, signal in inputs.signals.items() if signal.action is Action.BUY]
    total = sum(decided[name][1] for name in entries)
    scale = min(1.0, policy.risk.gross_limit / total) if total else 1.0
    for name in entries:
        mode, allocation, sharpe = decided[name]
        decided[name] = (mode, allocation * scale, sharpe)
    return decided


def _apart(decision: Decision, user: Allocations) -> float:
    """Return the largest difference of an allocation or a Sharpe ratio; infinite when a mode differs."""
    if [each.mode.value for each in decision.strategies] != [mode for mode, _, _ in user.values()]:
        return math.inf
    return max(
        max(abs(each.final_allocation - allocation), abs((math.nan if each.sharpe is None else each.sharpe) - sharpe))
        for each, (_, allocation, sharpe) in zip(decision.strategies, user.values(), strict=True)
    )


def _case(count: int) -> Case:
    signals = {name: _signal(number) for number, name in enumerate(names(count))}
    first = DecisionInputs(
        tenant_id="bench",
        tick_id="bench-tick",
        now=OPENS_AT,
        entropy=bytes(range(32)),
        signals=signals,
        record=track_record(count),
        policy=DecisionPolicy(systemic_sell_threshold=count + 1),
        prices=PRICES,
    )
    decision = decide(first)
    opening = replace(first, account=_account(PortfolioBook()))
    known = folded(opening.book, decision_events(opening, decision, opening.book))
    entering, steady = _holding(known, decision, Decimal(0)), _holding(known, decision, CASH)
    return Case(
        count=count,
        entering=_watched(replace(first, book=entering, account=_account(entering))),
        steady=_watched(replace(first, book=steady, account=_account(steady))),
        judged=replace(first, book=entering),
    )


def _watched(inputs: DecisionInputs) -> DecisionInputs:
    """Let the breakers look, too, as they do at every tick; they have looked once before."""
    assert inputs.account is not None
    held = frozenset(inputs.account.positions)
    look = Sighting(
        at=inputs.now,
        equity=inputs.account.equity,
        prices=inputs.prices,
        closes=inputs.prices,
        newest_bar=inputs.now.date(),
        held=held,
    )
    seen = replace(inputs, sighting=look)
    return replace(seen, guard=decide(seen).watched.guard)


def _holding(book: PortfolioBook, decision: Decision, equity: Decimal) -> PortfolioBook:
    """Give sellers something to sell, and entries the target that ``equity`` makes; virtually while in shadow."""
    books = {}
    for each in decision.strategies:
        before, sleeve = book.of(each.strategy), _sleeve(each, equity)
        is_shadow = each.mode is Mode.SHADOW_MODE
        books[each.strategy] = replace(before, virtual=sleeve) if is_shadow else replace(before, real=sleeve)
    return PortfolioBook(strategies=books)


def _sleeve(each: StrategyDecision, equity: Decimal) -> Sleeve:
    symbol = each.signal.ticker or next(iter(PRICES))
    fraction = each.signal.allocation if each.mode is Mode.SHADOW_MODE else each.final_allocation
    quantity = equity * Decimal(repr(fraction)) / PRICES[symbol] if each.action is Action.BUY else HELD
    return Sleeve(lots={symbol: (Lot(quantity=quantity, price=PRICES[symbol]),)} if quantity else {})


def _signal(number: int) -> StrategySignal:
    action = CYCLE[number % len(CYCLE)]
    return StrategySignal(
        action=action,
        ticker=None if action is Action.CLOSE_ALL else _symbol(number),
        allocation=0.05 + 0.01 * (number % 10),
        confidence=0.8,
        reasoning="synthetic",
    )


def _symbol(number: int) -> Symbol:
    return list(PRICES)[number % len(PRICES)]


def _account(book: PortfolioBook) -> Account:
    """Hold what the real sleeves hold; the rest of the equity is cash."""
    held: dict[Symbol, Decimal] = {}
    for each in book.strategies.values():
        for symbol, quantity in each.real.holdings().items():
            held[symbol] = held.get(symbol, Decimal(0)) + quantity
    positions = {
        symbol: Position(symbol=symbol, quantity=quantity, average_price=PRICES[symbol], price=PRICES[symbol])
        for symbol, quantity in held.items()
    }
    cash = CASH - sum((each.quantity * each.price for each in positions.values()), Decimal(0))
    return Account(account_id="bench", equity=CASH, cash=cash, buying_power=max(cash, Decimal(0)), positions=positions)
