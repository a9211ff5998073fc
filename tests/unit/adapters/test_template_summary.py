from dataclasses import replace

from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.mode import Mode
from backend.domain.signal import StrategyId
from tests.fakes.decisions import SYSTEMIC, busy_decision, quiet_decision, strategy


def test_a_busy_decision_is_told_whole() -> None:
    assert TemplateSummarizer().summarize(busy_decision()) == (
        "3 strategies: 2 ACTIVE, 1 SHADOW_MODE. "
        "Changed: rsi ACTIVE → SHADOW_MODE (Sharpe 0.30 < 0.50 (n=21)). "
        "1 strategy judged for the first time. "
        f"Override: {SYSTEMIC}; 2 entries held back. "
        "2 orders: sell 1.50 AMD for rsi; buy 1234.10 of AAPL for trend. "
        "1 virtual fill in shadow. "
        "1 denial: rsi AMD (too small). "
        "1 strategy failed: broken (evaluate() raised ZeroDivisionError)."
    )


def test_a_quiet_decision_is_told_too() -> None:
    text = TemplateSummarizer().summarize(quiet_decision())

    assert text == "No strategy gave a signal. No mode changed. No orders."


def test_a_systemic_override_without_entries_is_told() -> None:
    decision = replace(quiet_decision(), systemic_risk_detected=True, systemic_risk_details=SYSTEMIC)

    assert f"Override: {SYSTEMIC}; no entry was asked for." in TemplateSummarizer().summarize(decision)


def test_a_long_list_is_cut_and_counted() -> None:
    failures = {StrategyId(f"s{i}"): "hangs" for i in range(7)}
    decision = replace(quiet_decision(), failures=failures, strategies=(strategy(StrategyId("one"), Mode.REDUCED),))

    text = TemplateSummarizer().summarize(decision)

    assert "1 strategy: 1 REDUCED." in text
    assert text.endswith("7 strategies failed: s0 (hangs); s1 (hangs); s2 (hangs); s3 (hangs); s4 (hangs); and 2 more.")
