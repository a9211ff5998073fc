"""A replay over a few recorded days: one tick and one close a day, nothing known before its time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.csv_bars import CsvBars
from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.errors import MarketDataError
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Symbol
from backend.domain.tick import TickRequest, TickResult
from backend.engine.snapshots import DayClose
from maestro.backtest.outcome import OverrideEvent, ReplayOutcome
from maestro.backtest.replay import Replay, ReplayClock, after_close, seeded_entropy
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import HOLD, KEY, ScriptedStrategies, buy, cycle_of, sell
from tests.fakes.statements import FakeCalendar, FakeStatements

AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")
# The switch to summer time lies between the fifth and the sixth day.
CLOSES = {
    date(2020, 3, 2): (100, 50),
    date(2020, 3, 3): (98, 51),
    date(2020, 3, 4): (97, 52),
    date(2020, 3, 5): (97, 52),
    date(2020, 3, 6): (94, 54),
    date(2020, 3, 9): (90, 55),
    date(2020, 3, 10): (91, 56),
    date(2020, 3, 11): (88, 58),
}
DAYS = tuple(CLOSES)
CASH = Decimal(100_000)


@dataclass
class Stage:
    """Everything a replay of ``CLOSES`` needs, and what it was told."""

    replay: Replay
    broker: FakeBroker
    store: DocumentStore
    strategies: ScriptedStrategies
    events: list[Any]


class Stages:
    """Builds stages, each on a store of its own."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self._folder = folder
        self._closing = closing
        self._count = 0

    def __call__(self, *, closes: Mapping[date, tuple[int, int]] = CLOSES, **signals: Any) -> Stage:
        self._count += 1
        prices = self._folder / f"{self._count}.csv"
        prices.write_text("date,AAPL,MSFT\n" + "".join(f"{day},{a},{m}\n" for day, (a, m) in closes.items()))
        documents = SqliteDocuments(self._folder / f"{self._count}.db", durable=False)
        self._closing.callback(documents.close)
        store = DocumentStore(documents)
        clock = ReplayClock(after_close(DAYS[0]))
        broker = FakeBroker(CASH, {}, clock)
        bars, calendar = CsvBars(prices), FakeCalendar()
        strategies = ScriptedStrategies(**signals)
        events: list[Any] = []

        def move(at: datetime) -> None:
            events.append(at)
            broker.prices = dict(zip((AAPL, MSFT), map(Decimal, closes[at.date()]), strict=True))

        policy = DecisionPolicy(allocation=AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT))
        cycle = replace(
            cycle_of(store, strategies, broker, policy=policy),
            clock=clock,
            bars=bars,
            entropy=seeded_entropy,
        )
        replay = Replay(
            key=KEY,
            days=tuple(closes),
            close=DayClose(
                cycle=cycle, store=store, calendar=calendar, statements=FakeStatements(broker, calendar, bars)
            ),
            clock=clock,
            move=move,
            progress=lambda day, result: events.append((day, result)),
        )
        return Stage(replay=replay, broker=broker, store=store, strategies=strategies, events=events)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stages]:
    with ExitStack() as closing:
        yield Stages(tmp_path, closing)


def judged(outcome: ReplayOutcome) -> list[tuple[date, str, str, str]]:
    return [(each.day, each.strategy, each.before, each.after) for each in outcome.mode_changes]


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2020, 3, 6), datetime(2020, 3, 6, 21, 1, tzinfo=UTC)),
        (date(2020, 3, 9), datetime(2020, 3, 9, 20, 1, tzinfo=UTC)),
    ],
)
def test_after_close_follows_new_york_through_the_year(day: date, instant: datetime) -> None:
    assert after_close(day) == instant


def test_seeded_entropy_comes_from_the_tick_alone() -> None:
    first, second = (TickRequest(key=KEY, scheduled_at=after_close(day)) for day in DAYS[:2])
    assert seeded_entropy(first) == seeded_entropy(first) != seeded_entropy(second)
    assert len(seeded_entropy(first)) == 32


def test_replay_moves_the_venue_then_ticks_then_tells(stage: Stages) -> None:
    staged = stage(a=buy("AAPL"))
    staged.replay.run()
    moves, told = staged.events[::2], staged.events[1::2]
    assert moves == [after_close(day) for day in DAYS]
    assert [day for day, _ in told] == list(DAYS)
    assert all(isinstance(result, TickResult) and not result.was_resumed for _, result in told)
    assert [each.timestamp for each in staged.store.decisions(KEY.tenant_id, last=99)] == moves[::-1]


