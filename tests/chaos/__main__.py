"""Play histories on all processors: ``python -m tests.chaos --histories 10000 --seed 1 --store sqlite``.

1. histories are numbered from 0, and drawn from seed and number;
2. each is played by a worker with its own paper brokers: deliveries in forked processes, then the oracle;
3. one with findings is printed with the command that plays it again.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import environ
from pathlib import Path
from uuid import uuid4

from tests.chaos.pool import Job, Plan, Played, played
from tests.chaos.stores import StoreKind
from tests.chaos.summary import Summary
from tests.emulators.firestore_emulator import ENABLE_COMMAND, HOST_VARIABLE, firestore_emulator
from tests.fuzz.script import as_code

SAYS_EVERY_SECONDS = 5.0


def main() -> int:
    asked = _arguments().parse_args()
    numbers = range(asked.histories) if asked.history is None else [asked.history]
    began = said = time.monotonic()
    with _planned(Plan(seed=asked.seed, store=asked.store)) as plan:
        summary = Summary(plan=plan)
        for each in played(plan, map(_job, numbers), asked.workers):
            summary.add(each)
            _print_findings(each, plan)
            if time.monotonic() - said > SAYS_EVERY_SECONDS:
                said = time.monotonic()
                print(f"{summary.histories} of {len(numbers)} histories, {said - began:.0f} s", flush=True)
    seconds = time.monotonic() - began
    if asked.json is not None:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(summary.to_document(seconds), indent=2) + "\n")
    for line in summary.lines(seconds):
        print(line)
    return 0 if summary.is_clean else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000, help="how many, numbered from 0")
    parser.add_argument("--history", type=int, help="play the one with this number alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", type=StoreKind, choices=list(StoreKind), default=StoreKind.SQLITE)
    parser.add_argument("--workers", type=int, help="default: two for each processor")
    parser.add_argument(
        "--json", type=Path, nargs="?", const=Path("build/chaos.json"), metavar="PATH", help="write the summary there"
    )
    return parser


@contextmanager
def _planned(plan: Plan) -> Iterator[Plan]:
    """Give a run on Firestore an emulator, and a project that nobody else writes to."""
    if plan.store is StoreKind.SQLITE:
        yield plan
        return
    with firestore_emulator() as host:
        if host is None:
            sys.exit(f"expected a Firestore emulator, found none; enable it with: {ENABLE_COMMAND}")
        environ[HOST_VARIABLE] = host  # Google's clients look nowhere else
        yield replace(plan, project=f"demo-{uuid4().hex[:16]}")


def _job(number: int) -> Job:
    return Job(number=number)


def _print_findings(each: Played, plan: Plan) -> None:
    if not each.outcome.findings:
        return
    for finding in each.outcome.findings:
        print(f"{finding.wrong}: {finding.what}")
    print(as_code(each.script))
    print(f"again: python -m tests.chaos --seed {plan.seed} --history {each.number} --store {plan.store}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
