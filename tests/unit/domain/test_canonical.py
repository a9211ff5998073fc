"""Values to text and back without loss; equal values give equal bytes; what was not written by us is refused."""

import json
import math
from collections import OrderedDict
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from hashlib import sha256
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain import (
    account,
    alert,
    alert_rules,
    allocation_policy,
    book,
    breaker_limits,
    closing,
    corporate_action,
    crossing,
    decision,
    guard,
    journal,
    lots,
    mode,
    order,
    paper,
    policy,
    risk_limits,
    sighting,
    signal,
    sleeve,
    strategy_definition,
    track_record,
    trading_state,
    weights,
)
from backend.domain.account import Asset
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy, RebalanceFrequency
from backend.domain.book import PortfolioBook
from backend.domain.breaker_limits import EmergencyStop
from backend.domain.canonical import canonical_json, digest, read_canonical_json
from backend.domain.decide import decide
from backend.domain.errors import StoreCorrupt
from backend.domain.guard import Breaker
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ThresholdPolicy, UnscoredMode
from backend.domain.order import OrderKind, OrderStatus, Side
from backend.domain.paper import PaperAccount, Step
from backend.domain.policy import DecisionPolicy, ModePolicyName, OnDemotion
from backend.domain.signal import Action, StrategyId
from backend.domain.track_record import DailyReturn, TrackRecord
from backend.domain.trading_state import Restriction, Trading, TradingState, WorkingOrder
from tests.unit.domain.closing_days import FRIDAY, THURSDAY, at, closed, entered, filled, on_paper, opened, session
from tests.unit.domain.decision_inputs import (
    AAPL,
    HOLD,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    open_order,
    record_of,
    sell,
)
from tests.unit.domain.decision_inputs import (
    sleeve as sleeve_of,
)
from tests.unit.domain.ledger_inputs import APPLE_DIVIDEND, APPLE_SPLIT, fill
from tests.unit.domain.sightings import account as account_watched
from tests.unit.domain.sightings import at_prices, look

MODULES: tuple[ModuleType, ...] = (
    account, alert, alert_rules, allocation_policy, book, breaker_limits, closing, corporate_action, crossing, decision,
    guard, journal, lots, mode, order, paper, policy, risk_limits, sighting, signal, sleeve, strategy_definition,
    track_record, trading_state, weights,
)  # fmt: skip
NEW_YORK = timezone(timedelta(hours=-5), "EST")


def whole_inputs() -> decision.DecisionInputs:
    books = {
        StrategyId("s"): book_of(Mode.SHADOW_MODE, sleeve_of(AAPL=("10", "90")), sleeve_of(MSFT=("3", "45.5"))),
        StrategyId("a"): book_of(None, sleeve_of(AAPL=("10", "90"))),
    }
    waiting = open_order("a", MSFT)
    return inputs_of(
        {
            "s": buy(MSFT, metadata={"window": [1, 2]}, expires_at=NOW + timedelta(1)),
            "a": sell(),
            "n": buy(),
            "h": HOLD,
        },
        record=record_of(s=LOSING, a=[0.01, 0.02]),
        policy=DecisionPolicy(allocation=AllocationPolicy(base_weights={"s": 0.5}), disabled=frozenset({"z", "y"})),
        failures={StrategyId("broken"): "raised"},
        book=PortfolioBook(
            strategies=books,
            open_orders={waiting.intent.client_order_id: waiting},
            paper={StrategyId("a"): {Step.NEUTRAL: PaperAccount(cash=Decimal(-9), quantities={AAPL: Decimal(1)})}},
            entries=3,
            actions_through=date(2026, 1, 30),
            charged={"fee-1": date(2026, 1, 29)},
        ),
        reserved=Decimal("1000.00"),
        working={MSFT: frozenset({Side.BUY, Side.SELL})},
        account=replace(account_of({AAPL: "19"}), observed_at=NOW),
        prices=PRICES,
        assets={AAPL: Asset(symbol=AAPL, is_fractionable=False)},
    )


