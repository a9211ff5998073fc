"""Judge signals without placing orders: what an existing system calls before it executes them itself.

The same observation, scoring, override and identity as a tick; no account, so nothing is sized, and no tick
document: every call is a decision of its own, appended to the tenant's log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.errors import CommitConflict
from backend.domain.identity import session_id
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId, StrategySignal
from backend.domain.testimony import supported
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import Trading
from backend.engine.log_entry import log_entry
from backend.engine.narrating import narrated
from backend.engine.policies import policy_of
from backend.engine.track_records import current_record
from backend.ports.decisions import DecisionLog
from backend.ports.summary import Summarizer
from backend.ports.ticks import TickStore

APPEND_ATTEMPTS = 64  # each loses to another decision that got through, so many callers all get their turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    decision: Decision
    summary: str


def judge(
    key: PortfolioKey,
    signals: Mapping[StrategyId, StrategySignal],
    failures: Mapping[StrategyId, str],
    *,
    log: DecisionLog,
    returns: TickStore,
    policy: DecisionPolicy,
    now: datetime,
    entropy: bytes,
    summarizer: Summarizer,
    narrator: Summarizer | None = None,
) -> Judged:
    """Decide on signals and append the decision to the log; CommitConflict when the log stays contended.

    A ``narrator`` is asked once; what the decision supports of its text replaces the summarizer's.
    """
    identifier = f"orchestrate-{now:%Y%m%dT%H%M%S.%fZ}-{session_id(entropy)[:12]}"
    words: str | None = None
    for _ in range(APPEND_ATTEMPTS):
        observed = log.observe_book(key)
        record, is_extended = current_record(returns, key, observed.record, now.date(), signals.keys())
        inputs = DecisionInputs(
            tenant_id=key.tenant_id,
            tick_id=identifier,
            now=now,
            entropy=entropy,
            signals=signals,
            failures=failures,
            record=record,
            policy=policy_of(policy, observed.configuration),
            book=observed.book,
            trading_state=observed.trading.state,
        )
        decision = decide(inputs)
        if words is None:
            words = narrated(decision, narrator) if narrator else ""
        entry = _entry(inputs, decision, key, observed.trading, words, summarizer)
        try:
            log.append(
                entry,
                trading=observed.trading.logged(entry.entry_hash),
                expected=observed.versions,
                record=record if is_extended else None,
            )
        except CommitConflict:
            continue
        return Judged(decision=decision, summary=entry.summary)
    raise CommitConflict(
        f"{identifier}: expected to append the decision within {APPEND_ATTEMPTS} attempts, lost every one to other "
        "decisions of the tenant; nothing was written, call again"
    )


def _entry(
    inputs: DecisionInputs,
    decision: Decision,
    key: PortfolioKey,
    trading: Trading,
    words: str,
    summarizer: Summarizer,
) -> LogEntry:
    said = supported(words, decision)  # after a conflict, the decision is another than the one that was worded
    summary = said or summarizer.summarize(decision) or ""
    entry = log_entry(inputs, decision, key=key, trading=trading, summary=summary)
    return replace(entry, summary_source="model") if said else entry
