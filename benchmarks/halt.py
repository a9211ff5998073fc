"""What a halt costs while fifty workers tick one account, and what is still decided after it.

Two ways in turns, on the same workers: the command, which changes the document that every commit is conditional on,
and a flag in a document of its own that every attempt reads at its start.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import TypeVar
from uuid import uuid4

from google.cloud import firestore

from backend.adapters.documents import Documents, DocumentStore, open_documents
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.command import Halt, Resume, TradingCommand
from backend.domain.errors import StoreUnavailable
from backend.engine.control import command
from benchmarks.busy_account import WORKERS, BusyAccount
from benchmarks.emulator import firestore_host
from benchmarks.kill_switch import KillSwitch
from benchmarks.stopwatch import MILLISECONDS
from benchmarks.table import Figure, Measurement, Row, Target, progress
from tests.fakes.cycle import AT, KEY

HALTS = 5  # of each way, on each store
LONGEST_SECONDS = 65.0  # no halt is begun later, but the first two on each store
LATER = 400  # entries that may be newer than the end of a halt when the chain is read
SPREAD_SECONDS = 0.25  # over which the halts are spread, so that they fall at different points of a tick
COMMAND, FLAG = "the command", "a flag"
ORDERS = 3  # of one halt, when the store does not answer in its ten seconds

Opened = Callable[[], Documents]
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """One halt among workers of whom ``deciding`` had begun a decision when it was ordered.

    ``took`` is in ms until it was committed, by the last of ``tries``, and ``leaks`` in ms from then until each
    decision with orders whose commit was sent later. ``since_order`` counts those whose commit was sent after the
    order. ``in_chain`` are the decisions with orders that stand behind the halt in the chain, None where it is not in
    the chain.
    """

    took: float
    tries: int
    deciding: int
    since_order: int
    leaks: tuple[float, ...]
    in_chain: int | None = None


def measure() -> Measurement:
    """Halt both ways on both stores."""
    rows: list[Row] = []
    until = perf_counter() + LONGEST_SECONDS
    for name, opening in (("SQLite", _sqlite), ("Firestore", _firestore)):
        progress(f"halt: {HALTS} halts of each way, {WORKERS} workers, {name}")
        with opening() as opened:
            halts = _halts(opened, until)
        rows += [_row(f"{name}: {way}", found) for way, found in halts.items()]
    return Measurement(
        name="halt",
        title=f"A halt among {WORKERS} workers of one account, on SQLite and the Firestore emulator",
        rows=tuple(rows),
        notes=(
            "ms: from the order to halt until its commit is answered. deciding: workers in a decision then, median.",
            "Decisions with orders, of all halts together. since order: their commit was sent after the order to halt;",
            "after: it was sent after the halt's was answered; in chain: they are numbered behind the halt.",
            "last ms: from the halt's answer to that of the last decision that came after it.",
            "The flag is modelled on our engine: its store shows trading as halted while a document of its own says",
            "so, and no commit is conditional on that. Decisions still depend on each other, so few can pass; and",
            "every attempt reads the flag anew, not only every tick.",
            "All are threads of one process: milliseconds include waiting for its interpreter.",
        ),
        peers=("google-cloud-firestore", "grpcio"),
    )


def _halts(opened: Opened, until: float) -> dict[str, list[Halted]]:
    account = BusyAccount(opened)
    documents = opened()
    store, switch = DocumentStore(documents), KillSwitch(documents)
    switch.set(is_halted=False)
    halts: dict[str, list[Halted]] = {COMMAND: [], FLAG: []}
    with account.running():
        for number in range(HALTS):
            if number and perf_counter() > until:
                break
            halts[COMMAND].append(_commanded(account, store, number))
            halts[FLAG].append(_flagged(account, switch, number))
    return halts


def _commanded(account: BusyAccount, store: DocumentStore, number: int) -> Halted:
    numbers: list[int] = []

    def order(given: TradingCommand) -> int:
        tries = 0

        def now() -> datetime:  # asked once in every try
            nonlocal tries
            tries += 1
            return AT

        done = _insisted(lambda: command(given, tenant_id=KEY.tenant_id, control=store, now=now))
        numbers.append(done.entry.sequence)
        return tries

    halted = _halted(account, lambda: order(Halt(by="bench", reason="bench")), number, is_flag=False)
    order(Resume(by="bench", reason="bench"))
    first, last = numbers
    newer = last - first + LATER
    chain = store.decisions(KEY.tenant_id, last=newer)
    if len(chain) == newer and chain[-1].sequence > first:
        raise ValueError(f"expected the chain back to entry {first}, found it back to {chain[-1].sequence}; read more")
    return replace(halted, in_chain=sum(first < each.sequence < last and bool(each.body["orders"]) for each in chain))


def _flagged(account: BusyAccount, switch: KillSwitch, number: int) -> Halted:
    def order(*, is_halted: bool) -> int:
        tries = 0

        def write() -> None:
            nonlocal tries
            tries += 1
            switch.set(is_halted=is_halted)

        _insisted(write)
        return tries

    halted = _halted(account, lambda: order(is_halted=True), number, is_flag=True)
    order(is_halted=False)
    return halted


def _insisted(action: Callable[[], Done]) -> Done:
    """Do what an operator does when the store is too busy to answer: order the same again."""
    for _ in range(ORDERS - 1):
        try:
            return action()
        except StoreUnavailable:
            continue
    return action()


def _halted(account: BusyAccount, halt: Callable[[], int], number: int, *, is_flag: bool) -> Halted:
    """Halt while workers decide, and watch until what had begun before has ended."""
    account.trade(is_flag=is_flag)
    sleep(SPREAD_SECONDS * number / HALTS)
    deciding = account.deciding()
    if not deciding:
        raise ValueError(f"expected some of {WORKERS} workers in a decision when halting, found none; it shows nothing")
    ordered_at = perf_counter()
    tries = halt()
    halted_at = perf_counter()
    account.settle()
    sent = [each for each in account.sent if each.sent_at > ordered_at and each.is_flag == is_flag]
    return Halted(
        took=(halted_at - ordered_at) * MILLISECONDS,
        tries=tries,
        deciding=deciding,
        since_order=len(sent),
        leaks=tuple((each.answered_at - halted_at) * MILLISECONDS for each in sent if each.sent_at > halted_at),
    )


def _row(label: str, halts: list[Halted]) -> Row:
    figures: dict[str, Figure] = {
        "halts": len(halts),
        "deciding": int(median(each.deciding for each in halts)),
        "median ms": median(each.took for each in halts),
        "worst ms": max(each.took for each in halts),
        "most tries": max(each.tries for each in halts),
        "since order": sum(each.since_order for each in halts),
        "after": sum(len(each.leaks) for each in halts),
        "last ms": max((leak for each in halts for leak in each.leaks), default="none"),
    }
    numbered = [each.in_chain for each in halts if each.in_chain is not None]
    if not numbered:
        return Row(label=label, figures=figures)
    targets = (Target(figure="in chain", bound=0), Target(figure="after", bound=0))
    return Row(label=label, figures={**figures, "in chain": sum(numbered)}, targets=targets)


@contextmanager
def _sqlite() -> Iterator[Opened]:
    with TemporaryDirectory(prefix="maestro-bench-") as folder, ExitStack() as opened:

        def open_file() -> Documents:
            documents = SqliteDocuments(Path(folder) / "maestro.db")
            opened.callback(documents.close)
            return documents

        yield open_file


@contextmanager
def _firestore() -> Iterator[Opened]:
    project = f"demo-{uuid4().hex[:16]}"
    with firestore_host(), ExitStack() as opened:

        def open_client() -> Documents:
            client = firestore.Client(project=project)
            opened.callback(client.close)
            return open_documents(client)

        yield open_client
