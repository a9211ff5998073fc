"""Play the old bot and Maestro over the same recorded days, before anything is switched.

The old bot: each enabled strategy trades by itself, with a fixed part of equity for a position; no modes, no override,
no breakers. Maestro: what its file says, as the parts of production read it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from backend.adapters.csv_bars import CsvBars
from backend.configuration import OrchestratorSettings
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.errors import MarketDataError
from backend.domain.mode import ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.cycle import Cycle
from backend.engine.leasing import NoLeases
from backend.settings import FILE_VARIABLE, Settings, load_settings
from backend.settings_blocks import AlpacaSettings, GeminiSettings, StrategySettings
from functions import bootstrap
from functions.strategies.base import BaseStrategy
from functions.strategies.listing import listed
from functions.strategies.loader import StrategyLoader
from maestro.backtest.outcome import ReplayOutcome
from maestro.backtest.replay import Replay, ReplayClock, after_close, seeded_entropy
from maestro.migration.genebot_rules import DEFAULT_POSITION, SeparateStrategy
from maestro.migration.mapping import Migration
from maestro.migration.setting import plain
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

_NEVER = 1_000_000
_SLIPPAGE_BPS = Decimal(5)
_TENANT = "replay"

Progress = Callable[[date, TickResult], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDays:
    """What both are played over."""

    bars: CsvBars
    days: tuple[date, ...]
    cash: Decimal

    @classmethod
    def of(cls, prices: Path, *, start: date, days: int, cash: Decimal) -> "RecordedDays":
        """Take so many trading days of a file.

        Raises
        ------
        MarketDataError
            The file does not hold them.
        """
        bars = CsvBars(prices)
        window = tuple(day for day in bars.days if day >= start)[:days]
        if len(window) < days:
            raise MarketDataError(
                f"expected {days} trading days from {start} on in {prices}, found {len(window)}; the file holds "
                f"{bars.days[0]} to {bars.days[-1]}: choose an earlier --start or fewer --days"
            )
        return cls(bars=bars, days=window, cash=cash)

    def without_prices(self, migration: Migration, enabled: frozenset[str]) -> tuple[str, ...]:
        """Return the symbols of enabled strategies that the file does not have."""
        asked = {symbol for each in migration.strategies if each.name in enabled for symbol in each.symbols}
        return tuple(sorted(asked - set(self.bars.symbols)))


def enabled_in(file: Path) -> frozenset[str]:
    """Return the strategies that a file of Maestro's settings lists and enables."""
    policy = load_settings({**os.environ, FILE_VARIABLE: str(file)}).policy()
    return frozenset(str(each.name) for each in policy.strategies) - policy.configured_off()


def play_old(
    migration: Migration, recorded: RecordedDays, progress: Progress, enabled: frozenset[str]
) -> ReplayOutcome:
    """Play the old bot's rules, with the strategies that are named as in Maestro's file."""
    settings = _settings(Settings(symbols=recorded.bars.symbols), recorded)
    strategies = tuple(_as_the_bot(migration, enabled))

    def changed(cycle: Cycle) -> Cycle:
        return replace(cycle, strategies=StrategyLoader(strategies=strategies), policy=unorchestrated())

    return _played(settings, recorded, progress, changed)


def play_new(file: Path, recorded: RecordedDays, progress: Progress) -> ReplayOutcome:
    """Play what a file of Maestro's settings says.

    Raises
    ------
    ConfigurationError
        The file is not one of Maestro's settings.
    """
    settings = load_settings({**os.environ, FILE_VARIABLE: str(file)})
    return _played(_settings(settings, recorded), recorded, progress, lambda cycle: cycle)


def unorchestrated() -> DecisionPolicy:
    """Return a policy that judges nobody, overrides nobody and stops nobody."""
    return DecisionPolicy(
        scoring=ThresholdPolicy(min_returns=_NEVER),
        systemic_sell_threshold=_NEVER,
        breakers=BreakerLimits(
            max_drawdown=1.0,
            daily_loss_limit=1.0,
            failure_cascade_count=0,
            equity_jump_limit=float(_NEVER),
            price_jump_limit=float(_NEVER),
            stale_after_days=0,
        ),
    )


def _as_the_bot(migration: Migration, enabled: frozenset[str]) -> list[BaseStrategy]:
    """Build each strategy as the generated file lists it, and let it trade by the rules of its bot."""
    file = plain(migration.settings)
    settings = OrchestratorSettings.model_validate({"strategies": file["orchestrator"]["strategies"]})
    definitions = tuple(each.definition() for each in settings.strategies)
    packages = StrategySettings(packages=tuple(file.get("strategies", {}).get("packages", ())))
    classes = bootstrap.loader(Settings(strategies=packages), _TENANT, _TENANT).classes
    inner = {each.name: each for each in listed(definitions, classes).strategies}
    found: list[BaseStrategy] = []
    for each in migration.strategies:
        if each.name in enabled and each.name in inner:
            rules = migration.rules[each.place.file]
            found.append(
                SeparateStrategy(
                    inner[each.name],
                    position_size=rules.position_size or DEFAULT_POSITION,
                    max_open_positions=rules.max_open_positions,
                    max_positions=each.max_positions,
                )
            )
    return found


def _settings(settings: Settings, recorded: RecordedDays) -> Settings:
    """Return settings that trade recorded prices alone, in a store of their own, and tell nobody."""
    orchestrator = settings.orchestrator
    quiet = orchestrator.monitoring.model_copy(update={"notification_channels": ()})
    known = set(recorded.bars.symbols)
    symbols = tuple(symbol for symbol in settings.symbols if symbol in known) or recorded.bars.symbols
    changes: Mapping[str, object] = {
        "store": "sqlite",
        "tenant_id": _TENANT,
        "symbols": symbols,
        "prices_file": recorded.bars.path,
        "gemini": GeminiSettings(),
        "orchestrator": orchestrator.model_copy(update={"monitoring": quiet}),
    }
    return settings.model_copy(update=dict(changes))


def _played(
    settings: Settings, recorded: RecordedDays, progress: Progress, changed: Callable[[Cycle], Cycle]
) -> ReplayOutcome:
    first = after_close(recorded.days[0])
    config = PaperBrokerConfig(
        prices=recorded.bars.path, start=first, initial_cash=recorded.cash, slippage_bps=_SLIPPAGE_BPS
    )
    with TemporaryDirectory() as folder, PaperBrokerServer(config) as broker:
        alpaca = AlpacaSettings(key=SecretStr("replay"), secret=SecretStr("replay"), url=broker.url)
        own = settings.model_copy(update={"alpaca": alpaca, "sqlite_path": Path(folder) / "replay.db"})
        clock, key = ReplayClock(first), PortfolioKey(tenant_id=_TENANT)
        close = bootstrap.day_close(own, key)
        cycle = changed(replace(close.cycle, clock=clock, entropy=seeded_entropy, leases=NoLeases()))
        return Replay(
            key=key,
            days=recorded.days,
            close=replace(close, cycle=cycle),
            clock=clock,
            move=broker.advance,
            progress=progress,
        ).run()
