"""What of a model's text a decision supports: it is heard like a witness, clause by clause.

1. names and phrases of the decision are recognised; anything else must be a plain word or a plain number
   (``sentences``, ``words``): no other script, sign, name or language gets past;
2. a number that counts something must be that count; any other must be a figure of whoever the clause names, equal to
   it, or to it rounded to the digits shown, of which there are two at least (``facts``);
3. a mode that is said beside a strategy must be its mode, and two modes its mode before and after;
4. a deed must have been done by everyone and in everything that the clause names (``deeds``);
5. a clause that fails anywhere is dropped. Doubt drops it, too.
"""

from backend.domain.decision import Decision
from backend.domain.testimony.facts import facts_of
from backend.domain.testimony.judging import is_supported
from backend.domain.testimony.sentences import Reading

LONGEST = 4_000  # characters: at most four sentences were asked for
_MOST_CLAUSES = 12

__all__ = ["supported"]


def supported(text: str, decision: Decision) -> str:
    """Return what of a text the decision supports, in its order and words; empty where nothing is left.

    Parameters
    ----------
    text : str
        Whatever a model answered. One longer than 4,000 characters is no summary: nothing of it is supported.
    """
    if len(text) > LONGEST or not text.strip():
        return ""
    facts = facts_of(decision)
    kept = [
        clause
        for clause, tokens in Reading(text, facts).clauses()
        if tokens is not None and is_supported(tokens, facts)
    ]
    told = " ".join(dict.fromkeys(kept[:_MOST_CLAUSES]))
    return f"{told[:-1]}." if told.endswith((";", ":", ",")) else told
