"""What a portfolio's readers were last told: the memory that tells news from repetition."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTold:
    """As of the portfolio's last decision. It lies in the book, which a tick reads anyway, and is no event of it.

    ``standing`` is the digest of what held then, ``is_overridden`` whether a systemic override was in force.
    ``fallback_on`` is the day on which somebody was told that a model wrote nothing usable: no decision is shown it,
    so that none depends on a model.
    """

    standing: str = ""
    is_overridden: bool = False
    fallback_on: date | None = None


NOTHING_TOLD = LastTold()
