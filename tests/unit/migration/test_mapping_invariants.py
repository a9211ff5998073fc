"""Whatever a file holds: each of its values has exactly one entry, what is written reads back, and no secret leaks."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.errors import ConfigurationError
from maestro.migration.mapping import Choices, migrated
from maestro.migration.reading import read_environment, read_yaml
from maestro.migration.setting import Settings, plain, yaml_text
from maestro.migration.source import written

WORDS = """
    strategies exchanges accounts risk risk_management environment orchestrator allocation monitoring alpaca enabled
    type name parameters params symbols timeframe max_positions short_period long_period period oversold overbought
    max_position_size max_drawdown stop_loss_percentage stop_loss default_percentage max_open_positions max_leverage
    sandbox api_key moving_average rsi MyCustom module weight crypto_exchanges method base_url logging notifications
    alert_thresholds emergency_stop_conditions
"""
KEYS = st.sampled_from(sorted(WORDS.split()))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.sampled_from(
        ["2%", "5 %", "alpaca", "RSIStrategy", "own.rules.Mine", "AAPL", "ON", "1d", "4h", "${ALPACA_KEY}"]
    )
)
TREES = st.dictionaries(
    KEYS | st.text(max_size=8),
    st.recursive(
        SCALARS,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), below, max_size=5),
        max_leaves=25,
    ),
    max_size=6,
)


def leaf_paths(tree: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the paths of a tree's leaves, written without the code under test."""
    if isinstance(tree, dict) and tree:
        return [leaf for key, below in tree.items() for leaf in leaf_paths(below, (*path, str(key)))]
    if isinstance(tree, list) and tree:
        return [leaf for number, below in enumerate(tree) for leaf in leaf_paths(below, (*path, number))]
    return [path] if path else []


@given(trees=st.lists(TREES, min_size=1, max_size=3))
@settings(deadline=None, max_examples=150)
def test_report_has_each_leaf_of_the_files_exactly_once(trees: list[dict[str, Any]]) -> None:
    texts = [yaml.safe_dump(tree) for tree in trees]
    files = [read_yaml(text, f"bot{number}.yaml") for number, text in enumerate(texts)]
    report = migrated(files, Choices()).report
    found = Counter((each.place.file, each.path) for each in report.entries)
    expected = Counter((f"bot{n}.yaml", written(path)) for n, tree in enumerate(trees) for path in leaf_paths(tree))
    assert found == expected
    assert sum(report.counts().values()) == sum(expected.values())


@given(tree=TREES)
@settings(deadline=None, max_examples=150)
def test_generated_file_reads_back_as_the_settings_and_is_the_same_every_time(tree: dict[str, Any]) -> None:
    file = read_yaml(yaml.safe_dump(tree), "bot.yaml")
    first, again = (migrated([file], Choices(allocation_method=AllocationMethod.RISK_PARITY)) for _ in range(2))
    assert first.text() == again.text()
    assert repr(yaml.safe_load(first.text())) == repr(plain(first.settings))  # as text, since NaN is unlike itself


@given(text=st.text(max_size=200) | st.text(alphabet="{}[]&*!|>%@`:-#\"'\n ab<", max_size=60))
@settings(deadline=None, max_examples=400)
def test_arbitrary_text_is_mapped_or_refused_with_its_file(text: str) -> None:
    try:
        file = read_yaml(text, "bot.yaml")
    except ConfigurationError as e:
        assert str(e).startswith("bot.yaml")  # noqa: PT017
        return
    migrated([file], Choices()).text()


@given(content=st.binary(max_size=120))
@settings(deadline=None, max_examples=100)
def test_arbitrary_variables_are_kept_and_never_shown(content: bytes) -> None:
    file = read_environment(content.decode("utf-8", "replace"), ".env")
    migration = migrated([file], Choices())
    assert len(migration.report.entries) == len(file.root.entries)
    assert all(not each.value for each in migration.report.entries)


SECRET_KEYS = st.sampled_from(
    ["api_key", "apiSecret", "password", "bot_token", "webhook_url", "private_key", "Passphrase"]
)
ABOVE = st.lists(KEYS, min_size=1, max_size=3)
MARKER = "zQ7vX"


@given(above=ABOVE, key=SECRET_KEYS, secret=st.text(alphabet="abc019-_/+", max_size=30), is_list=st.booleans())
@settings(deadline=None, max_examples=300)
def test_secret_is_neither_shown_nor_copied(above: list[str], key: str, secret: str, is_list: bool) -> None:
    hidden = f"{MARKER}{secret}"
    tree: Any = {key: [hidden, {"deeper": hidden}] if is_list else hidden}
    for each in reversed(above):
        tree = {each: tree}
    migration = migrated([read_yaml(yaml.safe_dump(tree), "bot.yaml")], Choices())
    said = json.dumps([asdict(each) for each in migration.report.entries], default=str)
    assert MARKER not in said + str(migration.report.cautions) + migration.text()


@given(
    values=st.dictionaries(st.text(max_size=10), SCALARS | st.lists(SCALARS, max_size=3), max_size=5),
    note=st.text(max_size=20),
)
@settings(deadline=None, max_examples=300)
def test_setting_with_any_note_reads_back(values: dict[str, Any], note: str) -> None:
    found = Settings()
    for key, value in values.items():
        found.put(["block", key], value, note)
    read = yaml.safe_load(yaml_text(found, heading=[note], ending=[note]))
    assert repr(read or {}) == repr(plain(found))
