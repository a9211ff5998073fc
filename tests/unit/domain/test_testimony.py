"""What a decision supports of a model's text: honest sentences stay, whatever cannot be looked up goes."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.decision import ModeChange
from backend.domain.mode import Mode, ModeState
from backend.domain.signal import StrategyId, Symbol
from backend.domain.testimony import supported
from backend.domain.trading_state import TradingState
from tests.fakes.decisions import NOW, busy_decision, quiet_decision, strategy

DECISION = busy_decision()

HONEST = (
    "Two orders were sent.",
    "rsi was demoted from ACTIVE to SHADOW_MODE because its Sharpe ratio fell to 0.30.",
    "rsi moved from ACTIVE to SHADOW_MODE (Sharpe 0.30 < 0.50 (n=21)).",
    "The strategy rsi was demoted due to a low Sharpe ratio of 0.30 (n=21).",
    "A systemic override held back 2 entries.",
    "The override held back rsi and donchian.",
    "rsi sells 1.50 shares of AMD.",
    "rsi sells 1.5 shares of AMD.",
    "trend bought AAPL for $1,234.10.",
    "trend buys 1,234.10 dollars of AAPL.",
    "trend buys 1234 USD of AAPL.",
    "trend keeps its allocation of 50%.",
    "trend keeps its allocation of 50 percent.",
    "trend's allocation is 0.50.",
    "One strategy was demoted to SHADOW_MODE.",
    "2 strategies are ACTIVE.",
    "The strategy broken failed.",
    "1 virtual fill was made in shadow.",
    "rsi was denied an order in AMD (too small).",
    "1 buy order and 1 sell order were placed.",
    "The decision was made at 20:05 on 2020-03-16.",
    "The market was calm.",
)


@pytest.mark.parametrize("text", HONEST)
def test_testimony_that_the_decision_bears_out_stays_word_for_word(text: str) -> None:
    assert supported(text, DECISION) == text


def test_testimony_is_heard_clause_by_clause() -> None:
    text = "Two orders were sent. Nine orders were sent. rsi sells 1.50 shares of AMD; trend sells everything it has.\n"
    assert supported(text, DECISION) == "Two orders were sent. rsi sells 1.50 shares of AMD."


def test_testimony_of_the_deterministic_text_is_borne_out() -> None:
    said = supported(TemplateSummarizer().summarize(DECISION), DECISION)
    assert "3 strategies: 2 ACTIVE, 1 SHADOW_MODE." in said
    assert "Changed: rsi ACTIVE → SHADOW_MODE (Sharpe 0.30 < 0.50 (n=21))." in said
    assert "2 entries held back." in said
    quiet = TemplateSummarizer().summarize(quiet_decision())
    assert supported(quiet, quiet_decision()) == quiet


LIES = (
    # numbers that are not the decision's
    "Three orders were sent.",
    "3 orders were sent.",
    "0 orders were sent.",
    "No orders were sent.",
    "21 orders were sent.",  # a figure of rsi's record counts no orders
    "50 orders were sent.",
    "2.0 orders were sent.",
    "2% orders were sent.",
    "$2 orders were sent.",
    "Two strategies were demoted.",
    "Three strategies failed.",
    "3 strategies are ACTIVE.",
    "1 strategy is ACTIVE.",
    "2 strategies are in SHADOW_MODE.",
    "2 buy orders were placed.",
    "rsi sells 1.6 shares of AMD.",
    "rsi sells 15 shares of AMD.",
    "rsi sells 2 shares of AMD.",  # 1.50 rounded to one digit tells too little
    "rsi sells -1.50 shares of AMD.",
    "rsi sells −1.50 shares of AMD.",
    "rsi sells - 1.50 shares of AMD.",
    "rsi sells 1,50 shares of AMD.",
    "rsi sells 1.50.0 shares of AMD.",
    "rsi sells 01.50 shares of AMD.",
    "rsi sells 1.50e3 shares of AMD.",
    "rsi sells 1.50k shares of AMD.",
    "rsi sells 1.50x shares of AMD.",
    "rsi sells 1.50-2 shares of AMD.",
    "rsi sells 1.50/2 shares of AMD.",
    "rsi sells 1.50 1.50 shares of AMD.",
    "rsi was demoted (n=22).",
    "trend sells n=21 shares of AMD.",
    "rsi sells 1 500 shares of AMD.",
    "rsi sells 0x15 shares of AMD.",
    "rsi sells ~1.50 shares of AMD.",
    "rsi sells 1. 51 shares of AMD.",
    "rsi sells 1.\n51 shares of AMD.",
    "rsi sells 1 of AMD.",
    "trend buys AAPL for $1,234.20.",
    "trend buys AAPL for 1,234.10 EUR.",
    "trend buys AAPL for €1,234.10.",
    "trend buys AAPL for 123,4.10.",
    "trend buys 1,234.10 shares of AAPL.",  # money, not shares
    "rsi sells AMD for $1.50.",  # shares, not money
    "trend keeps its allocation of 0.5%.",
    "trend keeps its allocation of 50.",
    "trend keeps its allocation of 5%.",
    "trend keeps its allocation of 50 bps.",
    "trend keeps its allocation of 50 per cent.",
    "trend keeps its allocation of 50 thousand.",
    "The Sharpe ratio of trend is 0.50.1",
    "The fund gained 50%.",
    "The fund made 50%.",  # a figure, but nobody's that is named
    "The drawdown is 3.1%.",
    "At 20:06 orders were sent.",
    "On 2020-03-17 orders were sent.",
    "On March 16 orders were sent.",
    # numbers in disguise
    "١٢ orders were sent.",
    "１２ orders were sent.",
    "2² orders were sent.",
    "½ of the orders were sent.",
    "Ⅳ orders were sent.",
    "IV orders were sent.",
    "iv orders were sent.",
    "② orders were sent.",
    "The orders grew by a thousand.",
    "A dozen orders were sent.",
    "Half of the orders were sent.",
    "Twice the orders were sent.",
    "Hundreds of orders were sent.",
    "A couple of orders were sent.",
    "A brace of orders was sent.",
    "A score of orders was sent.",
    "A gross of orders was sent.",
    "Several orders were sent.",
    "Most strategies are ACTIVE.",
    "All strategies are ACTIVE.",
    "Both strategies are ACTIVE.",
    "Every strategy failed.",
    "None of the strategies failed.",
    "The third order was sent.",
    "The 3rd order was sent.",
    "The second order was sent.",
    "Twenty-one orders were sent.",
    "Twenty one orders were sent.",
    "One hundred orders were sent.",
    "Three point five orders were sent.",
    "Drei orders were sent.",
    "Trois orders were sent.",
    "Orders doubled.",
    "More than 2 orders were sent.",
    "At least 2 orders were sent.",
    "About 2 orders were sent.",
    "2\u200b1 orders were sent.",
    "2\u00a0100 orders were sent.",
    "2\u00ad1 orders were sent.",
    "2\ue000 orders were sent.",
    "Two\u202e orders were sent.",
    "Two\x00 orders were sent.",
    # names that are not the decision's, or not what they seem
    "momentum was demoted.",
    "rsi_14 was demoted.",
    "RsiReversion was demoted.",
    "RSI was demoted.",
    "rsі was demoted.",  # a Cyrillic letter
    "r\u200bsi was demoted.",
    "rsi-2 was demoted.",
    "rsi.x was demoted.",
    "the carry strategy was demoted.",
    "trend buys TSLA.",
    "trend buys aapl.",
    "trend buys BRK.B.",
    "trend buys Apple.",
    "AAPL.X was bought.",
    # modes
    "trend was demoted to SHADOW_MODE.",
    "trend is in SHADOW_MODE.",
    "trend is in shadow.",
    "rsi is ACTIVE.",
    "rsi is DISABLED.",
    "rsi moved from SHADOW_MODE to ACTIVE.",
    "rsi moved from REDUCED to SHADOW_MODE.",
    "rsi and trend are in SHADOW_MODE.",
    "rsi was promoted.",
    "trend was demoted.",
    "rsi is not in SHADOW_MODE.",
    "rsi never moved to SHADOW_MODE.",
    "trend is ACTIVE (Sharpe 0.30 < 0.50 (n=21)).",
    "Trading is HALTED.",
    "Trading was halted.",
    "Trading is REDUCING.",
    "A breaker tripped.",
    "broken moved to SHADOW_MODE.",
    # deeds
    "rsi buys AMD.",
    "rsi bought AMD.",
    "trend sold AAPL.",
    "trend buys AMD.",
    "trend buys AAPL and AMD.",
    "rsi sells AAPL.",
    "donchian bought AAPL.",  # it was held back
    "rsi failed.",
    "trend was denied an order.",
    "trend was held back.",
    # advice, prediction, other forms
    "Buy AAPL.",
    "Buy AAPL now.",
    "Sell AMD.",
    "You should sell AMD.",
    "Consider AMD.",
    "AAPL will rise.",
    "AAPL is expected to rise.",
    "<b>Two orders were sent.</b>",
    "**Two orders were sent.**",
    "# Two orders were sent.",
    "- Two orders were `sent`.",
    "See https://example.com for the 2 orders.",
    "See example.com for the orders.",
    "Mail ops@example.com about the orders.",
    "[orders](javascript:alert(1)) were sent.",
    "2.",
    "Orders.",
    "AMD AAPL.",
    ".",
    "",
    "   \n ",
)


@pytest.mark.parametrize("text", LIES)
def test_testimony_that_the_decision_does_not_bear_out_is_dropped(text: str) -> None:
    assert supported(text, DECISION) == ""


def test_testimony_that_is_too_long_is_no_summary() -> None:
    assert supported("Two orders were sent. " * 200, DECISION) == ""


def test_testimony_said_over_and_over_is_kept_once() -> None:
    assert supported("Two orders were sent. " * 20, DECISION) == "Two orders were sent."


def test_testimony_of_names_with_digits_and_dots_is_read_whole() -> None:
    name = StrategyId("rsi_14.v2")
    moved = ModeState(mode=Mode.REDUCED, since=NOW, reason="Sharpe 0.75 < 1.00 (n=30)")
    decision = replace(
        DECISION,
        strategies=(strategy(name, Mode.REDUCED),),
        mode_changes=(ModeChange(strategy=name, before=Mode.ACTIVE, after=moved),),
        intents=(replace(DECISION.intents[0], strategy=name, symbol=Symbol("BRK.B")),),
    )
    told = "rsi_14.v2 was demoted from ACTIVE to REDUCED. rsi_14.v2 sells 1.50 shares of BRK.B."
    assert supported(told, decision) == told
    for lie in ("rsi_14 was demoted.", "14 orders were sent.", "rsi_14.v2 sells 14 shares of BRK.B.", "BRK is sold."):
        assert supported(lie, decision) == ""


@pytest.mark.parametrize("odd", ["42", "seven", "3 orders", "x"])
def test_testimony_takes_no_strategy_whose_name_could_be_a_number_or_a_mode(odd: str) -> None:
    decision = replace(DECISION, failures={StrategyId(odd): "no bars"})
    assert supported(f"{odd} orders were sent.", decision) == ""


def test_testimony_knows_the_trading_state() -> None:
    halted = replace(DECISION, trading_state=TradingState.HALTED)
    assert supported("Trading is HALTED.", halted) == "Trading is HALTED."
    assert supported("Trading is ACTIVE.", halted) == ""
    assert supported("Trading is ACTIVE.", DECISION) == "Trading is ACTIVE."


SUPPORTED = {  # every figure of the decision, as it is or rounded
    Decimal(each) for each in ("0.3", "21", "0.5", "1", "0", "1.5", "1234.1", "1234", "42", "0.50", "1.0")
}
TEMPLATES = (
    "rsi sells {} shares of AMD.",
    "rsi has a Sharpe ratio of {}.",
    "trend keeps an allocation of {}.",
    "trend buys AAPL for ${}.",
    "{} orders were sent.",
    "The override held back {} entries.",
    "{} strategies are ACTIVE.",
    "The market moved by {}.",
    "rsi sells AMD, and the volume was {}, as of today.",
)
COUNTS = {Decimal(each) for each in (1, 2, 3)}
numbers = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.integers(0, 10**9).map(lambda n: f"{n:,}"),
    st.decimals(-10_000, 10_000, places=2, allow_nan=False).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.floats(0, 1, allow_nan=False).map(lambda x: f"{x:.1%}"),
    st.floats(0, 1e9, allow_nan=False).map(lambda x: f"{x:.3e}"),
)


@given(st.sampled_from(TEMPLATES), numbers)
def test_testimony_lets_no_number_through_that_is_not_the_decisions(template: str, number: str) -> None:
    kept = supported(template.format(number), DECISION)
    if not kept:
        return
    (said,) = re.findall(r"\d[\d,]*(?:\.\d+)?%?", kept)
    value = Decimal(said.replace(",", "").rstrip("%")) / (100 if said.endswith("%") else 1)
    assert value in SUPPORTED | COUNTS
    assert said == number.lstrip("-")
    assert not number.startswith("-") or value == 0


@given(st.text(max_size=200))
def test_testimony_of_any_text_is_a_part_of_it(text: str) -> None:
    kept = supported(text, DECISION)
    assert set(kept.rstrip(".").split()) <= {each.rstrip(";:,") for each in text.split()} | set(text.split())


@given(st.lists(st.sampled_from(HONEST + LIES), max_size=6))
def test_testimony_of_truth_and_lies_keeps_the_truth_alone(sentences: list[str]) -> None:
    kept = supported("\n".join(sentences), DECISION)
    said = list(dict.fromkeys(each for each in sentences if each in HONEST))
    assert kept == " ".join(said)
