"""The block ``strategies``: every strategy becomes an instance of its own in Maestro's list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maestro.migration.counterpart import Counterpart, counterpart, no_counterpart
from maestro.migration.report import Ledger, Outcome, children
from maestro.migration.setting import Settings, scalar
from maestro.migration.source import Items, Node, Place, Table, Value
from maestro.migration.values import plain_value, shown, texts, truth, whole, word

_LONGEST_NAME = 100
_TYPE_KEYS = ("type", "class", "strategy_type", "class_name")
_MODULE_KEYS = ("module", "module_path", "package", "import_path")
_WEIGHT_KEYS = ("allocation_weight", "weight", "allocation")
_DAILY = frozenset({"1d", "d", "1day", "day", "daily", "1440", "1440m"})
_SLOTS = (
    "the orchestrator's allocation decides how much each strategy holds; a rule of the library cuts its capital into "
    "parameters.max_positions equal slots"
)
_DAYS = "Maestro decides on daily bars"
_RESCALE = "a period of 20 now means 20 days: choose the periods anew, or leave the strategy where it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedStrategy:
    """One strategy of Maestro's list.

    ``source`` is its name in the old file, ``has_type`` whether a class is known, ``max_positions`` what the old bot
    kept it to.
    """

    name: str
    source: str
    file: str
    place: Place
    type: str
    has_type: bool
    enabled: bool
    symbols: tuple[str, ...]
    settings: Settings
    package: str = ""
    max_positions: int | None = None


def strategies_of(
    block: Node | None,
    ledger: Ledger,
    *,
    classes: Mapping[str, str] | None = None,
    only: frozenset[str] | None = None,
) -> list[MigratedStrategy]:
    """Map a block of strategies, a mapping by name or a list; what is neither is left for the report.

    ``classes`` are the user's own, with the package of each; with ``only``, the others are written down as not enabled.
    """
    found: list[MigratedStrategy] = []
    for key, node in _named(block):
        if isinstance(node, Table):
            found.append(_Strategy(key, node, ledger).migrated(classes or {}, only))
    return found


def _named(block: Node | None) -> list[tuple[str, Node]]:
    if isinstance(block, Items):
        return [(_own_name(node, number), node) for number, node in enumerate(block.nodes)]
    return list(children(block))


def _own_name(node: Node, number: int) -> str:
    named = node.get("name", *_TYPE_KEYS) if isinstance(node, Table) else None
    return word(named) or f"strategy_{number + 1}"


@dataclass(slots=True)
class _Strategy:
    """One strategy being mapped."""

    key: str
    table: Table
    ledger: Ledger

    def migrated(self, classes: Mapping[str, str], only: frozenset[str] | None) -> MigratedStrategy:
        self.ledger.keep_secrets(self.table)
        asked, package = self._class()
        target = None if asked in classes else counterpart(asked)
        package = classes.get(asked, package)
        name = safe_name(self.key)
        if name != self.key:
            self.ledger.caution(
                self.table.place, f"{self.key!r} is called {name!r} in Maestro, which parts ids by / and __"
            )
        kind = target.strategy.__name__ if target else asked
        has_type = target is not None or bool(package)
        place = str(self.table.place)
        settings = Settings()
        settings.put(["type"], kind, f"{place} {asked}" if kind != asked else place)
        settings.put(["name"], name, place)
        self._claim_identity(kind, name, target)
        enabled = self._enabled(settings, has_type, asked, is_chosen=only is None or self.key in only)
        self._weight(settings)
        self._parameters(settings, target)
        symbols = self._symbols(settings)
        self._timeframe(settings)
        positions = self.table.get("max_positions", "max_open_positions", "max_concurrent_positions")
        self.ledger.claim(positions, Outcome.REPLACED, target="orchestrator.allocation", why=_SLOTS)
        return MigratedStrategy(
            name=name,
            source=self.key,
            file=self.table.place.file,
            place=self.table.place,
            type=kind,
            has_type=has_type,
            enabled=enabled,
            symbols=symbols,
            settings=settings,
            package=package,
            max_positions=whole(positions),
        )

    def _class(self) -> tuple[str, str]:
        """Return the class that is asked for, and the module that it is in where that is named."""
        named, module = self.table.get(*_TYPE_KEYS), self.table.get(*_MODULE_KEYS)
        head, _, tail = word(named).replace(":", ".").rpartition(".")
        package = word(module) or head
        asked = tail or self.key
        return asked, "" if counterpart(asked) else package.removesuffix(".py").replace("/", ".")

    def _claim_identity(self, kind: str, name: str, target: Counterpart | None) -> None:
        base = "orchestrator.strategies[]"
        self.ledger.claim(self.table.get("name"), Outcome.MAPPED, target=f"{base}.name", value=name)
        for key in _TYPE_KEYS:
            node = self.table.get(key)
            is_renamed = isinstance(node, Value) and node.text != kind
            why = f"Maestro's class is {kind}" if is_renamed else ""
            outcome = Outcome.MAPPED if target else Outcome.KEPT
            self.ledger.claim(node, outcome, target=f"{base}.type", value=kind, why=why)
        for key in _MODULE_KEYS:
            node = self.table.get(key)
            if target:
                self.ledger.claim(
                    node, Outcome.REPLACED, target=f"{base}.type", why="the class is in Maestro's library"
                )
            else:
                self.ledger.claim(node, Outcome.KEPT, target="strategies.packages", why="the module of your own class")

    def _enabled(self, settings: Settings, has_type: bool, asked: str, *, is_chosen: bool) -> bool:
        node = self.table.get("enabled", "active")
        wanted = truth(node)
        enabled = wanted and has_type and is_chosen
        place = str(node.place if node is not None else self.table.place)
        target = "orchestrator.strategies[].enabled"
        if wanted and not has_type:
            why = no_counterpart(asked) or f"{asked} is neither in Maestro's library nor in a package that was named"
            advice = (
                "bring the class (subclass functions.strategies.base.BaseStrategy), name its package with --package"
            )
            settings.put(["enabled"], False, f"{place} was true: there is no class {asked} in Maestro")
            self.ledger.caution(self.table.place, f"{self.key} cannot run yet: {why}")
            self.ledger.claim(node, Outcome.REPLACED, target=target, value="false", why=why, advice=advice)
            return False
        if wanted and not is_chosen:
            settings.put(["enabled"], False, place)
            why = "it was not chosen to move yet"
            advice = "maestro migrate migrate --strategies …"
            self.ledger.claim(node, Outcome.REPLACED, target=target, value="false", why=why, advice=advice)
            return False
        settings.put(["enabled"], enabled, place)
        self.ledger.claim(node, Outcome.MAPPED, target=target, value=scalar(enabled))
        return enabled

    def _weight(self, settings: Settings) -> None:
        for key in _WEIGHT_KEYS:
            node = self.table.get(key)
            value = getattr(node, "value", None)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000:
                continue
            settings.put(["allocation_weight"], float(value), str(node.place) if node else "")
            target = "orchestrator.strategies[].allocation_weight"
            self.ledger.claim(node, Outcome.MAPPED, target=target, value=scalar(float(value)))
            return

    def _parameters(self, settings: Settings, target: Counterpart | None) -> None:
        given: dict[str, Any] = {}
        below = settings.at(["parameters"])
        for key, node in children(self.table.get("parameters", "params")):
            if not self.ledger.is_open(node):
                continue
            ours = target.parameter(key) if target else key
            if ours is None and target is not None:
                known = ", ".join(sorted(target.parameters))
                self.ledger.claim(
                    node,
                    Outcome.NOT_MAPPED,
                    why=f"{target.strategy.__name__} has no such parameter",
                    advice=f"it takes {known}; express it by these or subclass it",
                )
            elif ours in given:
                why = f"{ours} is set by another key already"
                self.ledger.claim(node, Outcome.NOT_MAPPED, why=why, advice="delete one of the two")
            elif ours is not None:
                given[ours] = value = plain_value(node)
                below.put([ours], value, f"{node.place} {key}" if ours != key else str(node.place))
                path = f"orchestrator.strategies[].parameters.{ours}"
                outcome = Outcome.MAPPED if target else Outcome.KEPT
                self.ledger.claim(node, outcome, target=path, value=shown(value))
        missing = sorted(target.parameters - given.keys() - {"max_positions"}) if target else []
        if target and missing:
            values = ", ".join(f"{name}={getattr(target.strategy, name)}" for name in missing)
            self.ledger.caution(self.table.place, f"{self.key}: not set, so Maestro's default counts: {values}")

    def _symbols(self, settings: Settings) -> tuple[str, ...]:
        node = self.table.get("symbols", "symbol", "markets", "pairs")
        symbols = texts(node)
        if not symbols or node is None:
            return ()
        settings.put(["symbols"], list(symbols), str(node.place))
        pairs = [symbol for symbol in symbols if "/" in symbol]
        if pairs:
            text = f"{', '.join(pairs)}: Maestro reads bars of US shares from Alpaca, no currencies and no crypto pairs"
            self.ledger.caution(node.place, text)
        self.ledger.claim(
            node,
            Outcome.MAPPED,
            target="orchestrator.strategies[].symbols",
            value=shown(list(symbols)),
            advice="bring prices of your own (prices_file) or choose shares" if pairs else "",
        )
        return symbols

    def _timeframe(self, settings: Settings) -> None:
        node = self.table.get("timeframe", "timeframes", "interval")
        frames = texts(node)
        if node is None or not frames:
            return
        if all(frame.lower() in _DAILY for frame in frames):
            settings.put(["timeframe"], "1d", str(node.place))
            self.ledger.claim(node, Outcome.MAPPED, target="orchestrator.strategies[].timeframe", value="1d")
            return
        self.ledger.caution(node.place, f"{self.key}: {', '.join(frames)} becomes 1d; {_RESCALE}")
        self.ledger.claim(node, Outcome.NOT_MAPPED, why=_DAYS, advice=_RESCALE)


def safe_name(key: str) -> str:
    """Return a name that can be part of a record's id."""
    name = re.sub(r"_{2,}", "_", re.sub(r"[/\\\s]+", "-", key.strip()))
    return name[:_LONGEST_NAME] or "strategy"
