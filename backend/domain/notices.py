"""Notices: what a decision shows that somebody should know, told once a day."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from backend.domain.alert import Severity
from backend.domain.alert_rules import AlertRules
from backend.domain.breakers.figures import listed
from backend.domain.risk_figures import RiskFigures
from backend.domain.signal import StrategyId
from backend.domain.track_record import TrackRecord

if TYPE_CHECKING:  # a decision carries notices
    from backend.domain.decision import DecisionInputs


_SEVERAL = 5  # of one kind that are told one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``kind`` is a snake_case word, ``subject`` what of that kind it is about, such as a strategy."""

    kind: str
    subject: str
    severity: Severity
    message: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


def notices(
    inputs: "DecisionInputs", figures: RiskFigures, told: Mapping[str, date], today: date
) -> tuple[tuple[Notice, ...], dict[str, date]]:
    """Return what is new today, and what has been told today once it is.

    A value that reaches its threshold gives a notice, an unknown one never. Many of one kind are one notice: each is a
    document, and somebody has to read it.
    """
    earlier = {key: day for key, day in told.items() if day == today}
    found = [each for each in _noticed(inputs, figures) if each.key not in earlier]
    return tuple(joined(found)), {**earlier, **dict.fromkeys((each.key for each in found), today)}


def override_notice(sellers: Sequence[StrategyId], held: Sequence[StrategyId]) -> Notice:
    """Tell of a systemic override: who sells at once, and whose entries are held back."""
    back = f"entries held back: {len(held)} ({listed(held)})" if held else "no entry was asked for"
    return Notice(
        kind="systemic_override",
        subject="",
        severity=Severity.ERROR,
        message=f"systemic risk: {len(sellers)} strategies sell at once ({listed(sellers)}); {back}",
    )


def cumulative_returns(record: TrackRecord) -> dict[StrategyId, float]:
    """Compound each strategy's returns over the whole record, Π(1+r) − 1; NaN for one without any."""
    known = ~np.isnan(record.returns)
    growth = np.where(known, 1.0 + record.returns, 1.0).clip(min=0.0).prod(axis=0) - 1.0
    found = np.where(known.any(axis=0), growth, math.nan).tolist()
    return dict(zip(record.strategies, found, strict=True))


def joined(found: Sequence[Notice], things: str = "strategies") -> Iterator[Notice]:
    """Make one notice of many of a kind, which come one after another; ``things`` is what they are about."""
    for _, group in groupby(found, key=lambda each: each.kind):
        several = list(group)
        if len(several) <= _SEVERAL:
            yield from several
            continue
        first, said = several[0], listed([each.message for each in several], "; ")
        yield Notice(kind=first.kind, subject=f"{len(several)} {things}", severity=first.severity, message=said)


def _noticed(inputs: "DecisionInputs", figures: RiskFigures) -> Iterator[Notice]:
    rules = inputs.policy.alerts
    for name, why in sorted(inputs.failures.items()):
        message = f"{name} failed: {why}"
        yield Notice(kind="strategy_failure", subject=name, severity=Severity.ERROR, message=message)
    if not rules.performance_tracking:
        return
    yield from _correlation(rules, figures)
    floor = rules.underperformance
    for name, value in sorted(cumulative_returns(inputs.record).items()):
        if floor > -1.0 and value <= floor:  # NaN compares as False
            message = f"{name} returned {value:.1%} over its track record; threshold {floor:.1%}"
            yield Notice(kind="underperformance", subject=name, severity=Severity.WARNING, message=message)


def _correlation(rules: AlertRules, figures: RiskFigures) -> Iterator[Notice]:
    value, pair, limit = figures.correlation, figures.pair, rules.correlation
    if value is None or pair is None or limit >= 1.0 or value < limit:
        return
    message = f"{pair[0]} and {pair[1]} are correlated at {value:.2f}; threshold {limit:.2f}"
    yield Notice(kind="correlation", subject=", ".join(pair), severity=Severity.WARNING, message=message)
