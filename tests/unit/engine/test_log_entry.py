"""A log entry says the whole decision in the contract's words, is chained by hash and can be derived again."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.audit import entry_hash
from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.identity import client_order_id
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import GENESIS_HASH, Trading
from backend.engine.log_entry import decision_body, log_entry
from tests.unit.domain.decision_inputs import (
    AAPL,
    GOOG,
    KO,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    record_of,
    sell,
    sleeve,
)

KEY = PortfolioKey(tenant_id="acme", portfolio_id="main", uid="anna")
EXPIRY = NOW + timedelta(hours=1)
STAMP = "2026-01-30T21:01:00+00:00"


def eventful_inputs() -> DecisionInputs:
    books = {StrategyId("s"): book_of(Mode.ACTIVE), StrategyId("x"): book_of(Mode.ACTIVE, sleeve(KO=("10", "55")))}
    signals = {
        "b": buy(AAPL, 0.25, metadata={"fast": 10}, expires_at=EXPIRY),
        "g": buy(GOOG, 0.1),
        "s": buy(MSFT),
        "w": buy(MSFT, 0.1),
        "x": sell(KO),
    }
    return inputs_of(
        signals,
        record=record_of(s=LOSING),
        failures={StrategyId("broken"): "evaluate() raised KeyError"},
        book=PortfolioBook(strategies=books),
        account=account_of({KO: "10"}),
        prices=PRICES,
        assets={MSFT: Asset(symbol=MSFT, is_fractionable=False)},
    )


def entry_of(inputs: DecisionInputs, *, previous: str = GENESIS_HASH, summary: str = "quiet") -> LogEntry:
    return log_entry(inputs, decide(inputs), key=KEY, trading=Trading(log_head=previous), summary=summary)


def body_of(inputs: DecisionInputs) -> dict[str, Any]:
    return decision_body(decide(inputs))


def test_log_entry_names_whose_and_when() -> None:
    inputs = eventful_inputs()
    entry = entry_of(inputs)
    assert (entry.log_id, entry.tenant_id, entry.portfolio_id) == ("main-1", "acme", "main")
    assert (entry.timestamp, entry.session_id) == (NOW, decide(inputs).session_id)
    assert (entry.summary, entry.summary_source, entry.previous_hash) == ("quiet", "template", GENESIS_HASH)
    assert (entry.body["portfolio_id"], entry.body["uid"]) == ("main", "anna")


def test_log_entry_decision_can_be_derived_from_its_inputs_again() -> None:
    entry = entry_of(eventful_inputs())
    again: Decision = decide(read_canonical_json(entry.inputs))
    kept = {name: entry.body[name] for name in ("portfolio_id", "uid", "inputs_hash", "sequence", "code_version")}
    body = {**decision_body(again), **kept}
    assert canonical_json(body) == canonical_json(entry.body)
    assert entry_hash(entry.previous_hash, body) == entry.entry_hash


def test_log_entry_hashes_are_sha256_of_what_they_cover() -> None:
    entry = entry_of(eventful_inputs(), previous="a" * 64)
    assert entry.body["inputs_hash"] == sha256(entry.inputs.encode()).hexdigest()
    assert entry.entry_hash == sha256(("a" * 64 + canonical_json(entry.body)).encode()).hexdigest()


def test_log_entry_hash_does_not_cover_the_summary() -> None:
    inputs = eventful_inputs()
    assert entry_of(inputs, summary="one").entry_hash == entry_of(inputs, summary="another").entry_hash


def test_log_entry_hash_covers_the_previous_entry() -> None:
    inputs = eventful_inputs()
    assert entry_of(inputs, previous="0" * 64).entry_hash != entry_of(inputs, previous="1" * 64).entry_hash


@pytest.mark.parametrize(
    "change",
    [{"tenant_id": "other"}, {"tick_id": "main-2"}, {"entropy": b"x"}, {"reserved": Decimal(1)}, {"prices": {}}],
)
def test_log_entry_hash_covers_the_inputs(change: dict[str, Any]) -> None:
    inputs = eventful_inputs()
    assert entry_of(replace(inputs, **change)).entry_hash != entry_of(inputs).entry_hash


def test_log_entry_hash_covers_whose_portfolio_it_is() -> None:
    inputs = eventful_inputs()
    entries = {
        log_entry(inputs, decide(inputs), key=key, trading=Trading(log_head=""), summary="").entry_hash
        for key in (KEY, replace(KEY, uid="bert"), replace(KEY, portfolio_id="second"))
    }
    assert len(entries) == 3


def test_decision_body_is_json() -> None:
    body = body_of(eventful_inputs())
    assert json.loads(json.dumps(body, allow_nan=False)) == body


def test_decision_body_has_the_fields_of_the_contract() -> None:
    body = body_of(eventful_inputs())
    assert set(body) == {
        *("tenant_id", "tick_id", "session_id", "timestamp", "allocation_decisions", "signals", "failures"),
        *("systemic_risk_detected", "systemic_risk_details", "signals_modified", "mode_changes"),
        *("orders", "crosses", "virtual_fills", "denials"),
        *("trading_state", "trips", "warnings", "doubt", "doubtful", "recovered", "notices", "allocation", "risk"),
    }
    assert (body["tenant_id"], body["tick_id"], body["timestamp"]) == ("acme", "main-1", STAMP)
    assert body["failures"] == {"broken": "evaluate() raised KeyError"}
    assert (body["systemic_risk_detected"], body["systemic_risk_details"]) == (False, "")


def test_decision_body_tells_each_allocation() -> None:
    told = {each["strategy_name"]: each for each in body_of(eventful_inputs())["allocation_decisions"]}
    shadowed, active = told["s"], told["b"]
    assert active == {
        "strategy_name": "b",
        "original_allocation": 0.25,
        "final_allocation": 0.25,
        "mode": "ACTIVE",
        "reasoning": "insufficient data: 0 daily returns, 5 needed; default allocation",
        "sharpe_ratio": None,
        "n": 0,
        "timestamp": STAMP,
    }
    assert list(told) == ["b", "g", "s", "w", "x"]
    assert (shadowed["mode"], shadowed["final_allocation"]) == ("SHADOW_MODE", 0.0)
    assert (shadowed["n"], shadowed["sharpe_ratio"] < 0) == (7, True)


def test_decision_body_counts_the_signals_that_were_modified() -> None:
    assert body_of(eventful_inputs())["signals_modified"] == 1


def test_decision_body_keeps_signals_without_metadata() -> None:
    # Metadata may hold anything; it is kept in the canonical inputs.
    signals = body_of(eventful_inputs())["signals"]
    assert list(signals) == ["b", "g", "s", "w", "x"]
    assert "metadata" not in signals["b"]
    assert signals["b"]["expires_at"] == EXPIRY.isoformat()
    assert (signals["s"]["shadow_mode"], signals["s"]["allocation"]) == (True, 0.0)


def test_decision_body_tells_orders_in_words_that_lose_no_digit() -> None:
    inputs = eventful_inputs()
    nonces = {each.strategy: each.nonce for each in decide(inputs).strategies}

    def order(name: str, symbol: str, side: Side, quantity: str | None, notional: str | None) -> dict[str, Any]:
        identifier = client_order_id(
            tenant_id="acme", tick="main-1", strategy=StrategyId(name), symbol=Symbol(symbol),
            side=side, sequence=0,
        )  # fmt: skip
        return {
            "client_order_id": identifier,
            "strategy_name": name,
            "agent_id": f"acme_{name}",
            "nonce": nonces[StrategyId(name)],
            "ticker": symbol,
            "side": side.value,
            "qty": quantity,
            "notional": notional,
            "kind": "market",
            "limit_price": None,
        }

    # 10,000 ÷ (50 × 1.01) = 198.01…: whole shares, since MSFT is not traded in fractions here
    assert body_of(inputs)["orders"] == [
        order("x", "KO", Side.SELL, "10", None),
        order("b", "AAPL", Side.BUY, None, "25000.00"),
        order("w", "MSFT", Side.BUY, "198", None),
    ]


def test_decision_body_tells_virtual_fills_denials_and_mode_changes() -> None:
    body = body_of(eventful_inputs())
    # 50,000 at 50, filled 5 basis points dearer
    (fill,) = body["virtual_fills"]
    assert (Decimal(fill.pop("qty")), Decimal(fill.pop("price"))) == (Decimal(1000), Decimal("50.025"))
    assert fill == {"strategy_name": "s", "ticker": "MSFT", "side": "buy"}
    assert body["denials"] == [
        {
            "strategy_name": "g",
            "ticker": "GOOG",
            "reason": "no price for GOOG: expected one of the symbols that were loaded",
        }
    ]
    changes = [(each["strategy_name"], each["before"], each["after"]) for each in body["mode_changes"]]
    assert changes == [
        ("b", None, "ACTIVE"),
        ("g", None, "ACTIVE"),
        ("s", "ACTIVE", "SHADOW_MODE"),
        ("w", None, "ACTIVE"),
    ]
    assert body["mode_changes"][2]["reason"].startswith("Sharpe -")


def test_decision_body_tells_what_changed_hands_inside() -> None:
    held = PortfolioBook(strategies={StrategyId("x"): book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))})
    signals = {"b": buy(AAPL, 0.01), "x": sell()}
    inputs = inputs_of(signals, book=held, account=account_of({AAPL: "10"}), prices=PRICES)
    (cross,) = decide(inputs).crosses
    assert body_of(inputs)["crosses"] == [
        {
            "cross_id": cross.cross_id,
            "seller": "x",
            "buyer": "b",
            "ticker": "AAPL",
            "qty": "10",
            "price": "100",
        }
    ]


def test_decision_body_tells_a_systemic_override() -> None:
    body = body_of(inputs_of({"a": sell(), "b": sell(), "c": sell(), "d": buy()}))
    assert body["systemic_risk_detected"] is True
    assert body["systemic_risk_details"] == "systemic risk: 3 strategies sell at once (threshold 3): a, b, c"
    assert (body["signals"]["d"]["action"], body["signals"]["d"]["original_action"]) == ("HOLD", "BUY")
