"""Settings: where a value comes from, and what is said when it is wrong."""

from decimal import Decimal
from pathlib import Path

import pytest

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import DecisionPolicy
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.retention import Retention
from backend.settings import Settings, load_settings


def load(directory: Path, text: str = "", **variables: str) -> Settings:
    if text:
        (directory / "maestro.yaml").write_text(text)
    return load_settings(variables, directory)


def refusal(directory: Path, text: str = "", **variables: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(directory, text, **variables)
    return str(caught.value)


def test_settings_without_any_source_are_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.store, settings.tenant_id, settings.alpaca.paper) == ("sqlite", "default", True)
    assert settings.sqlite_path == Path(".maestro/maestro.db")
    assert len(settings.symbols) == 20
    assert not settings.gemini.enabled


def test_settings_environment_wins_over_file_wins_over_default(tmp_path: Path) -> None:
    text = "tenant_id: from-file\nuid: from-file\nalpaca: {feed: sip, timeout_seconds: 3}\n"
    settings = load(tmp_path, text, MAESTRO_TENANT_ID="from-env", MAESTRO_ALPACA__TIMEOUT_SECONDS="4")
    assert (settings.tenant_id, settings.uid, settings.portfolio_id) == ("from-env", "from-file", "main")
    assert (settings.alpaca.feed, settings.alpaca.timeout_seconds) == ("sip", 4.0)


def test_settings_file_named_by_variable_is_read(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("uid: named")
    assert load(tmp_path, "uid: default-file", MAESTRO_CONFIG=str(other)).uid == "named"


def test_settings_file_named_but_missing_is_refused(tmp_path: Path) -> None:
    assert "found none at" in refusal(tmp_path, MAESTRO_CONFIG=str(tmp_path / "absent.yaml"))


@pytest.mark.parametrize("name", ["FIREBASE_PROJECT_ID", "GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT"])
def test_settings_project_comes_from_customary_variables(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, "project: in-file", **{name: "demo-x"}).project == "demo-x"


def test_settings_own_variable_wins_over_customary_one(tmp_path: Path) -> None:
    settings = load(tmp_path, APCA_API_KEY_ID="customary", APCA_API_SECRET_KEY="s", MAESTRO_ALPACA__KEY="own")
    assert settings.alpaca.key.get_secret_value() == "own"
    assert settings.alpaca.secret.get_secret_value() == "s"


def test_settings_symbols_are_read_from_a_comma_separated_variable(tmp_path: Path) -> None:
    assert load(tmp_path, MAESTRO_SYMBOLS="AAPL, MSFT").symbols == ("AAPL", "MSFT")
    assert load(tmp_path, "strategies: {packages: [mine, yours]}").strategies.packages == ("mine", "yours")


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.uid = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.alpaca.paper = False  # type: ignore[misc]


def test_settings_policy_takes_what_is_set_and_leaves_the_rest(tmp_path: Path) -> None:
    text = """
orchestrator:
  scoring:
    sharpe_threshold_reduce: 1.5
    unscored_mode: probation
    performance_lookback_days: 20
  allocation:
    method: equal_weight
    base_weights: {momentum: 0.25}
  disabled_strategies: [rsi]
  execution: {shadow_slippage_bps: "7"}
"""
    policy = load(tmp_path, text, MAESTRO_ORCHESTRATOR__RISK__GROSS_LIMIT="0.8").policy()
    assert (policy.scoring.reduce, policy.scoring.shadow) == (1.5, 0.5)
    assert policy.scoring.unscored is UnscoredMode.PROBATION
    assert policy.allocation.method is AllocationMethod.EQUAL_WEIGHT
    assert (policy.lookback_days, policy.risk.gross_limit, policy.systemic_sell_threshold) == (20, 0.8, 3)
    assert (dict(policy.allocation.base_weights), policy.disabled) == ({"momentum": 0.25}, frozenset({"rsi"}))
    assert policy.shadow_slippage_bps == Decimal(7)


def test_settings_policy_by_probability_is_set_in_the_file_and_the_environment(tmp_path: Path) -> None:
    text = "orchestrator: {scoring: {mode_policy: probabilistic, psr_demote_below: 0.05, psr_min_dwell_days: 15}}"
    policy = load(tmp_path, text, MAESTRO_ORCHESTRATOR__SCORING__PSR_PROMOTE_ABOVE="0.8").policy()
    expected = ProbabilisticPolicy(demote_below=0.05, promote_above=0.8, min_dwell_days=15)
    assert policy.modes == policy.probabilistic == expected


def test_settings_policy_keeps_the_given_defaults(tmp_path: Path) -> None:
    defaults = DecisionPolicy(systemic_sell_threshold=5)
    assert load(tmp_path).policy(defaults) == defaults


def test_settings_base_weights_are_read_from_json_in_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, MAESTRO_ORCHESTRATOR__ALLOCATION__BASE_WEIGHTS='{"trend": 0.5}')
    assert dict(settings.policy().allocation.base_weights) == {"trend": 0.5}


