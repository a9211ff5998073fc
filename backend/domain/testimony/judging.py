"""Whether a decision bears out one clause."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.mode import Mode
from backend.domain.testimony.deeds import Claim
from backend.domain.testimony.facts import MODE_WORDS, MONEY, SHARES, Facts, Figure
from backend.domain.testimony.sentences import Name, Number, Token
from backend.domain.testimony.words import ORDERS_TO_A_READER

_AHEAD = 3  # words after a number among which the noun that it counts is looked for
_FEWEST_WORDS = 2
_FEWEST_DIGITS = 2  # of a number that is rounded
_HUNDRED = Decimal(100)
_STATES = ("REDUCING", "HALTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    """The tokens with what they name; ``words`` are lower-case ones and the names of modes and states."""

    tokens: Sequence[Token]
    words: frozenset[str]
    strategies: frozenset[str]
    symbols: frozenset[str]
    modes: tuple[tuple[int, Mode], ...]


def is_supported(tokens: Sequence[Token], facts: Facts) -> bool:
    """Say whether every number, name, mode and deed of a clause is the decision's."""
    said = [each for each in tokens if not isinstance(each, Number) or each.is_word]
    if len(said) < _FEWEST_WORDS or all(isinstance(each, Name) for each in said) or tokens[0] in ORDERS_TO_A_READER:
        return False
    clause = _clause(tokens, facts)
    counted = {i for i, each in enumerate(tokens) if isinstance(each, Number) and _noun(clause, i, facts) is not None}
    denied = _denied(clause, counted, facts)
    return (
        denied is not None
        and all(_is_true(claim, clause) for claim in facts.claims if claim.words & clause.words - denied)
        and _is_quoted_rightly(clause, facts)
        and _are_modes_right(clause, counted, facts)
        and all(
            _is_count(clause, i, each, facts) if i in counted else _is_figure(clause, i, each, facts)
            for i, each in enumerate(tokens)
            if isinstance(each, Number)
        )
    )


def _clause(tokens: Sequence[Token], facts: Facts) -> _Clause:
    names = [each.text for each in tokens if isinstance(each, Name)]
    modes = tuple(
        (i, MODE_WORDS[said])
        for i, each in enumerate(tokens)
        if not isinstance(each, Number)
        for said in [each.text if isinstance(each, Name) else each]
        if said in MODE_WORDS
    )
    spoken = {each for each in tokens if isinstance(each, str)} | {mode.value for _, mode in modes}
    return _Clause(
        tokens=tokens,
        words=frozenset(spoken | {each for each in names if each in _STATES}),
        strategies=facts.strategies & set(names),
        symbols=facts.symbols & set(names),
        modes=modes,
    )


def _denied(clause: _Clause, counted: set[int], facts: Facts) -> frozenset[str] | None:
    """Return the words whose absence a count of zero states; None where a name beside it makes that doubtful."""
    nones = [i for i, each in enumerate(clause.tokens) if isinstance(each, Number) and not each.value and i in counted]
    if not nones:
        return frozenset()
    if any(isinstance(each, Name) for each in clause.tokens) or clause.modes:
        return None
    nouns = frozenset(noun for i in nones if (noun := _noun(clause, i, facts)))
    absent = [count.said_with for count in facts.counts if not count.value and count.nouns & nouns]
    return nouns.union(*absent)


def _is_true(claim: Claim, clause: _Clause) -> bool:
    """Everyone that is named must have done it, in something that is named, and in everything that is."""
    if not claim.is_true or not claim.done:
        return claim.is_true
    done = {(who, what) for who, what in claim.done if not clause.symbols or not what or what in clause.symbols}
    in_what = {what for who, what in done if what and (not clause.strategies or who in clause.strategies)}
    is_about_symbols = any(what for _, what in claim.done)
    return clause.strategies <= {who for who, _ in done} and (not is_about_symbols or clause.symbols <= in_what)


