"""Strategies that a configuration lists: each built from its class under its own name, with its own view of prices.

1. find   – the class, by its name, the strategy's name, its full name, or another that it goes by;
2. build  – with the parameters given, under their own or other names;
3. narrow – it is shown its symbols only, in bars of its timeframe (shorter ones than daily: ``intraday``).
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from backend.domain.errors import StrategyLoadError
from backend.domain.strategy_definition import StrategyDefinition
from functions.strategies.base import BaseStrategy
from functions.strategies.failure import first_line, place
from functions.strategies.roster import Roster, loaded
from functions.strategies.scope import Scoped

Classes = Mapping[str, type[BaseStrategy]]


def listed(definitions: Sequence[StrategyDefinition], classes: Classes) -> Roster:
    """Build every listed strategy; a reason by name for one that could not be.

    Parameters
    ----------
    classes : by qualified name
    """
    strategies: list[BaseStrategy] = []
    errors: dict[str, str] = {}
    for each in definitions:
        try:
            strategies.append(_built(each, _found(each.kind, classes)))
        except StrategyLoadError as error:
            errors[each.name] = f"{type(error).__name__}: {error}"
    return Roster(strategies=tuple(sorted(strategies, key=lambda strategy: strategy.name)), load_errors=errors)


def _found(kind: str, classes: Classes) -> type[BaseStrategy]:
    candidates = {
        qualified: each
        for qualified, each in classes.items()
        if kind in (qualified, each.__name__, each.name, *each.also_called)
    }
    if len(candidates) == 1:
        return next(iter(candidates.values()))
    if candidates:
        names = " and ".join(sorted(candidates))
        raise StrategyLoadError(f"type: expected one class {kind}, found {names}; write it in full")
    known = sorted({name for each in classes.values() for name in (each.__name__, *each.also_called)})
    near = get_close_matches(kind, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    raise StrategyLoadError(f"type: expected a strategy class, found {kind!r}; {hint}")


def _built(definition: StrategyDefinition, kind: type[BaseStrategy]) -> BaseStrategy:
    parameters: dict[str, object] = {}
    for given, value in definition.parameters.items():
        name = kind.parameters_also_called.get(given, given)
        if name in parameters:
            raise StrategyLoadError(f"parameters.{name}: expected it once, found it under two names; take one out")
        parameters[name] = value
    try:
        strategy = loaded(lambda: _named(kind, definition.name)(**parameters))
    except StrategyLoadError as error:
        cause = error.__cause__
        if isinstance(cause, TypeError):
            raise StrategyLoadError(f"parameters: {first_line(cause)}{place(cause)}; correct them") from cause
        raise
    if strategy.name != definition.name:
        raise StrategyLoadError(
            f"type: expected a strategy that takes the name {definition.name}, found that {kind.__name__} names itself "
            f"{strategy.name!r}; let it keep the name of its class"
        )
    return Scoped(strategy, definition.symbols, definition.timeframe)


def _named(kind: type[BaseStrategy], name: str) -> type[BaseStrategy]:
    return type(kind.__name__, (kind,), {"name": name, "__module__": kind.__module__})
