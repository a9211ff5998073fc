"""The block ``risk``: limits of one bot become limits of the whole portfolio; of two, the stricter one counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from maestro.migration.fraction import NoFraction, as_fraction
from maestro.migration.report import Ledger, Outcome
from maestro.migration.setting import Settings, scalar
from maestro.migration.source import Leaf, Node, Value, leaves, written
from maestro.migration.values import truth, whole

_RISK = ("orchestrator", "risk")
DRAWDOWN = "max_portfolio_drawdown"
POSITION = "position_size_limit"
_STOP = "orchestrator.risk.stop_loss_threshold"

_FRACTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        ("max_position_size", "max_position_percentage", "max_position_pct", "position_size", POSITION), POSITION
    ),
    **dict.fromkeys(("max_drawdown", "max_drawdown_pct", "max_drawdown_percentage", DRAWDOWN), DRAWDOWN),
    **dict.fromkeys(
        ("stop_loss_percentage", "stop_loss_pct", "stop_loss", "stop_loss_threshold", "stop_loss.default_percentage"),
        "stop_loss_threshold",
    ),
    **dict.fromkeys(
        ("max_daily_loss", "daily_loss_limit", "daily_loss_limit_pct", "max_daily_loss_percentage"), "daily_loss_limit"
    ),
    **dict.fromkeys(("max_correlation", "correlation_limit", "max_strategy_correlation"), "max_strategy_correlation"),
    "drawdown_reduce": "drawdown_reduce",
}
_OPEN_POSITIONS = ("max_open_positions", "max_positions", "max_concurrent_positions", "max_open_trades")
_REPLACED: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        _OPEN_POSITIONS,
        ("orchestrator.allocation", "the allocation decides how much is held; limit it by max_concentration"),
    ),
    **dict.fromkeys(
        ("position_sizing_method", "position_sizing"),
        ("orchestrator.allocation.method", "the allocation's method sizes positions"),
    ),
}
_NOT_MAPPED: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("risk_per_trade", "max_portfolio_risk", "max_risk_per_trade", "risk_percentage"),
        (
            "Maestro sizes by weights, not by the distance to a stop",
            "limit a strategy by orchestrator.allocation.max_allocation or allocation_constraints",
        ),
    ),
    **dict.fromkeys(
        ("take_profit_percentage", "take_profit_pct", "take_profit"),
        ("Maestro takes no profit on its own", "let the strategy give its exit"),
    ),
    **dict.fromkeys(
        ("trailing_stop", "trailing_percentage", "trailing_stop_percentage"),
        ("Maestro has no trailing stop", "let the strategy give its exit"),
    ),
    "emergency_stop": ("a state and no limit", "maestro halt --reason … stops trading, from any process"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    value: float
    leaf: Leaf
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BotRules:
    """What one file's bot kept every strategy to: part of equity for a position, and open positions of all of them."""

    position_size: float | None = None
    max_open_positions: int | None = None


