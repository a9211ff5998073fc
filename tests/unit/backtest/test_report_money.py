"""Money as it is shown: rounded so that it adds up, drawn, and said in a sentence."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.equity_change import EquityChange, equity_changes
from backend.domain.shadow import Demotion
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution
from maestro.backtest.attribution_page import attribution_page
from maestro.backtest.attribution_table import PARTS, AttributionTable, By, exact_table, shown_table
from maestro.backtest.cents import adding_up, amount, cents, dollars, gain
from maestro.backtest.charts import charts
from maestro.backtest.demotion_table import demotion_table
from maestro.backtest.money_tables import uneven_words
from maestro.backtest.money_words import demotion_words, equity_words, parts_words
from tests.fakes.closed_days import closed_days
from tests.fakes.replay import STRATEGIES, synthetic_outcome

MONDAY = date(2026, 3, 2)
TREND, CARRY = StrategyId("trend"), StrategyId("carry")
CENT = Decimal("0.01")
D = Decimal
money = st.decimals(min_value=-99_999, max_value=99_999, places=6)


@pytest.fixture(scope="module")
def changes() -> tuple[EquityChange, ...]:
    days = [MONDAY + timedelta(days=n) for n in range(12)]
    closed = closed_days(days, {"trend": [False] * 12, "carry": [True] * 12})
    return equity_changes(closed.portfolio, closed.strategies)


def test_cents_round_halves_to_even_and_nothing_has_no_sign() -> None:
    assert [str(cents(D(text))) for text in ("1.005", "1.015", "-0.004")] == ["1.00", "1.02", "0.00"]


@pytest.mark.parametrize(
    ("parts", "total", "shown"),
    [
        # Hamilton's method: floors 0.33 × 3 = 0.99, one cent missing, the first of equals gets it.
        (["0.333333"] * 3, "1.00", ["0.34", "0.33", "0.33"]),
        # floors 1.00, 2.00, −0.01 make 2.99; 0.0099 was lost by the last, 0.005 by the others.
        (["1.005", "2.005", "-0.0001"], "3.00", ["1.00", "2.00", "0.00"]),
        (["5.00", "-5.00"], "0.00", ["5.00", "-5.00"]),
        ([], "0.00", []),
    ],
)
def test_parts_add_up_by_largest_remainders(parts: list[str], total: str, shown: list[str]) -> None:
    assert [str(each) for each in adding_up([D(part) for part in parts], D(total))] == shown


@given(st.lists(money, min_size=1, max_size=12))
def test_parts_add_up_within_a_cent_of_themselves(parts: list[Decimal]) -> None:
    total = cents(sum(parts, D(0)))
    shown = adding_up(parts, total)
    assert sum(shown) == total
    assert all(abs(each - part) < CENT for each, part in zip(shown, parts, strict=True))


def test_money_is_written_with_a_minus_that_is_one() -> None:
    assert [gain(D(text)) for text in ("1234.5", "-1234.5", "0")] == ["+$1,234.50", "−$1,234.50", "$0.00"]
    assert (amount(D("-1234.5")), dollars(D("-1234.5"))) == ("−1,234.50", "$1,234.50")


def by_hand() -> tuple[EquityChange, ...]:
    """Two days: trend 12.346 − 0.123, then 10.006; carry −3.3339; deposit 5.00; residual 0.01 on the second."""
    return (
        EquityChange(
            first_day=MONDAY,
            last_day=MONDAY,
            equity_from=D("1000.00"),
            equity_to=D("1017.223"),
            strategies={TREND: Attribution(signal=D("12.346"), fees=D("-0.123"))},
            external=D("5.00"),
        ),
        EquityChange(
            first_day=MONDAY + timedelta(days=1),
            last_day=MONDAY + timedelta(days=1),
            equity_from=D("1017.223"),
            equity_to=D("1023.9051"),
            strategies={TREND: Attribution(signal=D("10.006")), CARRY: Attribution(mode=D("-3.3339"))},
        ),
    )


def test_exact_table_by_strategy_keeps_every_digit() -> None:
    table = exact_table(by_hand(), By.STRATEGY)
    lines = {line.name: (dict(zip(table.columns, line.parts, strict=False)), line.total) for line in table.every}
    assert lines["trend"][0]["signal"] == D("22.352")
    assert lines["trend"][1] == D("22.229")
    assert lines["All strategies"] == (
        {**dict.fromkeys(PARTS, D(0)), "signal": D("22.352"), "mode": D("-3.3339"), "fees": D("-0.123")},
        D("18.8951"),
    )
    # 1,023.9051 − 1,000.00 = 23.9051 = 18.8951 + 5.00 + 0.01
    assert [(line.name, line.total) for line in table.below] == [
        ("External", D("5.00")),
        ("Residual", D("0.0100")),
        ("Change of equity", D("23.9051")),
    ]


def test_shown_table_by_strategy_adds_up_in_cents() -> None:
    table = shown_table(by_hand(), By.STRATEGY)
    assert {line.name: str(line.total) for line in table.every} == {
        "carry": "-3.33",
        "trend": "22.23",
        "All strategies": "18.90",
        "External": "5.00",
        "Residual": "0.01",
        "Change of equity": "23.91",
    }


def test_shown_table_by_day_and_in_all_end_in_the_same_change() -> None:
    by_day, in_all = shown_table(by_hand(), By.DAY), shown_table(by_hand(), By.TOTAL)
    # 17.223 + 6.6821 = 23.9051, shown 23.91: floors make 23.90, and the first lost most.
    assert [(line.name, str(line.total)) for line in by_day.every] == [
        ("2026-03-02", "17.23"),
        ("2026-03-03", "6.68"),
        ("Change of equity", "23.91"),
    ]
    assert {line.name: str(line.total) for line in in_all.every if line.total} == {
        "Signal": "22.35",
        "Mode": "-3.33",
        "Fees": "-0.12",
        "External": "5.00",
        "Residual": "0.01",
        "Change of equity": "23.91",
    }


@pytest.mark.parametrize("by", By)
def test_shown_table_adds_up_as_it_promises(changes: Sequence[EquityChange], by: By) -> None:
    exact, shown = exact_table(changes, by), shown_table(changes, by)
    assert [line.name for line in shown.every] == [line.name for line in exact.every]
    for line, original in zip(shown.every, exact.every, strict=True):
        assert not line.parts or sum(line.parts) == line.total
        assert line.total == line.total.quantize(CENT)
        assert all(abs(a - b) <= 2 * CENT for a, b in zip(line.parts, original.parts, strict=True))
    assert sum(line.total for line in shown.lines) == shown.total.total
    assert sum(line.total for line in (shown.total, *shown.below[:-1])) == shown.last.total
    assert shown.last.total == cents(changes[-1].equity_to - changes[0].equity_from)


def test_three_shown_tables_agree_on_every_part(changes: Sequence[EquityChange]) -> None:
    by_strategy, by_day, in_all = (shown_table(changes, by) for by in (By.STRATEGY, By.DAY, By.TOTAL))
    named = {line.name.lower(): line.total for line in in_all.lines}
    assert dict(zip(by_day.columns, by_day.total.parts, strict=True)) == named
    assert dict(zip(by_strategy.columns, by_strategy.total.parts, strict=True)).items() <= named.items()


def test_uneven_column_is_told_and_an_even_one_is_not() -> None:
    third = Attribution(signal=D("0.335"), mode=D("-0.335"))
    one = EquityChange(
        first_day=MONDAY,
        last_day=MONDAY,
        equity_from=D(1),
        equity_to=D(1),
        strategies={StrategyId(name): third for name in "abc"},
    )
    table = shown_table([one], By.STRATEGY)
    # Each line is shown as 0.34 − 0.34, which makes 1.02; the sum of 1.005 is shown as 1.01.
    assert [line.parts[0] for line in table.lines] == [D("0.34")] * 3
    assert (table.total.parts[0], table.uneven_cents) == (D("1.01"), 1)
    assert uneven_words(table) == "Rounded to the cent: a column of parts may differ by 1 cent from its total."
    assert uneven_words(shown_table(by_hand(), By.TOTAL)) == ""


def test_unattributed_money_has_a_line_only_where_there_is_some() -> None:
    plain, other = by_hand()
    some = replace(other, unattributed=D("4.00"))
    assert "unattributed" not in exact_table([plain, other], By.DAY).columns
    assert exact_table([plain, some], By.DAY).columns[-3:] == ("unattributed", "external", "residual")
    assert exact_table([plain, some], By.STRATEGY).below[0].name == "Unattributed"


def stay(strategy: StrategyId, since: date, until: date | None, real: str, virtual: str) -> Demotion:
    return Demotion(strategy=strategy, since=since, until=until, days=5, real_pnl=D(real), virtual_pnl=D(virtual))


def test_demotion_table_adds_up_by_stay_and_by_strategy() -> None:
    stays = [
        stay(TREND, MONDAY, MONDAY, "-10.004", "-20.004"),
        stay(CARRY, MONDAY + timedelta(days=1), None, "0.004", "7.003"),
        stay(TREND, MONDAY + timedelta(days=2), None, "0.004", "-1.003"),
    ]
    shown = demotion_table(stays)
    # real −9.996 → −10.00, virtual −14.004 → −14.00, saved 4.00
    assert (shown.total.real_pnl, shown.total.virtual_pnl, shown.total.saved) == (D("-10.00"), D("-14.00"), D("4.00"))
    assert (shown.total.count, shown.total.lasting, shown.total.days) == (3, 2, 15)
    assert [each.demotion for each in shown.newest_first] == stays[::-1]
    for totals in (shown.newest_first, shown.by_strategy.values()):
        assert sum(each.saved for each in totals) == shown.total.saved
    assert list(shown.by_strategy) == [CARRY, TREND]
    assert shown.by_strategy[CARRY].saved == D("-7.00")


@given(st.lists(st.tuples(money, money), max_size=20))
def test_demotion_table_adds_up(amounts: list[tuple[Decimal, Decimal]]) -> None:
    stays = [
        stay(StrategyId(f"s{n % 3}"), MONDAY + timedelta(days=n), None, str(real), str(virtual))
        for n, (real, virtual) in enumerate(amounts)
    ]
    shown = demotion_table(stays)
    assert sum((each.saved for each in shown.newest_first), D(0)) == shown.total.saved
    assert sum((each.saved for each in shown.by_strategy.values()), D(0)) == shown.total.saved
    assert abs(shown.total.saved - sum((each.saved for each in stays), D(0))) <= CENT


def test_sentences_say_what_was_saved_and_where_equity_went() -> None:
    (one,) = (demotion_table([stay(TREND, MONDAY, MONDAY, "-1", "3")]).total,)
    assert demotion_words(one).startswith("1 demotion cost $4.00: in 5 strategy-days in shadow")
    assert demotion_words(demotion_table([]).total) == "No strategy was in shadow."
    assert equity_words(by_hand()) == (
        "From the close before 2026-03-02 to that of 2026-03-03, equity went from $1,000.00 to $1,023.91: +$23.91."
    )
    assert parts_words(by_hand()) == (
        "+$23.91: signal +$22.35, mode −$3.33, fees −$0.12, external +$5.00, residual +$0.01"
    )


def test_waterfall_leads_from_nothing_to_the_change(changes: Sequence[EquityChange]) -> None:
    drawn = charts(replace(synthetic_outcome(days=12), equity_changes=tuple(changes)))["money"]
    bars = {
        lane: (base, base + value)
        for trace in drawn["data"]
        for lane, base, value in zip(trace["y"], trace["base"], trace["x"], strict=True)
    }
    table = shown_table(changes, By.TOTAL)
    assert sorted(bars) == list(range(len(table.lines) + 1))
    ends = [0.0, *(bars[lane][1] for lane in range(len(table.lines)))]
    assert [bars[lane][0] for lane in range(len(table.lines))] == pytest.approx(ends[:-1], abs=1e-6)
    assert bars[len(table.lines)] == pytest.approx((0.0, float(table.total.total)))
    assert ends[-1] == pytest.approx(float(table.total.total), abs=1e-6)
    low, high = drawn["layout"]["xaxis"]["range"]
    assert all(low < edge < high for bar in bars.values() for edge in bar)
    words = [each["text"] for each in drawn["layout"]["annotations"]]
    assert words == [text for line in table.every for text in (line.name, gain(line.total))]


def test_waterfall_tells_gains_from_losses(changes: Sequence[EquityChange]) -> None:
    drawn = charts(replace(synthetic_outcome(days=12), equity_changes=tuple(changes)))["money"]
    for trace in drawn["data"]:
        if trace["marker"]["color"] == "--benchmark":
            assert all(value < 0 for value in trace["x"])
        if trace["marker"]["color"] == "--maestro":
            assert all(value >= 0 for value in trace["x"])


def test_bars_of_demotions_have_a_lane_for_each_strategy() -> None:
    outcome = synthetic_outcome()
    drawn = charts(outcome)["demotions"]
    lanes = {lane: value for trace in drawn["data"] for lane, value in zip(trace["y"], trace["x"], strict=True)}
    expected = demotion_table(outcome.demotions).by_strategy
    assert set(expected) == set(STRATEGIES)
    assert [lanes[lane] for lane in sorted(lanes)] == [float(each.saved) for each in expected.values()]


def cells(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", page)]


def test_attribution_page_shows_both_tables_and_the_sentence(changes: Sequence[EquityChange]) -> None:
    page = attribution_page(changes, title="Attribution <&>", options={"Store": "<b>"})
    assert "<h1>Attribution &lt;&amp;&gt;</h1>" in page
    assert "2026-03-03 to 2026-03-13 · 11 closed days" in page
    assert f"The account’s equity changed by {parts_words(changes)}." in page.replace("\u2060", "")
    shown: list[AttributionTable] = [shown_table(changes, by) for by in (By.STRATEGY, By.DAY)]
    for table in shown:
        for line in table.lines:
            row = [line.name, *map(amount, line.parts), amount(line.total)]
            assert "|".join(row) in "|".join(cells(page))
    assert attribution_page(changes, title="Attribution <&>", options={"Store": "<b>"}) == page
