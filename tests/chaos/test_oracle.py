"""The oracle can fail: engines that are broken on purpose are found out, each by what is wrong with it."""

import pytest

from backend.domain.signal import Action
from tests.chaos import sabotage
from tests.chaos.child import Sabotage
from tests.chaos.finding import Wrong
from tests.chaos.pool import Job, Plan, played
from tests.chaos.script import Attempt, Hand, Script, Tick, VenueKind
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
    (sabotage.ignores_versions, _TWO_AT_ONCE, Wrong.LEDGER),
    (sabotage.raises_by_mistake, _PLAIN, Wrong.BROKEN),
]


@pytest.fixture(scope="module")
def found() -> list[set[Wrong]]:
    """Return what was found in the scripts of the cases, then in the same scripts without sabotage."""
    jobs = [Job(number=n, script=script, sabotage=broken) for n, (broken, script, _) in enumerate(_CASES)]
    sound = [Job(number=len(jobs) + n, script=script) for n, (_, script, _) in enumerate(_CASES)]
    outcomes = {each.number: each.outcome for each in played(Plan(seed=1), [*jobs, *sound], workers=1)}
    return [{finding.wrong for finding in outcomes[n].findings} for n in range(len(outcomes))]


@pytest.mark.parametrize("case", range(len(_CASES)), ids=[broken.__name__ for broken, _, _ in _CASES])
def test_oracle_finds_an_engine_that(case: int, found: list[set[Wrong]]) -> None:
    assert _CASES[case][2] in found[case]


def test_oracle_finds_nothing_in_the_same_histories_without_sabotage(found: list[set[Wrong]]) -> None:
    assert found[len(_CASES) :] == [set()] * len(_CASES)
