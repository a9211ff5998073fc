"""The oracle can fail: engines that are broken on purpose are found out, each by what is wrong with it."""

from decimal import Decimal

import pytest

from backend.domain.signal import Action
from tests.chaos import sabotage
from tests.chaos.child import Sabotage
from tests.chaos.finding import Wrong
from tests.chaos.pool import Job, Plan, played
from tests.chaos.script import Attempt, Ending, Errand, Hand, Script, Side, Strike, Tick, VenueKind
from tests.fuzz.script import Say

_BUYS = {"a": Say(Action.BUY, "AAPL", 0.5), "b": Say(Action.BUY, "XOM", 0.3)}
_PLAIN = Script(venue=VenueKind.AT_ONCE, ticks=(Tick(portfolio="main", says=_BUYS, after_seconds=60),))
_ANSWER_LOST = Script(
    venue=VenueKind.AT_ONCE,
    ticks=(
        Tick(
            portfolio="main",
            says=_BUYS,
            after_seconds=60,
            attempts=(
                Attempt(after_seconds=5, hands=(Hand(),), broker=("POST /v2/orders:status-after-accept=504*1",)),
            ),
        ),
    ),
)
_WORKING = Script(venue=VenueKind.LATER, ticks=_PLAIN.ticks)
_TWO_AT_ONCE = Script(
    venue=VenueKind.AT_ONCE,
    ticks=(
        Tick(
            portfolio="main",
            says=_BUYS,
            after_seconds=60,
            other={"d": Say(Action.BUY, "MSFT", 0.2)},
            attempts=(Attempt(after_seconds=5, hands=(Hand(), Hand(is_other=True))),),
        ),
    ),
)
_HOLDS = {"a": Say(Action.HOLD), "b": Say(Action.HOLD)}


def _commanded(*attempts: tuple[Hand, ...], owned: dict[str, Decimal] | None = None) -> Script:
    """Ten minutes after a tick that buys, the same strategies want to buy more, and operators have a hand in it."""
    wants = {"a": Say(Action.BUY, "AAPL", 0.7), "b": Say(Action.BUY, "MSFT", 0.2)}
    tick = Tick(
        portfolio="main",
        says=wants if owned is None else _HOLDS,
        after_seconds=600,
        attempts=tuple(Attempt(after_seconds=5, hands=hands) for hands in attempts),
    )
    return Script(venue=VenueKind.AT_ONCE, ticks=(*_PLAIN.ticks, tick), owned=owned or {})


_HALT = Hand(errand=Errand.HALT)
_HALTED = _commanded((_HALT,))
# Committed before the halt, sent after it: by a delivery that comes later, and by one that takes long.
_SENT_LATER = _commanded((Hand(strike=Strike("step commit", 1, Side.AFTER, Ending.EXCEPTION)),), (_HALT,), (Hand(),))
_SENT_SLOWLY = _commanded(
    (Hand(strike=Strike("http POST /v2/orders", 1, Side.BEFORE, Ending.OVERTAKEN), post_seconds=3), _HALT)
)
_FLATTENED = _commanded((Hand(errand=Errand.FLATTEN),), owned={"AAPL": Decimal(5)})
_CASES: list[tuple[Sabotage, Script, Wrong]] = [
    (sabotage.sends_twice, _PLAIN, Wrong.DUPLICATE),
    (sabotage.sends_double, _PLAIN, Wrong.DUPLICATE),
    (sabotage.finds_nothing, _ANSWER_LOST, Wrong.LOST),
    (sabotage.drops_fills, _PLAIN, Wrong.LOST),
    (sabotage.loses_orders, _PLAIN, Wrong.LOST),
    (sabotage.changes_nonces, _PLAIN, Wrong.LOST),
    (sabotage.keeps_reservations, _PLAIN, Wrong.ORPHAN),
    (sabotage.overspends, _WORKING, Wrong.ORPHAN),
    (sabotage.shortens_fills, _PLAIN, Wrong.LEDGER),
    (sabotage.ignores_versions, _TWO_AT_ONCE, Wrong.CHAIN),
    (sabotage.raises_by_mistake, _PLAIN, Wrong.BROKEN),
    (sabotage.forgets_commands, _HALTED, Wrong.CHAIN),
    (sabotage.numbers_twice, _HALTED, Wrong.CHAIN),
    (sabotage.rewords_commands, _HALTED, Wrong.CHAIN),
    (sabotage.ignores_halts, _HALTED, Wrong.HALTED),
    (sabotage.ignores_halts, _SENT_LATER, Wrong.SENT),
    (sabotage.never_looks_again, _SENT_SLOWLY, Wrong.SENT),
    (sabotage.ignores_halts, _commanded((Hand(errand=Errand.FLATTEN),)), Wrong.HALTED),
    (sabotage.forgets_what_to_sell, _FLATTENED, Wrong.FLATTEN),
    (sabotage.sells_more, _FLATTENED, Wrong.FLATTEN),
]


@pytest.fixture(scope="module")
def found() -> list[set[Wrong]]:
    """Return what was found in the scripts of the cases, then in the same scripts without sabotage."""
    jobs = [Job(number=n, script=script, sabotage=broken) for n, (broken, script, _) in enumerate(_CASES)]
    sound = [Job(number=len(jobs) + n, script=script) for n, (_, script, _) in enumerate(_CASES)]
    outcomes = {each.number: each.outcome for each in played(Plan(seed=1), [*jobs, *sound], workers=1)}
    return [{finding.wrong for finding in outcomes[n].findings} for n in range(len(outcomes))]


@pytest.mark.parametrize("case", range(len(_CASES)), ids=[f"{broken.__name__}: {wrong}" for broken, _, wrong in _CASES])
def test_oracle_finds_an_engine_that(case: int, found: list[set[Wrong]]) -> None:
    assert _CASES[case][2] in found[case]


def test_oracle_finds_nothing_in_the_same_histories_without_sabotage(found: list[set[Wrong]]) -> None:
    assert found[len(_CASES) :] == [set()] * len(_CASES)
