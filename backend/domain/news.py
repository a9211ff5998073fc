"""What is new in a decision for somebody who has read about the last one.

Two things are news: something happened (an order, a trade inside, a stop-loss), or what holds is not what held. What
holds is told by names and not by reasons, whose figures move with every price.
"""

from dataclasses import replace

from backend.domain.canonical import canonical_json, digest
from backend.domain.decision import Decision
from backend.domain.told import LastTold


def told_after(decision: Decision, told: LastTold) -> LastTold:
    """Return what has been told once the decision is committed, whoever words it, and whether a model does."""
    return replace(told, standing=_standing(decision), is_overridden=decision.systemic_risk_detected)


def is_news(decision: Decision, before: LastTold, after: LastTold) -> bool:
    """Say whether a summary of the decision tells anything that the last one did not."""
    has_happened = bool(decision.intents or decision.crosses or decision.stopped)
    return has_happened or after.standing != before.standing


def _standing(decision: Decision) -> str:
    """Return a digest of what holds: modes, trading state, override, entries held back, denials and failures."""
    held = {
        "modes": {each.strategy: each.mode.value for each in decision.strategies},
        "trading_state": decision.trading_state.value,
        "override": decision.systemic_risk_detected,
        "held_back": sorted(each.strategy for each in decision.strategies if each.override_reason),
        "denied": sorted({(each.strategy, each.symbol or "") for each in decision.denials}),
        "failed": sorted(decision.failures),
    }
    return digest(canonical_json(held))
