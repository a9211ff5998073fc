"""The configuration of a migrating fund, as its guide prints it, and what is decided under it with keys changed."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from backend.domain.decide import decide
from backend.domain.decision import Decision
from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.guard import Guard
from backend.domain.policy import DecisionPolicy
from backend.domain.sighting import Sighting
from backend.domain.signal import StrategyId, StrategySignal, Symbol
from backend.ports.strategies import IntradayBars
from backend.settings import load_settings
from functions.strategies.loader import StrategyLoader
from tests.unit.domain.decision_inputs import NOW, PRICES, account_of, inputs_of, record_of

SEED = Path(__file__).with_name("seed_orchestrator.yaml")
BTC, ETH = Symbol("BTC/USDT"), Symbol("ETH/USDT")
# a Monday, and twenty whole weeks
DAYS = [date(2025, 9, 1) + timedelta(days=number) for number in range(140)]
EARNS = [0.02, 0.0] * 12  # Sharpe ratio of a day 0.98
EARNS_TOO = [0.0, 0.02] * 12
LOSES = [-0.02, 0.0] * 12


def document() -> dict[str, Any]:
    return yaml.safe_load(SEED.read_text())  # type: ignore[no-any-return]


def leaves(node: Any, path: str = "") -> Iterator[str]:
    """Name every leaf: entries of a list of blocks alike, entries of a list of conditions each."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif path == "strategies":
        for each in node:
            yield from leaves(each, f"{path}[]")
    elif path == "risk.emergency_stop_conditions":
        yield from (f"{path}[{each}]" for each in node)
    else:
        yield path


@dataclass(frozen=True, slots=True)
class Seed:
    """The seed's configuration in a file of settings."""

    folder: Path

    def policy(self, changes: Mapping[str, Any] | None = None, *, timeframe: str | None = None) -> DecisionPolicy:
        """Load it with keys changed, such as ``risk.position_size_limit`` or ``strategies.0.name``.

        ``timeframe`` is that of all strategies.
        """
        tree = copy.deepcopy(document())
        for each in tree["orchestrator"]["strategies"] if timeframe else ():
            each["timeframe"] = timeframe
        for path, value in (changes or {}).items():
            node: Any = tree["orchestrator"]
            *above, last = path.split(".")
            for part in above:
                node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
            node[last] = value
        (self.folder / "maestro.yaml").write_text(yaml.safe_dump(tree))
        return load_settings({}, self.folder).policy()


def decided(policy: DecisionPolicy, said: Mapping[str, StrategySignal], **more: Any) -> Decision:
    """Decide with an account of 100,000 that holds nothing, unless told otherwise."""
    series = {"ma_short": more.pop("ma", EARNS), "rsi_oversold": more.pop("rsi", EARNS_TOO)}
    fields = {"account": account_of(), "prices": PRICES, "record": record_of(**series), **more}
    return decide(inputs_of(said, policy=policy, **fields))


def looked(policy: DecisionPolicy, equity: str, failed: tuple[str, ...] = ()) -> Decision:
    """Look at an account that was worth 100,000 yesterday."""
    yesterday = NOW - timedelta(days=1)
    mark = Decimal(100_000)
    guard = Guard(
        equity=Decimal(equity),
        equity_at=yesterday,
        high_water_mark=mark,
        high_water_mark_at=yesterday,
        day=NOW.date(),
        day_start_equity=Decimal(equity),
    )
    names = frozenset(map(StrategyId, failed))
    look = Sighting(at=NOW, equity=Decimal(equity), newest_bar=NOW.date(), failed=names)
    return decided(policy, {}, sighting=look, guard=guard, failures=dict.fromkeys(names, "raised"))


def evaluated(
    policy: DecisionPolicy,
    closes: Mapping[str, list[float]],
    held: Mapping[str, Mapping[str, float]] | None = None,
    intraday: IntradayBars | None = None,
) -> Evaluation:
    """Ask the strategies that the configuration lists, from these daily closes."""
    market = {symbol: {"close": each, "dates": DAYS[-len(each) :]} for symbol, each in closes.items()}
    snapshot: AccountSnapshot = {
        "equity": 1e5,
        "cash": 1e5,
        "buying_power": 1e5,
        "positions": {},
        "sleeves": held or {},
    }
    return StrategyLoader().evaluate(market, snapshot, None, policy.strategies, intraday)


def asked(
    policy: DecisionPolicy, closes: Mapping[str, list[float]], held: Mapping[str, Mapping[str, float]] | None = None
) -> Decision:
    """Ask the strategies that the configuration lists and decide on what they say."""
    found = evaluated(policy, closes, held)
    prices = {Symbol(symbol): Decimal(repr(each[-1])) for symbol, each in closes.items()}
    signals = {str(name): each for name, each in found.signals.items()}
    return decided(policy, signals, failures=found.failures, prices=prices)


def said(decision: Decision, name: str) -> tuple[str, str | None, str]:
    """What a strategy said: action, symbol, reason."""
    found = {str(each.strategy): each for each in decision.strategies}[name].signal
    return found.action.value, found.ticker, found.reasoning
