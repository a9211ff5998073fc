"""The block ``strategies``: every strategy becomes an instance of its own in Maestro's list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from maestro.migration.counterpart import Counterpart, counterpart, no_counterpart
from maestro.migration.report import Ledger, Outcome, children
from maestro.migration.setting import Settings, scalar
from maestro.migration.source import Items, Node, Place, Table
from maestro.migration.strategy_settings import put_parameters, put_symbols, put_timeframe, put_weight
from maestro.migration.values import truth, whole, word

_LONGEST_NAME = 100
_TYPE_KEYS = ("type", "class", "strategy_type", "class_name")
_MODULE_KEYS = ("module", "module_path", "package", "import_path")
_POSITION_KEYS = ("max_positions", "max_open_positions", "max_concurrent_positions")
_BASE = "orchestrator.strategies[]"
_BRING = "bring it as a subclass of functions.strategies.base.BaseStrategy, and name its --package"
_SLOTS = (
    "the orchestrator's allocation decides how much each strategy holds; a rule of the library cuts its capital into "
    "parameters.max_positions equal slots"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedStrategy:
    """One strategy of a bot.

    ``source`` is its name in the old file; ``has_type`` says whether a class is known for it, without which it is not
    listed. ``runs_as`` is that class, ``package`` where it is when it is the user's own. ``max_positions`` is what the
    old bot kept it to.
    """

    name: str
    source: str
    place: Place
    runs_as: str
    has_type: bool
    enabled: bool = False
    symbols: tuple[str, ...] = ()
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


def safe_name(key: str) -> str:
    """Return a name that can be part of a record's id."""
    name = re.sub(r"_{2,}", "_", re.sub(r"[/\\\s]+", "-", key.strip()))
    return name[:_LONGEST_NAME] or "strategy"


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
        asked, module = self._class()
        target = None if asked in classes else counterpart(asked)
        package = classes.get(asked, "" if target else module)
        if target is None and not package:
            return self._unknown(asked)
        settings, place = Settings(), str(self.table.place)
        kind = target.kind(asked) if target else asked
        name = safe_name(self.key)
        settings.put(["type"], kind, place if kind == asked else f"{place} {asked}")
        settings.put(["name"], name, place)
        self._claim_identity(kind, name, target)
        enabled = self._enabled(settings, is_chosen=only is None or self.key in only)
        put_weight(settings, self.table, self.ledger)
        put_parameters(settings, self.table, self.ledger, target, self.key)
        symbols = put_symbols(settings, self.table, self.ledger)
        put_timeframe(settings, self.table, self.ledger, self.key)
        positions = self.table.get(*_POSITION_KEYS)
        self.ledger.claim(positions, Outcome.REPLACED, target="orchestrator.allocation", why=_SLOTS)
        return MigratedStrategy(
            name=name,
            source=self.key,
            place=self.table.place,
            runs_as=target.strategy.__name__ if target else asked,
            has_type=True,
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
        return tail or self.key, (word(module) or head).removesuffix(".py").replace("/", ".")

    def _unknown(self, asked: str) -> MigratedStrategy:
        """List nothing: a strategy that cannot be built would fail in every tick."""
        why = no_counterpart(asked) or f"{asked} is neither in Maestro's library nor in a package that was named"
        self.ledger.caution(self.table.place, f"{self.key} stays with the old bot: {why}")
        self.ledger.claim(self.table, Outcome.NOT_MAPPED, why=f"no class {asked} in Maestro: {why}", advice=_BRING)
        return MigratedStrategy(
            name=safe_name(self.key),
            source=self.key,
            place=self.table.place,
            runs_as=asked,
            has_type=False,
            settings=Settings(),
        )

    def _claim_identity(self, kind: str, name: str, target: Counterpart | None) -> None:
        if name != self.key:
            self.ledger.caution(self.table.place, f"{self.key!r} is called {name!r}: ids are parted by / and __")
        self.ledger.claim(self.table.get("name"), Outcome.MAPPED, target=f"{_BASE}.name", value=name)
        why = f"Maestro's class is {target.strategy.__name__}" if target else "a class of your own"
        for key in _TYPE_KEYS:
            outcome = Outcome.MAPPED if target else Outcome.KEPT
            self.ledger.claim(self.table.get(key), outcome, target=f"{_BASE}.type", value=kind, why=why)
        for key in _MODULE_KEYS:
            if target:
                why = "the class is in Maestro's library"
                self.ledger.claim(self.table.get(key), Outcome.REPLACED, target=f"{_BASE}.type", why=why)
            else:
                self.ledger.claim(self.table.get(key), Outcome.KEPT, target="strategies.packages", why=why)

    def _enabled(self, settings: Settings, *, is_chosen: bool) -> bool:
        node = self.table.get("enabled", "active")
        wanted = truth(node)
        enabled = wanted and is_chosen
        settings.put(["enabled"], enabled, str(node.place if node is not None else self.table.place))
        if wanted and not is_chosen:
            why, advice = "it was not chosen to move yet", "maestro migrate migrate --strategies …"
            self.ledger.claim(node, Outcome.REPLACED, target=f"{_BASE}.enabled", value="false", why=why, advice=advice)
        self.ledger.claim(node, Outcome.MAPPED, target=f"{_BASE}.enabled", value=scalar(enabled))
        return enabled
