"""A demo's store whose last decision shows everything that can be monitored, allocation and risk among it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.audit import entry_hash
from backend.domain.tick import PortfolioKey
from backend.domain.trading_state import OPERATOR, Restriction, TradingState
from maestro.cli.main import app

DEMO_KEY = PortfolioKey(tenant_id="demo")
STRATEGIES = (
    "bollinger_reversion",
    "cross_sectional_momentum",
    "donchian_breakout",
    "moving_average_crossover",
    "rsi_reversion",
    "time_series_momentum",
    "volatility_targeted_trend",
)
# Weights of 0.125 are exact: seven of them leave 0.125 in cash.
ALLOCATION: dict[str, Any] = {
    "method": "risk_parity",
    "is_rebalanced": True,
    "weights": dict.fromkeys(STRATEGIES, 0.125),
    "cash": 0.125,
    "turnover": 0.25,
    "cost": "12.50",
    "notes": [],
}
RISK: dict[str, Any] = {
    "correlation_max": 0.8125,
    "correlation_pair": ["donchian_breakout", "moving_average_crossover"],
    "var": 0.015625,
    "cvar": 0.03125,
    "leverage": 0.75,
    "concentration": 0.25,
    "cuts": [],
}


def play_demo(store: Path, *, days: int = 30) -> None:
    """Play a demo into a file, in this process."""
    report = store.with_suffix(".html")
    chosen = ["demo", "--days", str(days), "--store", str(store), "--report", str(report), "--json"]
    said = CliRunner().invoke(app, chosen, catch_exceptions=False)
    assert said.exit_code == 0, said.output


def append_decision(
    store: Path, *, at: datetime | None = None, held_to: TradingState | None = None, **changes: Any
) -> datetime:
    """Append the newest decision once more, five minutes later or ``at``, with changes to its body.

    ``held_to`` puts an operator's restriction in force with it.
    """
    documents = SqliteDocuments(store, durable=False)
    log = DocumentStore(documents)
    observed, newest = log.observe_book(DEMO_KEY), log.decisions(DEMO_KEY.tenant_id, last=1)[0]
    at = at or newest.timestamp + timedelta(minutes=5)
    trading = observed.trading
    if held_to is not None:
        held = Restriction(state=held_to, reason="a look at the feed", by="ops", since=at)
        trading = trading.restricted({**trading.restrictions, OPERATOR: held})
    tick_id = f"main-{at:%Y%m%dT%H%M%S.%fZ}"
    place = {"tick_id": tick_id, "timestamp": at.isoformat(), "sequence": trading.log_count + 1}
    body: Mapping[str, Any] = {**newest.body, "orders": [], "mode_changes": [], **changes, **place}
    hashed = entry_hash(trading.log_head, body)
    entry = replace(
        newest,
        log_id=tick_id,
        timestamp=at,
        body=body,
        sequence=trading.log_count + 1,
        previous_hash=trading.log_head,
        entry_hash=hashed,
    )
    log.append(entry, trading=trading.logged(hashed), expected=observed.versions)
    documents.close()
    return at
