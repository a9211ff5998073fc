"""Whether a file of Maestro's settings would run: beyond what its keys and values are, what they ask for.

1. settings   – ``load_settings`` takes the file;
2. strategies – every class is found and takes its parameters, and the bars are not shorter than a day;
3. symbols    – there are prices for them;
4. weights    – minimum, maximum and caps of groups can hold at the same time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from backend.domain.errors import ConfigurationError
from backend.domain.strategy_definition import StrategyDefinition
from backend.settings import FILE_VARIABLE, Settings, load_settings
from functions.strategies.base import BaseStrategy
from functions.strategies.listing import listed
from functions.strategies.roster import LIBRARY, discover
from maestro.migration.feasibility import weight_findings
from maestro.migration.finding import Finding
from maestro.migration.reading import read_files
from maestro.migration.report import children
from maestro.migration.source import Items, Place


def validated(path: Path, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is wrong with a file, errors first.

    Raises
    ------
    ConfigurationError
        The file cannot be read at all.
    """
    places = _places(path)
    try:
        settings = load_settings({**environment, FILE_VARIABLE: str(path)})
    except ConfigurationError as e:
        return (Finding(place=None, is_error=True, text=str(e)),)
    findings = [
        *strategy_findings(settings, places),
        *_symbol_findings(settings, places),
        *weight_findings(settings.policy()),
    ]
    return tuple(sorted(findings, key=lambda each: not each.is_error))


def strategy_findings(settings: Settings, places: Mapping[str, Place]) -> Iterator[Finding]:
    """Say which strategies that are listed could not run; each of them would fail in every tick."""
    definitions = settings.policy().strategies
    if not definitions:
        yield Finding(place=None, is_error=False, text="orchestrator.strategies: none is listed, so all found run")
    elif not any(each.is_enabled for each in definitions):
        yield Finding(place=None, is_error=False, text="orchestrator.strategies: none is enabled")
    roster = discover((*LIBRARY, *settings.strategies.packages))
    for source, reason in roster.load_errors.items():
        yield Finding(place=None, is_error=True, text=f"strategies.packages: {source}: {reason}")
    for name, reason in listed(definitions, roster.classes).load_errors.items():
        yield Finding(place=places.get(name), is_error=True, text=f"{name}: {reason}")


def built(definitions: tuple[StrategyDefinition, ...], packages: tuple[str, ...]) -> dict[str, BaseStrategy]:
    """Build strategies as a tick does, by name; those that cannot be built are left out."""
    classes = discover((*LIBRARY, *packages)).classes
    return {each.name: each for each in listed(definitions, classes).strategies}


def _symbol_findings(settings: Settings, places: Mapping[str, Place]) -> Iterator[Finding]:
    known = _symbols_with_prices(settings)
    for each in settings.policy().strategies:
        missing = [symbol for symbol in each.symbols if not _is_known(symbol, known)]
        if missing:
            where = settings.prices_file or "Alpaca's bars of shares"
            text = f"{each.name}: expected prices of its symbols, found none of {', '.join(missing)} in {where}"
            yield Finding(place=places.get(each.name), is_error=True, text=f"{text}; choose others, or set prices_file")


def _symbols_with_prices(settings: Settings) -> frozenset[str] | None:
    """Return what the file of prices has; None for Alpaca, whose list is not asked for."""
    if settings.prices_file is None:
        return None
    from backend.adapters.csv_bars import CsvBars

    return frozenset(CsvBars(settings.prices_file).symbols)


def _is_known(symbol: str, known: frozenset[str] | None) -> bool:
    return "/" not in symbol if known is None else symbol in known


def _places(path: Path) -> dict[str, Place]:
    """Return where each strategy of a file stands, by its name."""
    (file,) = read_files([path], root=Path())
    block = dict(children(file.root.get("orchestrator"))).get("strategies")
    nodes = block.nodes if isinstance(block, Items) else ()
    return {getattr(dict(children(node)).get("name"), "text", ""): node.place for node in nodes}
