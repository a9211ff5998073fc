"""Broker credentials: what they show of themselves, and what they refuse."""

import copy
import json
import pickle
from dataclasses import asdict
from typing import Any

import pytest
import structlog

from backend.domain.access import BrokerAccess, Secret
from backend.domain.canonical import canonical_json
from backend.domain.errors import ConfigurationError

pytest_plugins = ["pytester"]

HUSH = "hush-9fK2mQ7xL4"
ACCESS = BrokerAccess(key="PKAAAABBBBCCCCDDDD01", secret=Secret(HUSH), paper=True)


def test_access_shows_no_secret_however_it_is_printed() -> None:
    said = f"{ACCESS} {ACCESS!r} {ACCESS.secret} {ACCESS.secret!r} {asdict(ACCESS)} {[ACCESS]}"
    assert "Secret(…)" in said
    assert HUSH not in said


def test_access_is_compared_by_its_secret() -> None:
    other = BrokerAccess(key=ACCESS.key, secret=Secret(f"{HUSH}!"), paper=True)
    assert other != ACCESS
    assert BrokerAccess(key=ACCESS.key, secret=Secret(HUSH), paper=True) == ACCESS
    assert len({ACCESS, other, copy.deepcopy(ACCESS)}) == 2
    assert Secret(HUSH) != HUSH


def test_access_in_a_log_line_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    processors: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    log = structlog.wrap_logger(structlog.PrintLogger(), processors=processors)
    try:
        raise ConfigurationError(f"with {ACCESS}")
    except ConfigurationError:
        log.error("failed", access=ACCESS, fields=asdict(ACCESS), exc_info=True)
    said = capsys.readouterr().out
    assert "PKAAAABBBBCCCCDDDD01" in said
    assert HUSH not in said


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps])
def test_access_cannot_be_written_down_by_accident(write: Any) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the writer makes of it
        write(ACCESS)
    assert HUSH not in str(caught.value)
    assert canonical_json(ACCESS) == '{"$o":"<backend.domain.access.BrokerAccess>"}'


def test_access_that_differs_in_a_test_shows_no_secret(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        from backend.domain.access import BrokerAccess, Secret

        def test_equal():
            left = BrokerAccess(key="K", secret=Secret("{HUSH[:6]}" + "{HUSH[6:]}"), paper=True)
            assert left == BrokerAccess(key="K", secret=Secret("other" + "wise"), paper=True)
        """
    )
    result = pytester.runpytest_inprocess("-vv", "-l", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    said = result.stdout.str()
    assert "secret" in said
    assert HUSH not in said
    assert "otherwise" not in said


@pytest.mark.parametrize("text", ["", "line\n", " padded", "two words", "tab\t", "größe", "\x7f"])
@pytest.mark.parametrize("field", ["key", "secret"])
def test_access_refuses_what_no_header_can_carry_without_saying_it(field: str, text: str) -> None:
    given = {"key": "K", "secret": HUSH, field: text}
    with pytest.raises(ConfigurationError, match="broker credentials: expected a") as caught:
        BrokerAccess(key=given["key"], secret=Secret(given["secret"]), paper=True)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "shown"), [("PKAAAABBBBCCCCDDDD01", "PK…DD01"), ("PKAAAABBBBCCCCDDD1", "PK…DDD1"), ("short-key", "sh…")]
)
def test_access_masks_its_key(key: str, shown: str) -> None:
    assert BrokerAccess(key=key, secret=Secret(HUSH), paper=True).masked_key == shown