def crossing_inputs() -> decision.DecisionInputs:
    held = PortfolioBook(strategies={StrategyId("a"): book_of(Mode.ACTIVE, sleeve_of(AAPL=("10", "90")))})
    return inputs_of({"a": sell(), "b": buy(AAPL, 0.01)}, book=held, account=account_of({AAPL: "10"}), prices=PRICES)


def happened() -> list[journal.Event]:
    """One event of each kind."""
    return [
        opened(),
        entered(Mode.SHADOW_MODE),
        filled(fill(AAPL, "10", "100.05", fees="1", slippage="0.50", spared="0.10")),
        journal.VirtuallyFilled(at=at(THURSDAY), strategy=StrategyId("a"), fill=fill(AAPL, "-1", "99.95")),
        on_paper("10", "100"),
        journal.Rebalanced(
            at=at(THURSDAY), rebalance=weights.Rebalance(at=NOW, rule="9f", weights={StrategyId("a"): 0.25})
        ),
        journal.StoppedOut(at=at(THURSDAY), strategy=StrategyId("a"), symbol=AAPL),
        journal.WeightSet(at=at(THURSDAY), strategy=StrategyId("a"), weight=Decimal("0.25")),
        journal.ActionTaken(at=at(THURSDAY, 5), action=APPLE_SPLIT),
        journal.ActionTaken(at=at(THURSDAY, 5), action=APPLE_DIVIDEND),
        journal.FeeCharged(at=at(FRIDAY), strategy=StrategyId("a"), amount=Decimal("0.05"), trade_id="fee-1-a"),
    ]


def closed_day() -> closing.ClosedDay:
    return closed(closing.Closing(), THURSDAY, happened(), {AAPL: Decimal(25)})


def closed_samples() -> list[object]:
    events = happened()
    opening = closing.open_day(closing.Closing(), session(THURSDAY), events, 1)
    account_then = closing.AccountAtClose(equity=Decimal(1), cash=Decimal("0.10"), positions={AAPL: Decimal(7)})
    day = replace(closed_day(), strategies=())  # of which a part is not known, see below
    entry = journal.JournalEntry(number=7, committed_at=NOW, run_id="main-1", events=tuple(events))
    interest = crossing.Interest(strategy=StrategyId("a"), symbol=AAPL)
    return [*events, entry, opening, account_then, day, day.closing, interest]


def watched_samples() -> list[object]:
    """A look that trips one breaker and leaves a price in doubt."""
    shown = look(prices=at_prices(KO="600"), closes=at_prices(KO="60"), missing_orders=frozenset({"mae-1"}))
    seen = account_watched(daily_loss_limit=1.0).shows_all([look(), look(5, "84000"), replace(shown, at=at(FRIDAY))])
    return [shown, *seen, *seen[1].trips]


def samples() -> list[object]:
    inputs = whole_inputs()
    made = decide(inputs)
    waiting = open_order("a")
    answer = order.BrokerOrder(
        client_order_id=waiting.intent.client_order_id, broker_order_id="v", status=OrderStatus.FILLED, updated_at=NOW
    )
    return [
        inputs,
        made,
        answer,
        Fill(symbol=AAPL, side=Side.BUY, quantity=Decimal("1.50"), price=Decimal("1E+2")),
        DailyReturn(strategy=StrategyId("a"), day=date(2026, 1, 2), value=-0.01, is_virtual=True),
        Trading(
            epoch=2,
            restrictions={"operator": Restriction(state=TradingState.REDUCING, reason="r", by="ann", since=NOW)},
            liquidation={"main": frozenset({StrategyId("a")})},
            working={order.ClientOrderId("mae-1"): WorkingOrder(symbol=AAPL, side=Side.BUY, reserved=Decimal("0.10"))},
            sleeves={"main": {AAPL: Decimal(3)}},
            external={MSFT: Decimal("-0.5")},
        ),
        *decide(crossing_inputs()).crosses,
        *closed_samples(),
        *watched_samples(),
        decision.Denial(strategy=StrategyId("a"), symbol=None, reason="too small"),
        alert.Alert(tenant_id="t", kind="k", severity=alert.Severity.ERROR, message="m", at=NOW),
        *alert.Severity,
        decision.Stop(strategy=StrategyId("a"), symbol=AAPL, reason="fell"),
        strategy_definition.StrategyDefinition(name=StrategyId("a"), kind="Trend", parameters={"days": (1, 2)}),
        ThresholdPolicy(unscored=UnscoredMode.PROBATION),
        *made.strategies, *made.intents, *made.virtual_fills, *made.mode_changes,
        *Mode, *UnscoredMode, *Side, *OrderKind, *OrderStatus, *AllocationMethod, *Action, *TradingState,
        *RebalanceFrequency, *EmergencyStop, *Step, *OnDemotion, *ModePolicyName, *Breaker,
        *corporate_action.ActionKind,
    ]  # fmt: skip


