"""Files are read with the line of every value, and what cannot be read is named without its text."""

import stat
from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from maestro.migration.reading import MOST_BYTES, read_environment, read_files, read_yaml
from maestro.migration.secret import is_secret, variable_of
from maestro.migration.source import written


def found(text: str) -> dict[str, tuple[int, object]]:
    """Each leaf's path with its line and value."""
    file = read_yaml(text, "bot.yaml")
    return {written(each.path): (each.node.place.line, getattr(each.node, "value", None)) for each in file.leaves()}


def test_read_yaml_keeps_the_line_of_every_value() -> None:
    text = "a: 1\nb:\n  - x\n  - {c: true,\n     d: 2%}\n'e.f': []\n"
    assert found(text) == {
        "a": (1, 1),
        "b[0]": (3, "x"),
        "b[1].c": (4, True),
        "b[1].d": (5, "2%"),
        '"e.f"': (6, None),
    }


def test_read_yaml_merges_as_yaml_does_and_keeps_the_anchors_line() -> None:
    text = "base: &base {x: 1, y: 2}\nown:\n  <<: *base\n  y: 3\nlist:\n  <<: [*base, {z: 4, x: 9}]\n"
    assert found(text) == {
        "base.x": (1, 1),
        "base.y": (1, 2),
        "own.x": (1, 1),
        "own.y": (4, 3),
        "list.x": (1, 1),
        "list.y": (1, 2),
        "list.z": (6, 4),
    }


def test_read_yaml_keeps_both_of_two_equal_keys_and_says_which_counts() -> None:
    file = read_yaml("a: {k: 1, k: 2}\n", "bot.yaml")
    assert [(written(each.path), each.is_overridden) for each in file.leaves()] == [("a.k", True), ("a.k", False)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n", "{}\n"])
def test_read_yaml_of_nothing_has_no_values(text: str) -> None:
    assert list(read_yaml(text, "bot.yaml").leaves()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\n", "bot.yaml:2: expected a configuration in YAML, found text that does not parse"),
        ("a: 1\n---\nb: 2\n", "does not parse"),
        ("- a\n", "bot.yaml:1: expected a configuration in YAML that is a mapping"),
        ("just words\n", "that is a mapping"),
        ("a: &a [*a]\n", "an alias that contains itself"),
        ("a: &a {b: *a}\n", "an alias that contains itself"),
        ("[" * 5000, "nested too deeply"),
        ("a: 1\n<<: 7\n", "expected a mapping after <<"),
    ],
)
def test_read_yaml_that_is_no_configuration_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"bot\.yaml") as raised:
        read_yaml(text, "bot.yaml")
    assert said in str(raised.value)


def test_read_yaml_of_a_billion_laughs_is_refused() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(ConfigurationError, match="expected at most"):
        read_yaml("\n".join(lines), "bot.yaml")


def test_read_yaml_names_no_text_of_a_file_that_does_not_parse() -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_yaml("api_key: hunter2: x\n", "bot.yaml")
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_read_environment_takes_variables_and_skips_the_rest() -> None:
    file = read_environment("# A=0\nA=1\nexport B='two'\n\nnonsense\nC=\n", ".env")
    assert [(key, node.place.line) for key, node in file.root.entries] == [("A", 2), ("B", 3), ("C", 6)]


def test_read_files_refuses_what_is_missing_too_large_or_not_text(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    binary.write_bytes(b"a: \xff\xfe\n")
    for path, said in ((large, "at most"), (binary, "text in UTF-8"), (tmp_path / "none.yaml", "a readable file")):
        with pytest.raises(ConfigurationError, match=said):
            read_files([path], root=tmp_path)
    assert stat.S_ISREG(large.stat().st_mode)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("exchanges", "x", "api_key"), "short"),
        (("exchanges", "x", "apiSecret"), ""),
        (("telegram", "bot_token"), "1"),
        (("accounts", "x", "passphrase"), "a"),
        (("database", "url"), "postgresql://bot:pw@localhost/bot"),
        (("anything",), "PKTESTABCDEFGHIJ1234"),
    ],
)
def test_secret_is_known_by_its_keys_or_its_looks(keys: tuple[str, ...], text: str) -> None:
    assert is_secret(keys, text)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("strategies", "x", "parameters", "period"), "14"),
        (("symbols",), "AAPL"),
        (("type",), "MovingAverageStrategy"),
        (("url",), "https://paper-api.alpaca.markets"),
        (("author",), "me"),
        (("name",), "mean_reversion_20_day_strategy_v2"),
    ],
)
def test_value_that_is_no_secret_is_not_taken_for_one(keys: tuple[str, ...], text: str) -> None:
    assert not is_secret(keys, text)


def test_variable_that_a_value_refers_to_is_found() -> None:
    assert [variable_of(text) for text in ("${A_KEY}", "$A_KEY", "${A_KEY:-x}", "A_KEY", "")] == [
        "A_KEY",
        "A_KEY",
        "A_KEY",
        None,
        None,
    ]
