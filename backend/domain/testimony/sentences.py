"""A text as clauses of tokens: words, numbers, and the names and phrases of a decision.

Names and phrases are taken out first, each for one private character, so that no digit and no full stop of theirs is
read as one of the text's. Whatever is then neither a plain word nor a plain number makes its clause unreadable.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from backend.domain.testimony.facts import MODE_WORDS, Facts
from backend.domain.testimony.words import NUMBER_WORDS, VOCABULARY

_FIRST = 0xE000  # private characters: no text may bring its own
_LAST = 0xF8FF
_READABLE = re.compile(rf"[A-Za-z0-9 .,;:'’()$%+=−→–—{chr(_FIRST)}-{chr(_LAST)}-]+")
# Never between two digits: "1. 5" is no end of a sentence.
_CLAUSES = re.compile(r"(?<=[.;])(?<!\d\.)\s+|(?<=\d\.)\s++(?!\d)|(?<![.;\s])\n\s*", re.ASCII)
_NUMBER = re.compile(r"([-−+]?)(\$?)((?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.\d+)?)(%?)", re.ASCII)
_LONGEST_NUMBER = 20
_DASHES = frozenset("-–—−")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number as it is said: ``places`` after the point, ``digits`` that tell anything; labelled as in "n=21"."""

    value: Decimal
    places: int = 0
    digits: int = 1
    is_percentage: bool = False
    is_money: bool = False
    is_word: bool = False
    is_labelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A strategy, a symbol, a mode, a trading state, or a phrase of ours."""

    text: str


Token = str | Number | Name


class Reading:
    """One text with the names and phrases of a decision taken out."""

    def __init__(self, text: str, facts: Facts) -> None:
        self._names: list[str] = []
        has_own = any(_FIRST <= ord(each) <= _LAST for each in text)
        self._text = "" if has_own else _pattern(facts).sub(self._taken, text.replace("\r\n", "\n"))

    def clauses(self) -> Iterator[tuple[str, list[Token] | None]]:
        """Yield each clause as it was written, with its tokens; None where it cannot be read."""
        for clause in _CLAUSES.split(self._text):
            if clause.strip():
                yield self._restored(clause.strip()), self._tokens(clause.strip())

    def _taken(self, match: "re.Match[str]") -> str:
        if len(self._names) > _LAST - _FIRST:
            return match.group()
        self._names.append(match.group())
        return chr(_FIRST + len(self._names) - 1)

    def _restored(self, clause: str) -> str:
        return "".join(self._names[ord(c) - _FIRST] if _FIRST <= ord(c) <= _LAST else c for c in clause)

    def _tokens(self, clause: str) -> list[Token] | None:
        if not _READABLE.fullmatch(clause):
            return None
        tokens: list[Token] = []
        was_dash = False
        for chunk in clause.split(" "):
            bare = _bare(chunk)
            if not bare or bare in _DASHES or bare == "→":
                was_dash = bare in _DASHES
                continue
            token = self._token(bare)
            if token is None or (was_dash and isinstance(token, Number)):  # a dash before a number may be its sign
                return None
            was_dash = False
            tokens.append(token)
        return _with_units(tokens)

    def _token(self, bare: str) -> Token | None:
        if len(bare) == 1 and _FIRST <= ord(bare) <= _LAST:
            return Name(text=self._names[ord(bare) - _FIRST])
        if bare in ("%", "USD"):
            return bare.lower()
        if any(each.isdigit() or each in "%$" for each in bare):
            number = _number(bare.removeprefix("n="))
            return number and replace(number, is_labelled=bare.startswith("n="))
        word = bare.lower()
        if bare not in (word, word.capitalize()):
            return None
        said = _number_word(word)
        if said is not None:
            return Number(value=Decimal(said), is_word=True)
        return word if all(part in VOCABULARY for part in word.split("-")) else None


def _pattern(facts: Facts) -> "re.Pattern[str]":
    """Match the longest names first, and none that is part of a longer word."""
    names = [*facts.phrases, *facts.strategies, *facts.symbols, *(m for m in MODE_WORDS if m.isupper())]
    texts = sorted({*names, "HALTED", "REDUCING"}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.$/@#-])(?:{'|'.join(map(re.escape, texts))})(?![\w/@#-]|\.\w)")


def _bare(chunk: str) -> str:
    """Strip brackets, the comma or full stop after a word, and a genitive."""
    return chunk.lstrip("(").rstrip(").,;:").removesuffix("'s").removesuffix("’s")


def _number(text: str) -> Number | None:
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > _LONGEST_NUMBER:
        return None
    sign, money, digits, percent = match.groups()
    plain = digits.replace(",", "")
    whole, _, decimals = plain.partition(".")
    return Number(
        value=Decimal(f"{'-' if sign in _DASHES else ''}{plain}"),
        places=len(decimals),
        digits=len((whole + decimals).lstrip("0")),
        is_percentage=bool(percent),
        is_money=bool(money),
    )


def _number_word(word: str) -> int | None:
    if word == "no":
        return 0
    tens, _, units = word.partition("-")
    values: Mapping[str, int] = NUMBER_WORDS
    if not units:
        return values.get(tens)
    first, second = values.get(tens, 0), values.get(units, 0)
    return first + second if first >= 20 and 0 < second < 10 else None


def _with_units(tokens: list[Token]) -> list[Token] | None:
    """Join a number with the word that makes it a percentage or money; two numbers in a row are unreadable."""
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1] if joined else None
        if isinstance(token, str) and token in ("%", "percent", "usd", "dollars"):
            if not isinstance(before, Number) or before.is_word or before.is_percentage or before.is_money:
                return None
            is_percentage = token in ("%", "percent")
            joined[-1] = replace(before, is_percentage=is_percentage, is_money=not is_percentage)
        elif isinstance(token, Number) and isinstance(before, Number) and not token.is_labelled:
            return None
        else:
            joined.append(token)
    return joined
