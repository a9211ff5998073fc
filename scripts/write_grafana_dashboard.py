"""Write the Grafana dashboard: ``PYTHONPATH=. .venv/bin/python scripts/write_grafana_dashboard.py``.

The file is the body of ``POST /api/dashboards/db``. File provisioning reads what stands under ``dashboard``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.grafana_panels import SOURCE, Panel, placed, series, stat, timeline

TARGET = Path(__file__).parents[1] / "deployment" / "grafana" / "dashboards" / "orchestrator-overview.json"

_OWNER = 'tenant=~"$tenant",portfolio=~"$portfolio"'
_MODES = {3: ("ACTIVE", "green"), 2: ("REDUCED", "yellow"), 1: ("SHADOW_MODE", "purple"), 0: ("DISABLED", "red")}
_STATES = {2: ("ACTIVE", "green"), 1: ("REDUCING", "yellow"), 0: ("HALTED", "red")}


def body() -> str:
    """Return the whole file."""
    return json.dumps({"dashboard": _dashboard(), "overwrite": True}, indent=2, ensure_ascii=False) + "\n"


def expressions() -> dict[str, list[str]]:
    """Return every panel's PromQL by its title, as it stands in the file."""
    return {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in _dashboard()["panels"]}


def _dashboard() -> dict[str, Any]:
    return {
        "id": None,
        "uid": "maestro-orchestrator",
        "title": "Maestro orchestrator overview",
        "tags": ["maestro"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 0,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "panels": placed([_first_look(), _money(), _strategies(), _allocation(), _risk(), _workings()]),
    }


def _variables() -> list[dict[str, Any]]:
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}
    return [source, _label("tenant", "maestro_up"), _label("portfolio", 'maestro_up{tenant=~"$tenant"}')]


def _label(name: str, found: str) -> dict[str, Any]:
    query = f"label_values({found}, {name})"
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _first_look() -> list[Panel]:
    """What an operator looks at first: six figures in one row."""
    age = f"time() - {_of('last_decision_timestamp_seconds')}"
    return [
        stat("Trading state", [(_encoded("trading_state", "state", _STATES), "")], mappings=_STATES),
        stat("Last decision", [(age, "age"), (_lateness(), "late by")], unit="s", steps={"green": None}),
        stat("Drawdown", [(_of("drawdown_ratio"), "now")], steps={"green": None, "yellow": 0.05, "red": 0.1}),
        stat("Day P&L", [(_of("day_pnl_ratio"), "today")], steps={"red": None, "green": 0.0}),
        stat(
            "Unresolved orders",
            [(_of("open_orders", 'status="unresolved"'), "unresolved")],
            unit="none",
            steps={"green": None, "red": 1},
        ),
        stat("Store readable", [(_of("up"), "up")], mappings={1: ("yes", "green"), 0: ("no", "red")}),
    ]


def _lateness() -> str:
    return f"clamp_min(time() - {_of('next_decision_timestamp_seconds')}, 0)"


def _money() -> list[Panel]:
    equity = [(_of("equity"), "equity"), (_of("high_water_mark"), "high-water mark")]
    drawdown = [
        (_of("drawdown_ratio"), "drawdown"),
        (_of("limit_ratio", 'limit=~"drawdown_reduce|max_portfolio_drawdown"'), "{{limit}}"),
        (_of("alert_threshold_ratio", 'threshold="drawdown"'), "alert"),
    ]
    return [
        series("Equity and high-water mark", equity, unit="currencyUSD"),
        series("Drawdown against limits", drawdown, unit="percentunit"),
    ]


def _strategies() -> list[Panel]:
    sharpe = [(_of("strategy_sharpe_ratio"), "{{strategy}}")]
    return [
        timeline("Modes", [(_encoded("strategy_mode", "mode", _MODES, "strategy"), "{{strategy}}")], _MODES),
        series("Sharpe ratio", sharpe, unit="none", steps={"red": None, "yellow": 0.5, "green": 1.0}),
        series("P&L of each sleeve", [(_of("strategy_pnl"), "{{strategy}}")], unit="currencyUSD"),
    ]


def _allocation() -> list[Panel]:
    weights = [(_of("strategy_weight_ratio"), "{{strategy}}"), (_of("allocation_cash_ratio"), "cash")]
    turnover = [(_of("allocation_turnover_ratio"), "turnover")]
    return [
        series("Weights", weights, unit="percentunit", is_stacked=True),
        series("Turnover", turnover, unit="percentunit"),
    ]


def _risk() -> list[Panel]:
    correlation = [
        (_of("strategy_correlation_max"), "highest of two strategies"),
        (_of("alert_threshold_ratio", 'threshold="correlation"'), "alert"),
    ]
    tail = [(_of("value_at_risk_ratio"), "VaR"), (_of("conditional_value_at_risk_ratio"), "CVaR")]
    size = [
        (_of("leverage_ratio"), "leverage"),
        (_of("concentration_ratio"), "largest symbol"),
        (_of("limit_ratio", 'limit=~"max_leverage|max_concentration"'), "{{limit}}"),
    ]
    return [
        series("Correlation", correlation, unit="none"),
        series("VaR and CVaR of a day", tail, unit="percentunit"),
        series("Leverage and concentration", size, unit="percentunit"),
    ]


def _workings() -> list[Panel]:
    orders = [(_of("open_orders"), "{{status}}")]
    entries = [(f"increase({_of('log_entries_total')}[1h])", "log entries an hour")]
    errors = [(f"increase({_of('scrape_errors_total')}[1h])", "failed scrapes an hour")]
    failed = [(_of("strategy_failed"), "{{strategy}}")]
    return [
        series("Open orders", orders, unit="none", is_stacked=True),
        series("Restrictions in force", [(_of("trading_restriction"), "{{source}}: {{state}}")], unit="none"),
        series("Failed strategies", failed, unit="none"),
        series("Log entries and failed scrapes", [*entries, *errors], unit="none"),
    ]


def _of(metric: str, more: str = "") -> str:
    return f"maestro_{metric}{{{_OWNER}{',' + more if more else ''}}}"


def _encoded(metric: str, label: str, words: Mapping[int, tuple[str, str]], *by: str) -> str:
    """Turn series of which one is 1 into one number, which the panel's mappings turn into a word."""
    selected = {number: _of(metric, f'{label}="{word}"') for number, (word, _) in words.items()}
    parts = " + ".join(f"{number} * max without ({label}) ({one})" for number, one in selected.items())
    return f"max by ({', '.join(('tenant', 'portfolio', *by))}) ({parts})"


def main() -> None:
    """Write the file."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(body())
    print(f"{TARGET.name}: {len(expressions())} panels")


if __name__ == "__main__":
    main()
