"""A block ``orchestrator`` that is there already, as genebot's own migration writes it: its keys are Maestro's."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from maestro.migration.report import Ledger, Outcome, children
from maestro.migration.setting import Settings
from maestro.migration.source import Node, Table, Value
from maestro.migration.values import plain_value, shown, texts

_METHOD, _FREQUENCY = ("allocation", "method"), ("allocation", "rebalance_frequency")
_PASSED_ON: Mapping[str, frozenset[str]] = {
    "allocation": frozenset(
        ("method", "rebalance_frequency", "min_allocation", "max_allocation", "allocation_constraints", "groups")
    ),
    "risk": frozenset({"emergency_stop_conditions"}),
    "monitoring": frozenset(("performance_tracking", "alert_thresholds", "notification_channels")),
}


class Orchestrated:
    """Grows over all the files; of two values of one key the first counts. ``symbols`` are those of whole bots."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._found: dict[tuple[str, ...], tuple[Any, Node]] = {}
        self.symbols: tuple[str, ...] = ()

    def take(self, orchestrator: Node) -> None:
        """Take in a block that has Maestro's keys."""
        for block, keys in _PASSED_ON.items():
            for key, node in children(dict(children(orchestrator)).get(block)):
                if key in keys:
                    self._take((block, key), node)
        switch = orchestrator.get("enabled") if isinstance(orchestrator, Table) else None
        self._ledger.claim(switch, Outcome.REPLACED, why="the orchestrator runs when it is started: maestro start")

    def take_symbols(self, node: Node) -> None:
        """Take in the symbols of a whole bot."""
        self.symbols = (*self.symbols, *texts(node))
        if self.symbols:
            self._ledger.claim(node, Outcome.MAPPED, target="symbols", value=shown(list(texts(node))))

    def write(
        self,
        settings: Settings,
        *,
        allocation_method: AllocationMethod | None,
        rebalance_frequency: RebalanceFrequency | None,
    ) -> None:
        """Write what was found; what was chosen on the command line counts instead."""
        chosen: dict[tuple[str, ...], tuple[StrEnum | None, str, StrEnum]] = {
            _METHOD: (allocation_method, "--allocation-method", AllocationMethod.PERFORMANCE_BASED),
            _FREQUENCY: (rebalance_frequency, "--rebalance-frequency", RebalanceFrequency.DAILY),
        }
        for path, (value, option, default) in chosen.items():
            found = self._found.pop(path, None)
            if value is not None:
                settings.put(("orchestrator", *path), value.value, option)
                if found is not None:
                    why = f"{option} {value} was chosen instead"
                    self._ledger.claim(found[1], Outcome.REPLACED, why=why, again=True)
            elif found is not None and isinstance(found[0], str):
                settings.put(("orchestrator", *path), found[0], str(found[1].place))
            else:
                settings.put(("orchestrator", *path), default.value, "the default of maestro migrate")
        for path, (value, node) in self._found.items():
            self._put(settings, ("orchestrator", *path), value, str(node.place))

    def _take(self, path: tuple[str, ...], node: Node) -> None:
        target = ".".join(("orchestrator", *path))
        if path in self._found:
            first = self._found[path][1].place
            self._ledger.caution(node.place, f"{target} is set at {first} already, and that one counts")
            self._ledger.claim(node, Outcome.REPLACED, target=target, why=f"set at {first} already")
            return
        if not self._ledger.is_open(node):
            return
        self._found[path] = (plain_value(node), node)
        value = shown(node.value) if isinstance(node, Value) else ""
        self._ledger.claim(node, Outcome.KEPT, target=target, value=value, why="Maestro has the same key")

    def _put(self, settings: Settings, path: tuple[str, ...], value: Any, note: str) -> None:
        if isinstance(value, Mapping) and value:
            for key, each in value.items():
                self._put(settings, (*path, key), each, note)
        else:
            settings.put(path, value, note)