def domain_classes() -> set[str]:
    return {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and (is_dataclass(value) or issubclass(value, Enum))
    }


def test_canonical_text_of_every_domain_class_is_read_back() -> None:
    texts = [canonical_json(value) for value in samples()]
    assert {name for name in domain_classes() if not any(f'"{name}"' in text for text in texts)} == set()
    assert [canonical_json(read_canonical_json(text)) for text in texts] == texts


@pytest.mark.parametrize("index", range(len(samples())))
def test_canonical_value_that_is_read_back_is_equal(index: int) -> None:
    value = samples()[index]
    if isinstance(value, decision.DecisionInputs):  # matrices and lists are compared below
        value = replace(value, record=track_record.EMPTY_TRACK_RECORD, signals={})
        back = read_canonical_json(canonical_json(value))
        assert replace(back, record=track_record.EMPTY_TRACK_RECORD) == value
    elif isinstance(value, decision.Decision | decision.StrategyDecision):
        assert canonical_json(read_canonical_json(canonical_json(value))) == canonical_json(value)
    else:
        assert read_canonical_json(canonical_json(value)) == value
    assert type(read_canonical_json(canonical_json(value))) is type(value)


def test_canonical_closed_day_is_read_back_whole() -> None:
    assert read_canonical_json(canonical_json(closed_day())) == closed_day()


def test_canonical_track_record_keeps_its_matrices_bit_for_bit() -> None:
    record = record_of(a=LOSING, b=[0.1, 0.2])
    back: TrackRecord = read_canonical_json(canonical_json(record))
    assert (back.strategies, back.days, back.checked_on) == (record.strategies, record.days, record.checked_on)
    assert back.returns.tobytes() == record.returns.tobytes()
    assert np.isnan(back.returns).sum() == 5
    assert (back.returns.dtype.str, back.is_virtual.dtype.str) == ("<f8", "|b1")


def test_canonical_record_that_is_read_back_can_be_extended() -> None:
    back: TrackRecord = read_canonical_json(canonical_json(record_of(a=LOSING)))
    longer = back.extended([DailyReturn(strategy=StrategyId("a"), day=NOW.date(), value=0.5)])
    assert longer.returns[-1, 0] == 0.5


@pytest.mark.parametrize(
    "text",
    ["0", "-0", "1", "1.0", "1.00", "1E+2", "100", "1E-28", "-0.00", "12345678901234567890.123456789", "Infinity"],
)
def test_canonical_decimal_keeps_its_exponent(text: str) -> None:
    back = read_canonical_json(canonical_json(Decimal(text)))
    assert back.as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    "value",
    [
        NOW,
        NOW.replace(microsecond=1),
        NOW.astimezone(NEW_YORK),
        date(2024, 2, 29),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        b"",
        bytes(range(256)),
        frozenset[str](),
        frozenset({"b", "a"}),
        frozenset({1, 2}),
        frozenset({date(2026, 1, 1), date(2025, 1, 1)}),
        frozenset({Decimal("1.0"), Mode.ACTIVE, "a", 1}),
        0.1,
        -0.0,
        5e-324,
        math.inf,
        -math.inf,
        2**70,
        True,
        None,
        "",
        'a "quoted" \\ text \n \u2028 ß 日本 \x00',
        (),
        (1, (2, ("x", None))),
        {},
        {"a": {"b": {"c": Decimal(1)}}},
        {Mode.ACTIVE: 1, Mode.REDUCED: 2},
        {(1, 2): "pair", (1, 1): "other"},
        {1: "number", "a": "text", None: "nothing"},
        {"$d": "5", "$c": "Lot", "v": ()},
    ],
    ids=repr,
)
def test_canonical_plain_value_is_read_back(value: object) -> None:
    back = read_canonical_json(canonical_json(value))
    assert back == value
    assert repr(back) == repr(value) or isinstance(value, frozenset | dict | datetime)
    if isinstance(value, datetime):
        assert (back.tzinfo is not None, back.utcoffset()) == (True, value.utcoffset())


