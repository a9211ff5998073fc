"""Whether a file of Maestro's settings would run: beyond what its keys and values are, what they ask for.

1. settings   – ``load_settings`` takes the file;
2. strategies – every class is found, its constructor takes the parameters, names are apart and can be ids;
3. symbols    – there are prices for them;
4. weights    – minimum, maximum and caps of groups can hold at the same time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.domain.errors import ConfigurationError
from backend.settings import FILE_VARIABLE, load_settings
from functions.strategies.base import BaseStrategy
from functions.strategies.roster import LIBRARY, discover
from maestro.migration.feasibility import weight_findings
from maestro.migration.finding import Finding
from maestro.migration.reading import read_files
from maestro.migration.report import children
from maestro.migration.source import Items, Node, SourceFile, Table, Value
from maestro.migration.strategies import safe_name
from maestro.migration.values import plain_value, texts, truth, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One entry of Maestro's list of strategies; ``strategy`` is None where it could not be built."""

    name: str
    enabled: bool
    symbols: tuple[str, ...]
    strategy: BaseStrategy | None


def validated(path: Path, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is wrong with a file, errors first.

    Raises
    ------
    ConfigurationError
        The file cannot be read at all.
    """
    (file,) = read_files([path], root=Path())
    findings = [*_setting_findings(path, environment), *strategy_findings(file), *weight_findings(file)]
    return tuple(sorted(findings, key=lambda each: not each.is_error))


def _setting_findings(path: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        settings = load_settings({**environment, FILE_VARIABLE: str(path)})
    except ConfigurationError as e:
        yield Finding(place=None, is_error=True, text=str(e))
        return
    if settings.prices_file is None:
        return
    from backend.adapters.csv_bars import CsvBars

    missing = sorted(set(settings.symbols) - set(CsvBars(settings.prices_file).symbols))
    if missing:
        yield Finding(
            place=None, is_error=True, text=f"symbols: no prices in {settings.prices_file} of {_listed(missing)}"
        )


def strategy_findings(file: SourceFile) -> Iterator[Finding]:
    """Say what is wrong with the list of strategies."""
    nodes = _entries(file)
    if not nodes:
        yield Finding(
            place=None, is_error=False, text="orchestrator.strategies: none is listed, so all that are found run"
        )
    elif not any(truth(node.get("enabled")) for node in nodes):
        yield Finding(place=nodes[0].place, is_error=False, text="orchestrator.strategies: none is enabled")
    names = Counter(word(node.get("name")) for node in nodes)
    classes, problems = _classes(file)
    yield from problems
    for node in nodes:
        name, is_on = word(node.get("name")), truth(node.get("enabled"))
        if names[name] > 1:
            yield Finding(place=node.place, is_error=True, text=f"{name}: {names[name]} strategies have this name")
        for text in _problems(node, name, classes):
            yield Finding(place=node.place, is_error=is_on, text=text)
        pairs = [symbol for symbol in texts(node.get("symbols")) if "/" in symbol]
        if pairs and file.root.get("prices_file") is None:
            text = f"{name}: Alpaca's bars of shares have no {_listed(pairs)}; choose shares, or set prices_file"
            yield Finding(place=node.place, is_error=is_on, text=text)


def instances(file: SourceFile) -> list[Instance]:
    """Build the strategies that a file lists, as far as they can be built."""
    classes, _ = _classes(file)
    return [
        Instance(
            name=word(node.get("name")),
            enabled=truth(node.get("enabled")),
            symbols=texts(node.get("symbols")),
            strategy=_built(classes.get(word(node.get("type"))), node)[0],
        )
        for node in _entries(file)
    ]


def _entries(file: SourceFile) -> list[Table]:
    block = dict(children(file.root.get("orchestrator"))).get("strategies")
    return [node for node in block.nodes if isinstance(node, Table)] if isinstance(block, Items) else []


def _classes(file: SourceFile) -> tuple[dict[str, type[BaseStrategy]], list[Finding]]:
    """Return the classes that a file can name, by class and by name, and what could not be loaded."""
    packages = texts(dict(children(file.root.get("strategies"))).get("packages"))
    roster = discover((*LIBRARY, *packages))
    found = {word: type(each) for each in roster.strategies for word in (each.name, type(each).__name__)}
    problems = [
        Finding(place=None, is_error=True, text=f"strategies.packages: {name}: {reason}")
        for name, reason in roster.load_errors.items()
    ]
    return found, problems


def _problems(node: Table, name: str, classes: Mapping[str, type[BaseStrategy]]) -> Iterator[str]:
    asked = word(node.get("type"))
    if asked not in classes:
        known = ", ".join(sorted({each.__name__ for each in classes.values()}))
        yield f"{name}: expected the type to be one of {known}, found {asked or 'none'}; name its package"
        return
    built, problem = _built(classes[asked], node)
    if built is None:
        yield f"{name}: {problem}"
    if safe_name(name) != name:
        yield f"{name or 'a strategy without a name'}: cannot be part of an id; call it {safe_name(name)}"


def _built(strategy: type[BaseStrategy] | None, node: Table) -> tuple[BaseStrategy | None, str]:
    """Build one class with the parameters of an entry, as a tick would; else say why it cannot be built."""
    if strategy is None:
        return None, "no such class"
    roster = discover([strategy.__module__], {strategy.name: _parameters(node.get("parameters"))})
    built = next((each for each in roster.strategies if type(each) is strategy), None)
    return built, roster.load_errors.get(f"{strategy.__module__}.{strategy.__qualname__}", "it did not load")


def _parameters(node: Node | None) -> dict[str, Any]:
    return {key: each.value if isinstance(each, Value) else plain_value(each) for key, each in children(node)}


def _listed(names: list[str]) -> str:
    return ", ".join(names)
