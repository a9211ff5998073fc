"""The content of a signal is the same however it travelled, and another one for every difference that counts."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from backend.domain.content import content_hash, is_same
from backend.domain.errors import SignalError

AT = datetime(2026, 1, 30, 21, 6, tzinfo=UTC)
SIGNAL: dict[str, Any] = {
    "action": "BUY",
    "allocation": 1.0,
    "sharpe_ratio": None,
    "shadow_mode": True,
    "metadata": {"levels": (1, 2.5), "of": {"fast": 10.0}, "seen_at": AT, 3: "three"},
    "expires_at": AT,
}


class Colour(Enum):
    RED = "red"


class StoredInstant(datetime):
    """As document stores return them: a datetime of their own class."""


def test_content_hash_is_of_sorted_compact_json_with_whole_numbers_as_integers() -> None:
    text = '{"action":"BUY","allocation":1,"at":"2026-01-30T21:06:00+00:00","levels":[1,2.5]}'
    signal = {"levels": (1.0, 2.5), "at": AT, "allocation": 1.0, "action": "BUY"}
    assert content_hash(signal) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("written", [datetime.isoformat, str])
def test_content_hash_survives_json(written: Any) -> None:
    assert content_hash(json.loads(json.dumps(SIGNAL, default=written))) == content_hash(SIGNAL)


@pytest.mark.parametrize(
    "expires_at",
    [
        "2026-01-30T21:06:00Z",
        "2026-01-30T16:06:00-05:00",
        AT.astimezone(timezone(timedelta(hours=9))),
        StoredInstant(2026, 1, 30, 21, 6, tzinfo=UTC),
    ],
)
def test_content_hash_of_an_instant_is_that_of_its_text_in_any_zone(expires_at: object) -> None:
    assert content_hash({**SIGNAL, "expires_at": expires_at}) == content_hash(SIGNAL)


def test_content_hash_survives_the_order_of_keys_and_the_kind_of_number() -> None:
    turned = dict(reversed(SIGNAL.items())) | {"allocation": 1}
    assert content_hash(turned) == content_hash(SIGNAL)


@pytest.mark.parametrize(
    ("value", "in_json"),
    [
        (Colour.RED, "red"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 30), "2026-01-30"),
        (np.float64(2.5), 2.5),
        (np.int64(2), 2),
        (np.array([1.0, 2.0]), [1, 2]),
    ],
)
def test_content_hash_takes_a_value_as_json_usually_has_it(value: object, in_json: object) -> None:
    assert content_hash({"metadata": {"it": value}}) == content_hash({"metadata": {"it": in_json}})


@pytest.mark.parametrize(
    "other",
    [
        {"allocation": 0.9999999999999999},
        {"shadow_mode": 1},
        {"sharpe_ratio": 0.0},
        {"action": "buy"},
        {"metadata": {**SIGNAL["metadata"], "levels": (2.5, 1)}},
        {"metadata": {**SIGNAL["metadata"], "of": {"fast": 10.0, "slow": None}}},
        {"metadata": {}},
        {"metadata": None},
        {"expires_at": AT + timedelta(microseconds=1)},
        {"expires_at": AT.replace(tzinfo=None)},
        {"more": None},
    ],
)
def test_content_hash_differs_when_anything_does(other: dict[str, Any]) -> None:
    assert content_hash({**SIGNAL, **other}) != content_hash(SIGNAL)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(40), [10**5000]])
def test_content_hash_refuses_what_no_text_stands_for(value: object) -> None:
    with pytest.raises(SignalError, match="expected"):
        content_hash({"metadata": value})


def test_instant_of_a_store_is_the_one_in_the_log() -> None:
    assert is_same({"seen_at": StoredInstant(2026, 1, 30, 21, 6, tzinfo=UTC)}, {"seen_at": AT})


def test_foreign_object_is_compared_by_the_kind_that_the_log_keeps() -> None:
    logged = {"it": f"<{Colour.__module__}.Colour>"}  # what canonical JSON makes of an object that is not the domain's
    assert is_same({"it": Colour.RED}, logged)
    assert not is_same({"it": "red"}, logged)
