"""Nothing that is not a sound signal passes the door."""

import math
from collections import UserDict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import SignalError
from backend.domain.signal import Action, Signal, StrategySignal, Symbol, read_signal

BUY: dict[str, Any] = {
    "action": "BUY",
    "ticker": "AAPL",
    "allocation": 0.25,
    "confidence": 0.8,
    "reasoning": "above the average",
}


@dataclass
class SignalObject:
    action: str = "BUY"
    ticker: str | None = "AAPL"
    allocation: float = 0.25
    confidence: float = 0.8
    reasoning: str = "above the average"


class AttributeSignal:
    action = "BUY"
    ticker = "AAPL"
    allocation = 5.0


class TupleSignal(NamedTuple):
    action: str = "BUY"
    ticker: str = "AAPL"
    allocation: float = 5.0


def read(**changes: object) -> StrategySignal:
    return read_signal({**BUY, **changes}, strategy="trend")


EXPECTED = StrategySignal(
    action=Action.BUY,
    ticker=Symbol("AAPL"),
    allocation=0.25,
    confidence=0.8,
    reasoning="above the average",
)


@pytest.mark.parametrize(
    "raw",
    [BUY, MappingProxyType(BUY), UserDict(BUY), Signal(**BUY), SignalObject()],  # type: ignore[typeddict-item]
    ids=["dict", "proxy", "userdict", "typeddict", "dataclass"],
)
def test_signal_is_read_from_mapping_or_dataclass(raw: object) -> None:
    assert read_signal(raw, strategy="trend") == EXPECTED


@pytest.mark.parametrize(
    "raw",
    [
        AttributeSignal(),
        AttributeSignal,
        SignalObject,
        TupleSignal(),
        SimpleNamespace(**BUY),
        None,
        [BUY],
        list(BUY.items()),
        "BUY",
        object(),
    ],
    ids=["object", "class", "dataclass-type", "tuple", "namespace", "none", "list", "pairs", "text", "bare"],
)
def test_signal_object_does_not_slip_past(raw: object) -> None:
    # Known fault: what was no dict went on untouched by weights, override and identity.
    with pytest.raises(SignalError, match=r"trend: expected a signal .*return a dict"):
        read_signal(raw, strategy="trend")


def test_signal_dataclass_is_checked_like_a_dict() -> None:
    with pytest.raises(SignalError, match=r"trend: expected allocation to be a number between 0 and 1, found 5\.0"):
        read_signal(SignalObject(allocation=5.0), strategy="trend")


@pytest.mark.parametrize("action", ["buy", "Buy", "SHORT", "", " BUY", None, 1, b"BUY", ["BUY"], {}])
def test_signal_with_an_unknown_action_is_refused(action: object) -> None:
    with pytest.raises(SignalError, match="trend: expected action to be one of BUY, SELL, HOLD, CLOSE_ALL, found"):
        read(action=action)


@pytest.mark.parametrize("key", ["allocation", "confidence"])
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, -0.01, 1.01, math.nextafter(1, 2), 50, "0.5", None, True, [0.5], Decimal("NaN")],
    ids=repr,
)
def test_signal_with_a_fraction_out_of_range_is_refused(key: str, value: object) -> None:
    with pytest.raises(SignalError, match=f"trend: expected {key} to be a number between 0 and 1, found"):
        read(**{key: value})


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0.0), (1, 1.0), (0.0, 0.0), (1.0, 1.0), (Decimal("0.1"), 0.1), (np.float64(0.1), 0.1), (5e-324, 5e-324)],
    ids=repr,
)
def test_signal_fraction_at_its_bounds_is_taken(value: object, expected: float) -> None:
    signal = read(allocation=value, confidence=value)
    assert (signal.allocation, signal.confidence) == (expected, expected)
    assert type(signal.allocation) is float


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_signal_that_trades_needs_a_ticker(action: str) -> None:
    with pytest.raises(SignalError, match=f"trend: {action} needs a ticker, found none"):
        read(action=action, ticker=None)


@pytest.mark.parametrize("ticker", ["", "  ", 7, ["AAPL"], b"AAPL"])
@pytest.mark.parametrize("action", ["BUY", "HOLD"])
def test_signal_with_a_ticker_that_is_none_is_refused(action: str, ticker: object) -> None:
    with pytest.raises(SignalError, match="trend: expected ticker to be a non-empty string, found"):
        read(action=action, ticker=ticker)


def test_signal_ticker_loses_the_space_around_it() -> None:
    assert read(ticker=" BRK.B ").ticker == "BRK.B"


def test_signal_to_buy_must_say_how_much() -> None:
    raw = {key: value for key, value in BUY.items() if key != "allocation"}
    with pytest.raises(SignalError, match="trend: BUY needs an allocation between 0 and 1, found none"):
        read_signal(raw, strategy="trend")


@pytest.mark.parametrize("action", ["HOLD", "CLOSE_ALL"])
def test_signal_that_enters_nothing_needs_only_its_action(action: str) -> None:
    signal = read_signal({"action": action}, strategy="trend")
    assert signal == StrategySignal(action=Action(action), ticker=None, allocation=0.0, confidence=1.0, reasoning="")


@pytest.mark.parametrize("expires_at", [datetime(2025, 1, 2), "2025-01-02T00:00:00Z", 1735776000])  # noqa: DTZ001
def test_signal_expiry_must_be_an_aware_instant(expires_at: object) -> None:
    with pytest.raises(SignalError, match="trend: expected expires_at to be an aware datetime"):
        read(expires_at=expires_at)


def test_signal_keeps_expiry_and_metadata() -> None:
    expires_at = datetime(2025, 1, 2, tzinfo=UTC)
    signal = read(expires_at=expires_at, metadata={"fast": 20})
    assert signal.expires_at == expires_at
    assert signal.metadata == {"fast": 20}


def test_signal_metadata_must_be_a_mapping() -> None:
    with pytest.raises(SignalError, match="trend: expected metadata to be a mapping, found list"):
        read(metadata=["fast", 20])


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["action", "ticker", "allocation", "confidence", "reasoning", "metadata", "expires_at"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.floats(),
            st.integers(-(10**9), 10**9),
            st.text("AB \n", max_size=3),
            st.sampled_from(["BUY", "SELL", "HOLD", "CLOSE_ALL"]),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_signal_is_sound_or_an_error(raw: dict[str, object]) -> None:
    try:
        signal = read_signal(raw, strategy="trend")
    except SignalError:
        return
    assert 0.0 <= signal.allocation <= 1.0
    assert 0.0 <= signal.confidence <= 1.0
    assert signal.ticker or signal.action in (Action.HOLD, Action.CLOSE_ALL)