def _is_quoted_rightly(clause: _Clause, facts: Facts) -> bool:
    """A phrase about somebody stands beside nobody else's name."""
    quoted = [
        facts.phrases[each.text] for each in clause.tokens if isinstance(each, Name) and each.text in facts.phrases
    ]
    return all(not owners or not clause.strategies or clause.strategies <= owners for owners in quoted)


def _are_modes_right(clause: _Clause, counted: set[int], facts: Facts) -> bool:
    if any(state in clause.words and state != facts.trading_state for state in _STATES):
        return False
    if "trading" in clause.words and not clause.strategies:
        return all(mode.value == facts.trading_state for _, mode in clause.modes)
    said = [mode for i, mode in clause.modes if i - 1 not in counted]  # "2 ACTIVE" is a count
    if not said:
        return True
    if len(said) > 2:
        return False
    about = [facts.modes[name] for name in clause.strategies if name in facts.modes]
    if len(about) < len(clause.strategies):
        return False
    if len(said) == 1:
        after = [mode for _, mode in about or facts.modes.values()]
        return all(mode is said[0] for mode in after) if about else said[0] in after
    moves = [(before, after) == (said[0], said[1]) for before, after in about or facts.modes.values()]
    return all(moves) if about else any(moves)


def _noun(clause: _Clause, at: int, facts: Facts) -> str | None:
    """Return what a number counts: the first counted noun, or mode, within the next words."""
    nouns = {noun for count in facts.counts for noun in count.nouns}
    for ahead, token in enumerate(clause.tokens[at + 1 : at + 1 + _AHEAD]):
        if isinstance(token, Number):
            return None
        if isinstance(token, str) and token in nouns:
            return token
        said = token.text if isinstance(token, Name) else token
        if ahead == 0 and said in MODE_WORDS:
            return MODE_WORDS[said].value
    return None


def _is_count(clause: _Clause, at: int, number: Number, facts: Facts) -> bool:
    noun = _noun(clause, at, facts)
    if number.is_percentage or number.is_money or number.places:
        return False
    in_mode = {mode: sum(1 for _, after in facts.modes.values() if after is mode) for mode in Mode}
    if noun in in_mode:
        return number.value == in_mode[Mode(noun)]
    fitting = [count for count in facts.counts if noun in count.nouns]
    near = {each for each in clause.tokens[at + 1 : at + _AHEAD] if isinstance(each, str)}
    said = {count.value for count in fitting if count.said_with & (near if count.is_near else clause.words)}
    if not said and noun in ("strategies", "strategy"):
        said = {in_mode[mode] for i, mode in clause.modes if not isinstance(clause.tokens[i - 1], Number)}
    return number.value in (said or {count.value for count in fitting if not count.said_with})


def _is_figure(clause: _Clause, at: int, number: Number, facts: Facts) -> bool:
    """A figure that is somebody's stands in a clause that names him; a bare number that is nobody's is doubtful."""
    following = clause.tokens[at + 1] if at + 1 < len(clause.tokens) else None
    unit = MONEY if number.is_money else SHARES if following in ("share", "shares") else ""
    is_bare = not (number.places or number.is_percentage or number.is_money)
    return any(
        _equals(number, figure)
        for figure in facts.figures
        if (not unit or figure.unit == unit)
        and not (is_bare and figure.is_fraction)
        and (not figure.strategy or not clause.strategies or figure.strategy in clause.strategies)
        and (not figure.symbol or not clause.symbols or figure.symbol in clause.symbols)
        and (
            figure.strategy in clause.strategies
            or figure.symbol in clause.symbols
            or not (is_bare or figure.strategy or figure.symbol)
        )
    )


def _equals(number: Number, figure: Figure) -> bool:
    if number.is_percentage and not figure.is_fraction:
        return False
    exact = figure.value * _HUNDRED if number.is_percentage else figure.value
    if number.value == exact:
        return True
    is_rounded = number.digits >= _FEWEST_DIGITS and (number.value < 0) is (exact < 0)
    return is_rounded and abs(number.value - exact) * 2 <= Decimal(1).scaleb(-number.places)