@dataclass(slots=True)
class CollectedLimits:
    """Grows over all the files; ``write`` puts what counts into the settings, ``rules`` says what each bot did."""

    ledger: Ledger
    _limits: dict[str, list[_Limit]]
    _open: dict[str, int]

    @classmethod
    def empty(cls, ledger: Ledger) -> "CollectedLimits":
        return cls(ledger=ledger, _limits={}, _open={})

    def take(self, block: Node | None) -> None:
        """Take in every limit below a block."""
        if block is None:
            return
        self.ledger.keep_secrets(block)
        is_off = _is_switched_off(block)
        for leaf in leaves(block):
            if _is_stop_switch(leaf):
                self.ledger.claim(
                    leaf.node, Outcome.REPLACED, target=_STOP, why="a stop is on where it has a threshold"
                )
            self._take(leaf, is_stop_off=is_off)

    def write(self, settings: Settings, *, max_drawdown: float | None = None) -> None:
        """Write the strictest of each limit.

        ``max_drawdown`` is what was chosen on the command line; it counts instead.
        """
        for name, limits in sorted(self._limits.items()):
            if name == DRAWDOWN and max_drawdown is not None:
                for each in limits:
                    self._replace(each, f"--max-drawdown {max_drawdown:g} was chosen instead")
                continue
            counts = min(limits, key=lambda each: each.value)
            for each in limits:
                if each is not counts:
                    self._lose(name, each, counts)
            settings.put((*_RISK, name), counts.value, counts.note)
        if max_drawdown is not None:
            settings.put((*_RISK, DRAWDOWN), max_drawdown, "--max-drawdown")

    def rules(self, file: str) -> BotRules:
        sizes = [each.value for each in self._limits.get(POSITION, ()) if each.leaf.node.place.file == file]
        return BotRules(position_size=min(sizes, default=None), max_open_positions=self._open.get(file))

    def _take(self, leaf: Leaf, *, is_stop_off: bool) -> None:
        node, key = leaf.node, _key(leaf)
        if not self.ledger.is_open(node):
            return
        if key in _FRACTIONS and isinstance(node, Value):
            if _FRACTIONS[key] == "stop_loss_threshold" and is_stop_off:
                self.ledger.claim(
                    node, Outcome.REPLACED, why="stop_loss.enabled is false: there is no stop to carry over"
                )
            else:
                self._fraction(_FRACTIONS[key], key, leaf, node)
        elif key in ("max_leverage", "gross_limit") and _is_leverage(node):
            self._limit("gross_limit", float(getattr(node, "value", 1.0)), leaf)
        elif key in _REPLACED:
            if (most := whole(node)) is not None and key in _OPEN_POSITIONS:
                self._open[node.place.file] = most
            target, why = _REPLACED[key]
            self.ledger.claim(node, Outcome.REPLACED, target=target, why=why)
        elif key in _NOT_MAPPED:
            why, advice = _NOT_MAPPED[key]
            self.ledger.claim(node, Outcome.NOT_MAPPED, why=why, advice=advice)

    def _fraction(self, name: str, key: str, leaf: Leaf, node: Value) -> None:
        found = as_fraction(node.value, key)
        if isinstance(found, NoFraction):
            advice = f"write orchestrator.risk.{name} as a part of equity, such as 0.05"
            self.ledger.caution(node.place, f"{key}: {found.reason}")
            self.ledger.claim(node, Outcome.NOT_MAPPED, why=found.reason, advice=advice)
            return
        if found.doubt:
            self.ledger.caution(node.place, f"{key}: {found.doubt}")
        elif name == POSITION and found.value != node.value and not node.text.strip().endswith("%"):
            self.ledger.caution(
                node.place, f"{key}: {node.text} is taken as {node.text} % of equity, not as a quantity"
            )
        self._limit(name, found.value, leaf, "" if found.value == node.value else f"was {node.text}")

    def _limit(self, name: str, value: float, leaf: Leaf, was: str = "") -> None:
        note = f"{leaf.node.place} {written(leaf.path)}" + (f", {was}" if was else "")
        self._limits.setdefault(name, []).append(_Limit(value=value, leaf=leaf, note=note))
        self.ledger.claim(
            leaf.node,
            Outcome.MAPPED,
            target=".".join((*_RISK, name)),
            value=scalar(value),
            why="a limit of the whole portfolio",
        )

    def _lose(self, name: str, each: _Limit, counts: _Limit) -> None:
        place = counts.leaf.node.place
        self._replace(each, f"the stricter limit counts: {scalar(counts.value)} of {place}")
        if each.value != counts.value:
            text = f"{name}: {scalar(each.value)} here and {scalar(counts.value)} at {place}; the stricter one counts"
            self.ledger.caution(each.leaf.node.place, text)

    def _replace(self, each: _Limit, why: str) -> None:
        self.ledger.claim(each.leaf.node, Outcome.REPLACED, target="orchestrator.risk", why=why, again=True)


def _key(leaf: Leaf) -> str:
    """Return the key that names a limit; ``stop_loss.default_percentage`` with the block it is in."""
    keys = [part.lower() for part in leaf.path if isinstance(part, str)]
    if len(keys) > 1 and keys[-2] == "stop_loss" and keys[-1] in ("default_percentage", "percentage", "threshold"):
        return "stop_loss.default_percentage"
    return keys[-1] if keys and isinstance(leaf.path[-1], str) else ""


def _is_switched_off(block: Node) -> bool:
    return any(_is_stop_switch(leaf) and not truth(leaf.node) for leaf in leaves(block))


def _is_stop_switch(leaf: Leaf) -> bool:
    return [part for part in leaf.path if isinstance(part, str)][-2:] == ["stop_loss", "enabled"]


def _is_leverage(node: Node) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 4
