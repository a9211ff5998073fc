"""A switch changes its own word and no other character."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import ConfigurationError
from maestro.migration.reading import read_yaml
from maestro.migration.switching import switched

BOT = """\
# the bot
strategies:
  ma:   # keep me
    enabled:   yes   # on since May
    parameters: {short: 10}

  rsi:
    parameters:
      period: 14    # odd  spacing
  short: {type: RSIStrategy, symbols: [A, 'B']}
"""


def turned(text: str, **switches: bool) -> str:
    return switched(read_yaml(text, "bot.yaml"), switches)


def test_switch_writes_over_one_word() -> None:
    assert turned(BOT, ma=False) == BOT.replace("enabled:   yes", "enabled:   false")


def test_switch_that_is_missing_becomes_a_line_of_its_own() -> None:
    assert turned(BOT, rsi=False) == BOT.replace("  rsi:\n", "  rsi:\n    enabled: false\n")
    assert turned(BOT, short=False) == BOT.replace("{type", "{enabled: false, type")


def test_switches_of_several_strategies_are_written_at_once() -> None:
    read = yaml.safe_load(turned(BOT, ma=False, rsi=False, short=True))["strategies"]
    assert {name: each["enabled"] for name, each in read.items()} == {"ma": False, "rsi": False, "short": True}


def test_switch_in_a_list_goes_by_name() -> None:
    text = "orchestrator:\n  strategies:\n    - type: A\n      name: one\n      enabled: false\n    - {name: two}\n"
    assert turned(text, one=True) == text.replace("enabled: false", "enabled: true")
    assert turned(text, two=False) == text.replace("{name: two}", "{enabled: false, name: two}")


def test_switch_that_a_merge_key_brings_is_written_beside_it() -> None:
    text = "on: &on {enabled: true}\nstrategies:\n  a:\n    <<: *on\n  b: {<<: *on, type: X}\n"
    read = yaml.safe_load(turned(text, a=False))["strategies"]
    assert (read["a"]["enabled"], read["b"]["enabled"]) == (False, True)


def test_switch_that_an_alias_shares_is_refused() -> None:
    text = "strategies:\n  a: &a {enabled: true}\n  b: *a\n"
    with pytest.raises(ConfigurationError, match="would switch b as well"):
        turned(text, a=False)


def test_switch_of_an_unknown_strategy_names_the_known() -> None:
    with pytest.raises(ConfigurationError, match="expected a strategy nobody, found ma, rsi, short"):
        turned(BOT, nobody=False)


def test_switch_keeps_windows_line_ends() -> None:
    text = BOT.replace("\n", "\r\n")
    assert turned(text, rsi=False) == text.replace("  rsi:\r\n", "  rsi:\r\n    enabled: false\r\n")


NAMES = st.text(alphabet="abcxyz", min_size=1, max_size=4)
STRATEGY = st.fixed_dictionaries(
    {"parameters": st.dictionaries(NAMES, st.integers() | st.text(max_size=5), max_size=3)},
    optional={"enabled": st.booleans(), "type": NAMES},
)


@given(
    tree=st.dictionaries(NAMES, STRATEGY, min_size=1, max_size=4),
    is_flow=st.booleans(),
    is_on=st.booleans(),
    data=st.data(),
)
@settings(deadline=None, max_examples=150)
def test_switch_of_any_strategy_changes_nothing_else(
    tree: dict[str, dict[str, object]], is_flow: bool, is_on: bool, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(tree)))
    text = yaml.safe_dump({"strategies": tree}, default_flow_style=is_flow)
    read = yaml.safe_load(turned(text, **{name: is_on}))
    assert read == {"strategies": {**tree, name: {**tree[name], "enabled": is_on}}}
