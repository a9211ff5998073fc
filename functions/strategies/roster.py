"""The roster: every strategy that could be found and built, and why the others could not.

1. walk  – modules below each package, without tests and examples;
2. import – one that fails is noted and left out;
3. build – every concrete BaseStrategy that a module defines, with the parameters given for it;
4. name  – a name that two share, or that cannot be part of a record's id, is refused.
"""

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import ModuleType
from typing import TypeVar

from backend.domain.errors import ConfigurationError, StrategyLoadError
from functions.strategies.base import BaseStrategy
from functions.strategies.failure import first_line, place

LIBRARY = ("functions.strategies.library",)

_NOT_FOR_TRADING = re.compile(r"tests?|test_.*|.*_test|conftest|examples?(_.*)?")
_LONGEST_NAME = 100
_RESERVED = ("/", "__")  # they part a record's path and its id

Parameters = Mapping[str, Mapping[str, object]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Strategies in name order; a one-line reason by module, class or package for what did not load.

    ``classes`` are all that were found, by qualified name.
    """

    strategies: tuple[BaseStrategy, ...] = ()
    load_errors: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, type[BaseStrategy]] = field(default_factory=dict)


def discover(packages: Sequence[str] = LIBRARY, parameters: Parameters | None = None) -> Roster:
    """Find and build all strategies below ``packages``.

    Modules and folders named like tests or examples (``test_*``, ``*_test``, ``conftest``, ``tests``,
    ``example*``) are not looked into, nor are classes that a module merely imports.

    Parameters
    ----------
    packages : sequence of str
        Dotted names that can be imported from where the program starts.
    parameters : mapping, optional
        Constructor parameters by strategy name.
    """
    search = _Search(parameters or {})
    for package in dict.fromkeys(packages):
        search.below(package)
    return search.roster()


def given(strategies: Sequence[BaseStrategy]) -> Roster:
    """Put strategies that are built already on a roster.

    Raises
    ------
    ConfigurationError
        A name that two share, or that cannot be part of a record's id.
    """
    ordered = sorted(strategies, key=lambda strategy: str(strategy.name))
    for strategy in ordered:
        _check_name(strategy.name)
    for one, other in pairwise(ordered):
        if one.name == other.name:
            found = f"{type(one).__name__} and {type(other).__name__}"
            raise ConfigurationError(f"expected one strategy named {one.name!r}, found {found}; rename one of them")
    classes = {f"{type(each).__module__}.{type(each).__qualname__}": type(each) for each in ordered}
    return Roster(strategies=tuple(ordered), classes=classes)


class _Search:
    """Grows while packages are walked."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._errors: dict[str, str] = {}
        self._names: set[str] = set()
        self._classes: dict[str, type[BaseStrategy]] = {}
        self._built: dict[str, dict[str, BaseStrategy]] = defaultdict(dict)

    def below(self, name: str) -> None:
        """Take in a module and all below it."""
        try:
            module = _import(name)
        except StrategyLoadError as error:
            self._errors[name] = str(error)
            return
        for qualified, strategy_class in _strategy_classes(module).items():
            self._build(qualified, strategy_class)
        for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
            if not _NOT_FOR_TRADING.fullmatch(found.name.rpartition(".")[2]):
                self.below(found.name)

    def _build(self, qualified: str, strategy_class: type[BaseStrategy]) -> None:
        self._names.add(strategy_class.name)
        self._classes[qualified] = strategy_class
        parameters = self._parameters.get(strategy_class.name, {})
        try:
            strategy = loaded(lambda: strategy_class(**parameters))
            _check_name(strategy.name)
        except (StrategyLoadError, ConfigurationError) as error:
            self._errors[qualified] = str(error)
            return
        self._built[strategy.name][qualified] = strategy

    def roster(self) -> Roster:
        strategies: list[BaseStrategy] = []
        for name, candidates in sorted(self._built.items()):
            if len(candidates) == 1:
                strategies.extend(candidates.values())
                continue
            reason = (
                f"expected one strategy named {name!r}, found {' and '.join(sorted(candidates))}; none of them runs "
                "until the others are renamed"
            )
            self._errors.update(dict.fromkeys(candidates, reason))
        known = ", ".join(sorted(self._names)) or "none"
        for name in self._parameters.keys() - self._names:
            self._errors[name] = f"expected parameters of a strategy that exists ({known}), found {name!r}; correct it"
        errors = dict(sorted(self._errors.items()))
        return Roster(strategies=tuple(strategies), load_errors=errors, classes=self._classes)


def _import(name: str) -> ModuleType:
    try:
        return loaded(lambda: importlib.import_module(name))
    except StrategyLoadError as error:
        missing = error.__cause__
        if isinstance(missing, ModuleNotFoundError) and f"{name}.".startswith(f"{missing.name}."):
            raise StrategyLoadError(
                f"expected a package named {name}, found none; create it (with an __init__.py) in the folder that the "
                "program starts from, or take it out of the strategy packages"
            ) from missing
        raise


def loaded(load: Callable[[], T]) -> T:
    """Run code that others wrote; whatever it raises becomes a StrategyLoadError, so that the rest can load."""
    try:
        return load()
    except (Exception, SystemExit) as error:
        raise StrategyLoadError(
            f"expected it to load, it raised {first_line(error)}{place(error)}; correct it"
        ) from error


def _strategy_classes(module: ModuleType) -> dict[str, type[BaseStrategy]]:
    """Return the concrete strategies that the module itself defines, by qualified name."""
    return {
        f"{module.__name__}.{value.__qualname__}": value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, BaseStrategy)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    }


def _check_name(name: object) -> None:
    is_usable = isinstance(name, str) and 0 < len(name.strip()) <= _LONGEST_NAME
    if not (is_usable and not any(mark in str(name) for mark in _RESERVED)):
        raise ConfigurationError(
            f"expected a name of 1 to {_LONGEST_NAME} characters without '/' or '__', found {name!r}; set another one"
        )
