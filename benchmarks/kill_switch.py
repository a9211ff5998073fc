"""The usual kill switch: a flag in a document of its own, written unconditionally and read before each decision.

It is modelled on the engine that is measured beside it. The store shows trading as halted while the flag is set, and
keeps that out of what it writes; so no commit is conditional on the flag.
"""

from dataclasses import replace
from typing import Any

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import replace as written
from backend.domain.tick import Observation, TickCommit, TickRecord, TickRequest, Versions
from backend.domain.trading_state import Restriction, Trading, TradingState
from tests.fakes.cycle import KEY

PATH = f"tenants/{KEY.tenant_id}/switches/halt"
SOURCE = "flag"


class KillSwitch:
    """One document that says whether trading is halted."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def set(self, *, is_halted: bool) -> None:
        self._documents.commit([written(PATH, {"is_halted": is_halted})])

    def is_halted(self) -> bool:
        found = self._documents.read([PATH]).get(PATH)
        return found is not None and bool(found.fields["is_halted"])


class SwitchedStore:
    """A tick's store; while ``is_watched``, each attempt, a repeated one too, begins by reading the flag."""

    def __init__(self, documents: Documents) -> None:
        self.is_watched = False
        self._store = DocumentStore(documents)
        self._switch = KillSwitch(documents)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def observe(self, request: TickRequest) -> Observation:
        is_halted = self.is_watched and self._switch.is_halted()
        observed = self._store.observe(request)
        if not is_halted:
            return observed
        halt = Restriction(state=TradingState.HALTED, reason="bench", by="bench", since=request.scheduled_at)
        shown = replace(observed.trading, restrictions={**observed.trading.restrictions, SOURCE: halt})
        return replace(observed, trading=shown)

    def commit(self, commit: TickCommit) -> Versions:
        return self._store.commit(replace(commit, trading=_without_flag(commit.trading)))

    def record(self, record: TickRecord) -> Versions:
        return self._store.record(replace(record, trading=_without_flag(record.trading)))


def _without_flag(trading: Trading) -> Trading:
    kept = {source: each for source, each in trading.restrictions.items() if source != SOURCE}
    return replace(trading, restrictions=kept)
