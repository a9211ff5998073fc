"""Dashboard and alert rules against a real Prometheus that scrapes ``maestro metrics serve`` over a demo's store."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from backend.domain.trading_state import TradingState
from scripts import write_grafana_dashboard
from tests.emulators.prometheus_server import DEPLOYMENT, ENABLE_COMMAND, Prometheus, is_installed, prometheus_scraping
from tests.emulators.tiers import require_tier
from tests.fakes.monitored_store import ALLOCATION, RISK, STRATEGIES, append_decision, play_demo
from tests.integration.metrics_server import serving

pytestmark = pytest.mark.prometheus

DASHBOARD = json.loads(write_grafana_dashboard.TARGET.read_text())["dashboard"]
TARGETS = [
    pytest.param(target, id=f"{panel['title']} {target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    require_tier("Prometheus", is_installed(), ENABLE_COMMAND)
    folder = tmp_path_factory.mktemp("prometheus")
    store = folder / "demo.db"
    play_demo(store)
    failures = {"rsi_reversion": "no bars"}
    append_decision(store, held_to=TradingState.REDUCING, failures=failures, allocation=ALLOCATION, risk=RISK)
    with serving(store) as target, prometheus_scraping(target, folder) as running:
        running.wait_for("count_over_time(maestro_up[1m]) >= 2")  # a rate needs two scrapes
        yield running


def as_grafana_sends(expression: str) -> str:
    """Fill the template variables in as Grafana does for All."""
    return expression.replace("$tenant", "(demo|other)").replace("$portfolio", "(main|other)")


@pytest.mark.parametrize("target", TARGETS)
def test_dashboard_expression_gives_series_with_the_labels_of_its_legend(
    prometheus: Prometheus, target: dict[str, Any]
) -> None:
    found = prometheus.query(as_grafana_sends(target["expr"]))
    assert found, target["expr"]
    wanted = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
    assert all(wanted <= each["metric"].keys() for each in found), found


@pytest.mark.parametrize("variable", [each for each in DASHBOARD["templating"]["list"] if each["type"] == "query"])
def test_dashboard_variable_lists_what_is_monitored(prometheus: Prometheus, variable: dict[str, Any]) -> None:
    series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
    found = prometheus.get(f"label/{label}/values", **{"match[]": as_grafana_sends(series)})
    assert found == [{"tenant": "demo", "portfolio": "main"}[label]]


def value_of(prometheus: Prometheus, title: str, number: int = 0, **labels: str) -> float:
    expression = write_grafana_dashboard.expressions()[title][number]
    found = prometheus.query(as_grafana_sends(expression))
    matching = [each for each in found if labels.items() <= each["metric"].items()]
    assert len(matching) == 1, found
    return float(matching[0]["value"][1])


def test_dashboard_shows_what_the_store_holds(prometheus: Prometheus) -> None:
    assert value_of(prometheus, "Trading state") == 1  # REDUCING
    assert value_of(prometheus, "Store readable") == 1
    assert value_of(prometheus, "Correlation") == RISK["correlation_max"]
    assert value_of(prometheus, "VaR and CVaR of a day", 1) == RISK["cvar"]
    assert value_of(prometheus, "Turnover") == ALLOCATION["turnover"]
    weights = sum(value_of(prometheus, "Weights", strategy=name) for name in STRATEGIES)
    assert weights + value_of(prometheus, "Weights", 1) == 1.0
    assert value_of(prometheus, "Failed strategies", strategy="rsi_reversion") == 1
    assert value_of(prometheus, "Restrictions in force", source="operator", state="REDUCING") == 1
    assert value_of(prometheus, "Unresolved orders") == 0


def test_dashboard_encodes_each_mode_by_its_own_number(prometheus: Prometheus) -> None:
    """The one-hot series say the same, in words."""
    numbers = {"ACTIVE": 3.0, "REDUCED": 2.0, "SHADOW_MODE": 1.0, "DISABLED": 0.0}
    in_force = prometheus.query("maestro_strategy_mode == 1")
    assert {each["metric"]["strategy"] for each in in_force} == set(STRATEGIES)
    for each in in_force:
        strategy = each["metric"]["strategy"]
        assert value_of(prometheus, "Modes", strategy=strategy) == numbers[each["metric"]["mode"]]


def test_alert_rules_are_healthy_and_fire_on_what_is_wrong(prometheus: Prometheus) -> None:
    prometheus.wait_for('ALERTS{alertname="MaestroTradingReducing",alertstate="firing"}')
    (group,) = prometheus.get("rules")["groups"]
    assert {rule["name"]: rule.get("lastError", "") for rule in group["rules"] if rule["health"] != "ok"} == {}
    firing = {each["metric"]["alertname"] for each in prometheus.query('ALERTS{alertstate="firing"}')}
    assert firing >= {"MaestroTradingReducing", "MaestroStrategiesCorrelated"}  # 0.8125 ≥ 0.75
    assert firing & {"MaestroTradingHalted", "MaestroOrdersUnresolved", "MaestroScrapeFailing"} == set()


@pytest.mark.parametrize(
    "check",
    [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
)
def test_promtool_accepts(check: tuple[str, ...]) -> None:
    require_tier("Prometheus", is_installed(), ENABLE_COMMAND)
    said = subprocess.run(["promtool", *check], cwd=DEPLOYMENT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_alert_tests_name_every_rule_firing_and_not() -> None:
    """A rule that no unit test makes fire, or none keeps quiet, is not tested."""
    rules = set(re.findall(r"- alert: (\w+)", (DEPLOYMENT / "alerts.yml").read_text()))
    tests = (DEPLOYMENT / "alerts_test.yml").read_text()
    assert set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", tests)) == rules
    assert set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", tests)) == rules