@pytest.mark.parametrize(
    ("text", "variables", "words"),
    [
        ("tenantid: x", {}, ["tenantid", "did you mean tenant_id?"]),
        ("alpaca: {papr: false}", {}, ["alpaca.papr", "did you mean alpaca.paper?"]),
        ("", {"MAESTRO_ALPACA__PAPR": "false"}, ["alpaca.papr", "did you mean alpaca.paper?"]),
        ("", {"MAESTRO_STOER": "sqlite"}, ["MAESTRO_STOER", "did you mean MAESTRO_STORE?"]),
        ("", {"MAESTRO_STORE__PATH": "x"}, ["MAESTRO_STORE__PATH", "unknown"]),
        ("alpaca: {paper: maybe}", {}, ["alpaca.paper", "expected", "'maybe'", "MAESTRO_ALPACA__PAPER"]),
        ("store: mongo", {}, ["store", "'sqlite' or 'firestore'", "'mongo'"]),
        ("history_days: 1", {}, ["history_days", "greater than or equal to 2", "1"]),
        ("symbols: []", {}, ["symbols", "at least 1"]),
        ("tenant_id: a/b", {}, ["tenant_id", "pattern", "'a/b'"]),
        ("strategies: {time_limit_seconds: 0}", {}, ["strategies.time_limit_seconds", "greater than 0"]),
        ("- a list", {}, ["expected words as keys", "list"]),
        ("a: [1,\nb: 2", {}, ["expected YAML", "line"]),
        ("orchestrator: {risk: {gross_limit: 9}}", {}, ["maestro.yaml:1: ", "risk.gross_limit", "equal to 4", "9"]),
        ("orchestrator: {scoring: {sharpe_threshold_shadow: 2}}", {}, ["shadow=2", "reduce=1"]),
        ("uid: a\nuid: b", {}, ["maestro.yaml:2: uid: expected it once", "on line 1"]),
        (
            "orchestrator:\n  risk:\n    max_drawdown: 2",
            {},
            ["maestro.yaml:3: orchestrator.risk.max_portfolio_drawdown", "less than or equal to 1", "found 2"],
        ),
        (
            "orchestrator:\n  allocation:\n\n    max_alocation: 1",
            {},
            ["maestro.yaml:4: ", "did you mean orchestrator.allocation.max_allocation?"],
        ),
        (
            "orchestrator:\n  strategies:\n    - {type: RSIStrategy, name: a}\n    - {type: RSIStrategy}",
            {},
            ["maestro.yaml:4: orchestrator.strategies.1.name: expected a value, found none"],
        ),
        ("", {"MAESTRO_ORCHESTRATOR__ALLOCATION__BASE_WEIGHTS": "{"}, ["BASE_WEIGHTS", "expected JSON"]),
    ],
)
def test_settings_refuse_with_key_expected_and_found(
    tmp_path: Path, text: str, variables: dict[str, str], words: list[str]
) -> None:
    message = refusal(tmp_path, text, **variables)
    for word in words:
        assert word in message


def test_settings_of_retention_take_null_for_ever(tmp_path: Path) -> None:
    assert load(tmp_path).retention.retention() == Retention()
    (tmp_path / "maestro.yaml").write_text("retention: {ticks_days: null, alerts_days: 7}\n")
    given = load(tmp_path, MAESTRO_RETENTION__LOGS_DAYS="null").retention.retention()
    assert given == Retention(ticks_days=None, logs_days=None, alerts_days=7)
    assert "expected greater than or equal to 32" in refusal(tmp_path, "", MAESTRO_RETENTION__TICKS_DAYS="31")


def test_settings_secrets_are_in_no_representation(tmp_path: Path) -> None:
    settings = load(tmp_path, APCA_API_KEY_ID="PK-hush", MAESTRO_ALPACA__SECRET="S-hush")
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.alpaca)):
        assert "hush" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "alpaca: {secret: [hush]}",
        "alpaca: hush",
        "alpaca: {secrt: hush}",
        "alpaca: {secret: hush, paper: perhaps}",
        "alpaca: {url: [hush]}",
        "alpaca: {secret: 'hush",
    ],
)
def test_settings_secrets_are_in_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "maestro.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, tmp_path)
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__