@pytest.mark.parametrize("value", [math.nan, np.float64("nan"), np.float32("nan"), Decimal("NaN")], ids=repr)
def test_canonical_not_a_number_is_read_back(value: Any) -> None:
    assert math.isnan(read_canonical_json(canonical_json(value)))


@pytest.mark.parametrize(
    "array",
    [
        np.array([], dtype=np.float64),
        np.empty((0, 3)),
        np.array([[1.0, math.nan], [-math.inf, -0.0]]),
        np.arange(12, dtype=np.int32).reshape(3, 4)[:, ::2],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([True, False]),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        np.array(["a", "ßß"]),
        np.array(3.5),
        np.arange(3, dtype=">f8"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_canonical_array_is_read_back(array: np.ndarray[Any, Any]) -> None:
    back = read_canonical_json(canonical_json(array))
    assert (back.shape, back.dtype) == (array.shape, array.dtype)
    assert back.tobytes() == np.ascontiguousarray(array).tobytes()


class Regime(Enum):
    CALM = "calm"


class Level(IntEnum):
    LOW = 1


@dataclass
class Bands:
    upper: float = 1.0


@dataclass
class Lot:  # bears the name of a domain class
    label: str = "mine"


CURIOSITIES: list[object] = [
    Regime.CALM,
    Level.LOW,
    Bands(),
    Lot(),
    Lot,
    object,
    len,
    {1: "one", "two": 2},
    {Regime.CALM: 1, "x": 2},
    {1, "a", None},
    frozenset({1, "a"}),
    [np.float64(1.5), np.int64(3), np.bool_(True), np.str_("x"), np.float64("inf"), np.datetime64("2026-01-01")],
    np.longdouble(1.5),
    np.array([1, "a", None], dtype=object),
    np.array([{"a": 1}], dtype=object),
    timedelta(minutes=5),
    1 + 2j,
    bytearray(b"x"),
    range(3),
    OrderedDict(b=1, a=2),
    MappingProxyType({"a": 1}),
]


@pytest.mark.parametrize("found", CURIOSITIES, ids=lambda found: type(found).__name__)
def test_canonical_takes_whatever_a_strategy_puts_into_its_metadata(found: object) -> None:
    # One strategy's curiosity must neither stop the tick nor make its log unreadable.
    inputs = inputs_of({"a": buy(metadata={"found": found})}, account=account_of(), prices=PRICES)
    back = read_canonical_json(canonical_json(inputs))
    assert decide(back).intents == decide(inputs).intents
    assert "found" in back.signals["a"].metadata


def test_canonical_text_does_not_depend_on_the_order_of_a_mapping_or_set() -> None:
    inputs = whole_inputs()
    turned = replace(
        inputs,
        prices=dict(reversed(list(inputs.prices.items()))),
        book=replace(inputs.book, strategies=dict(reversed(list(inputs.book.strategies.items())))),
        policy=replace(inputs.policy, disabled=frozenset(["y", "z"])),
    )
    assert canonical_json(turned) == canonical_json(inputs)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def turned_round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned_round(item) for key, item in reversed(list(value.items()))}
    return tuple(map(turned_round, value)) if isinstance(value, tuple) else value


@settings(derandomize=True, max_examples=200, deadline=None)
@given(json_like)
def test_canonical_nested_value_is_read_back_whatever_its_order(value: Any) -> None:
    text = canonical_json(value)
    assert read_canonical_json(text) == value
    assert canonical_json(turned_round(value)) == text


def test_canonical_text_is_the_one_that_is_written_down() -> None:
    # The log's hashes rest on these bytes: a change of them needs a migration.
    value = {"b": Decimal("1.50"), "a": (Mode.ACTIVE, 0.1, None, "ß")}
    assert canonical_json(value) == '{"$m":[["a",[{"$e":["Mode","ACTIVE"]},0.1,null,"\\u00df"]],["b",{"$d":"1.50"}]]}'


def test_digest_is_sha256_in_hex() -> None:
    assert digest("maß") == sha256("maß".encode()).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        "NaN,",
        "[" * 100_000,
        '{"a":1}',
        '{"$d":"1","$t":"2"}',
        '{"$z":1}',
        '{"$d":"garbage"}',
        '{"$d":null}',
        '{"$f":"x"}',
        '{"$t":"yesterday"}',
        '{"$t":5}',
        '{"$y":"2026-13-01"}',
        '{"$b":"xyz"}',
        '{"$m":[["a"]]}',
        '{"$m":[[{"$m":[]},1]]}',
        '{"$s":5}',
        '{"$e":[]}',
        '{"$e":["Mode"]}',
        '{"$e":["Mode","FAST"]}',
        '{"$e":["Regime","calm"]}',
        '{"$e":["Lot",1]}',
        '{"$c":"Unknown","v":[]}',
        '{"$c":["Lot"],"v":[]}',
        '{"$c":"Lot"}',
        '{"$c":"Lot","v":[1]}',
        '{"$c":"Mode","v":["ACTIVE"]}',
        '{"$c":"object","v":[]}',
        '{"$c":"TrackRecord","v":[[],[],1,2,null]}',
        '{"$c":"Fill","v":["AAPL",{"$e":["Side","buy"]},{"$d":"-1"},{"$d":"1"},{"$d":"0"},{"$d":"0"},{"$d":"0"}]}',
        '{"$a":[[2],"<f8","AAAA"]}',
        '{"$a":[[2],"nothing","AAAA"]}',
        '{"$a":[[1],"|O","AAAAAAAAAAA="]}',
        '{"$a":[[99999999999999999999],"<f8","AAAAAAAAAAA="]}',
        '{"$a":[]}',
    ],
    ids=lambda text: text[:40],
)
def test_canonical_text_that_is_not_ours_is_corrupt(text: str) -> None:
    with pytest.raises(StoreCorrupt, match=r"expected canonical JSON of a domain value, found .*; restore a backup"):
        read_canonical_json(text)


