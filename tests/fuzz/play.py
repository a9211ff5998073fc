"""Play scripts: with every invariant after every step, or twice, closing one account's days on time and one's late."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from backend.adapters.documents import (
    ledger_documents,
    paths,
    performance_documents,
    portfolio_performance_documents,
)
from backend.adapters.documents.seam import StoredDocument
from tests.fuzz.invariants import Check
from tests.fuzz.market import START, local_day
from tests.fuzz.script import PORTFOLIOS, Close, Mood, Redeliver, Script, Setup, Tick, Wait, as_code
from tests.fuzz.venue import Answering
from tests.fuzz.world import TENANT, World, key_of, landing

MAIN = "main"
ON_TIME = timedelta(minutes=5)  # how long after a close the scheduled job runs


Player = Callable[[Script], Counter[str]]


def played(script: Script, player: Player) -> Counter[str]:
    """Play a script; what is raised names it, as Python."""
    try:
        return player(script)
    except BaseException as e:
        e.add_note(f"{player.__name__}({as_code(script)})")
        raise


def play(script: Script) -> Counter[str]:
    """Run a script and check what must hold after each step, then close every day; return what happened."""
    with _world(script.setup) as world:
        check = Check(world)
        for step in (*script.steps, *map(Close, PORTFOLIOS)):
            world.run(step)
            check(step)
        return world.counts


def play_on_time_and_late(script: Script) -> Counter[str]:
    """Run a script on two accounts, one of which closes its days when the script says so; compare what is written.

    All strategies are in one portfolio: what another one has reserved, and closing a day sets free, would rightly
    make a difference.
    """
    setup = replace(script.setup, earns_modes=False)
    with _world(setup) as punctual, _world(setup) as late:
        for step in script.steps:
            match step:
                case Wait():
                    _close_on_the_way(punctual, late, landing(step.hop, punctual.market.time))
                case Close():
                    if not late.market.is_open:  # else it would see orders half filled, and book them in two parts
                        late.close(MAIN, step.days_back)
                    continue
                case Tick():
                    step = replace(step, portfolio=MAIN, crash=None)
                case Redeliver():
                    step = replace(step, portfolio=MAIN)
                case Mood():
                    step = replace(step, answering=Answering.FRESH)
            punctual.run(step)
            late.run(step)
        assert punctual.close(MAIN)
        assert late.close(MAIN)
        _assert_same(punctual, late)
        return punctual.counts


def _close_on_the_way(punctual: World, late: World, until: datetime) -> None:
    """Let time pass to five minutes after each close before ``until``, where the punctual one closes the day."""
    while (closed := _next_close(punctual, until)) is not None:
        for world in (punctual, late):
            world.venue.advance(closed + ON_TIME)
        assert punctual.close(MAIN)


def _next_close(world: World, until: datetime) -> datetime | None:
    sessions = world.market.sessions(local_day(world.market.time), local_day(until))
    return next((s.closes_at for s in sessions if world.market.time - ON_TIME < s.closes_at < until - ON_TIME), None)


def _assert_same(punctual: World, late: World) -> None:
    for name, read in _COMPARED.items():
        ours, theirs = ({each.document_id: read(each) for each in _found(world, name)} for world in (punctual, late))
        assert ours.keys() == theirs.keys(), (name, sorted(ours.keys() ^ theirs.keys()))
        different = [(ours[each], theirs[each]) for each in ours if ours[each] != theirs[each]]
        assert not different, different[0]
    (ours_closed, _), (theirs_closed, _) = (world.store.closing(key_of(MAIN)) for world in (punctual, late))
    assert replace(ours_closed.book, entries=0) == replace(theirs_closed.book, entries=0)
    # How much of the journal was read, and so is pending, is another matter: later, there was more of it.
    as_read: dict[str, Any] = {"entries": 0, "pending": (), "book": ours_closed.book}
    assert replace(ours_closed, **as_read) == replace(theirs_closed, **as_read)


def _found(world: World, name: str) -> list[StoredDocument]:
    return world.documents.query(paths.collection(TENANT, name))


_COMPARED: dict[str, Callable[[StoredDocument], Any]] = {
    "strategy_performance": lambda document: replace(performance_documents.from_document(document), computed_at=START),
    "portfolio_performance": lambda document: replace(
        portfolio_performance_documents.from_document(document), computed_at=START
    ),
    "ledger_trades": lambda document: replace(ledger_documents.from_document(document), run_id=""),
}


@contextmanager
def _world(setup: Setup) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="maestro-fuzz-") as folder:
        world = World(setup, Path(folder) / "maestro.db")
        try:
            yield world
        finally:
            world.documents.close()