def test_replay_values_equity_and_buy_and_hold_at_each_close(stage: Stages) -> None:
    outcome = stage(a=buy("MSFT"), b=HOLD).replay.run()
    # a's half of the account buys half of that in MSFT at 50: 500 shares.
    assert outcome.equity == tuple(75_000.0 + 500 * msft for _, msft in CLOSES.values())
    held = [(aapl / 100 + msft / 50) / 2 for aapl, msft in CLOSES.values()]
    assert outcome.benchmark == pytest.approx([100_000 * each for each in held], rel=1e-12)
    assert (outcome.days, outcome.ticks, outcome.fills, outcome.failures) == (DAYS, 8, 1, {})
    (order,) = outcome.orders
    assert (order.day, order.strategy, order.symbol, order.side, order.status) == (
        DAYS[0],
        "a",
        "MSFT",
        "buy",
        "filled",
    )
    assert (order.quantity, order.price) == (500.0, 50.0)


def test_replay_paths_are_parallel_to_its_days(stage: Stages) -> None:
    outcome = stage(a=buy("MSFT"), b=HOLD).replay.run()
    assert set(outcome.paths) == {"a", "b"}
    for path in outcome.paths.values():
        assert {len(path.mode), len(path.sharpe), len(path.allocation), len(path.returns)} == {len(DAYS)}
    assert outcome.paths["a"].allocation == pytest.approx(
        [500 * msft / (75_000 + 500 * msft) for _, msft in CLOSES.values()]
    )
    assert outcome.paths["b"].allocation == (0.0,) * len(DAYS)


def test_replay_scores_a_day_on_the_days_before_it(stage: Stages) -> None:
    """The last day's close is in its equity, and in nothing that was decided."""
    changed = {**CLOSES, DAYS[-1]: (300, 1)}
    first, second = (stage(closes=closes, a=buy("AAPL"), b=buy("MSFT")).replay.run() for closes in (CLOSES, changed))
    assert first.equity[:-1] == second.equity[:-1]
    assert first.equity[-1] != second.equity[-1]
    assert {name: (path.sharpe, path.mode) for name, path in first.paths.items()} == {
        name: (path.sharpe, path.mode) for name, path in second.paths.items()
    }
    assert judged(first) == judged(second)


def test_replay_demotes_the_loser_and_tells_the_day(stage: Stages) -> None:
    outcome = stage(loser=buy("AAPL"), winner=buy("MSFT")).replay.run()
    ((day, strategy, before, after),) = judged(outcome)
    assert (strategy, before, after) == ("loser", "ACTIVE", "SHADOW_MODE")
    path = outcome.paths["loser"]
    at = DAYS.index(day)
    known = [each for each in path.returns[:at] if each is not None]
    assert len(known) == 5
    assert path.mode == ("ACTIVE",) * at + ("SHADOW_MODE",) * (len(DAYS) - at)
    (line,) = (each for each in outcome.strategies if each.strategy == "loser")
    assert (line.mode, line.original_allocation, line.final_allocation) == ("SHADOW_MODE", 0.5, 0.0)
    assert "< 0.50" in line.why


def test_replay_notes_who_sold_and_who_was_held(stage: Stages) -> None:
    outcome = stage(x=sell("AAPL"), y=sell("AAPL"), z=sell("MSFT"), a=buy("MSFT"), b=HOLD).replay.run()
    expected = tuple(OverrideEvent(day=day, sellers=("x", "y", "z"), held=("a",)) for day in DAYS)
    assert outcome.overrides == expected
    assert outcome.orders == ()
    assert outcome.equity == (100_000.0,) * len(DAYS)


def test_replay_twice_is_equal(stage: Stages) -> None:
    first, second = (stage(a=buy("AAPL"), b=buy("MSFT"), c=sell("AAPL")) for _ in range(2))
    assert first.replay.run() == second.replay.run()
    logs = [staged.store.decisions(KEY.tenant_id, last=99) for staged in (first, second)]
    assert logs[0] == logs[1]


def test_replay_into_a_used_store_is_refused(stage: Stages) -> None:
    staged = stage(a=buy("AAPL"))
    staged.replay.run()
    with pytest.raises(MarketDataError, match="replayed into the store before; start with an empty one"):
        staged.replay.run()


@pytest.mark.parametrize("days", [(), []])
def test_replay_of_no_day_is_refused(stage: Stages, days: Sequence[date]) -> None:
    staged = stage(a=buy("AAPL"))
    with pytest.raises(MarketDataError, match="at least one trading day"):
        replace(staged.replay, days=days).run()
    assert staged.events == []


def test_replay_clock_stands_where_it_was_put() -> None:
    clock = ReplayClock(after_close(DAYS[0]))
    assert clock.now() == after_close(DAYS[0])
    clock.move(after_close(DAYS[1]))
    assert clock.now() == after_close(DAYS[1])