TAGS = ["$c", "v", "$f", "$e", "$m", "$d", "$t", "$y", "$b", "$s", "$a", "$n", "$o"]
tagged = st.recursive(
    st.none() | st.integers() | st.floats() | st.sampled_from(["Lot", "Mode", "TrackRecord", "<f8", "AAAA", "1", "x"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(TAGS), inner, min_size=1, max_size=2),
    max_leaves=10,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(tagged)
def test_canonical_garbage_is_a_value_or_corrupt(garbage: Any) -> None:
    try:
        back = read_canonical_json(json.dumps(garbage))
    except StoreCorrupt:
        return
    assert canonical_json(back)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.data())
def test_canonical_damaged_text_is_a_value_or_corrupt(data: st.DataObject) -> None:
    text = canonical_json(whole_inputs())
    at = data.draw(st.integers(0, len(text) - 1))
    damage = data.draw(st.sampled_from(["", '"', "0", "null", "]", "$"]))
    damaged = text[:at] + damage + text[at + data.draw(st.integers(0, 12)) :]
    try:
        back = read_canonical_json(damaged)
    except StoreCorrupt:
        return
    assert canonical_json(back)


def test_value_written_before_its_last_fields_were_added_takes_their_defaults() -> None:
    written = json.loads(canonical_json(PortfolioBook(entries=7)))
    shorter = json.dumps({**written, "v": written["v"][:-1]})
    assert read_canonical_json(shorter) == PortfolioBook(entries=7)
    with pytest.raises(StoreCorrupt):
        read_canonical_json(json.dumps({**written, "v": [*written["v"], None]}))
