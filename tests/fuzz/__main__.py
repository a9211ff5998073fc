"""Play thousands of drawn scripts on all processors: ``python -m tests.fuzz --sequences 10000 --seed 1``.

1. the sequences are cut into batches; each is drawn with a seed of its own, counted up from ``--seed``;
2. four fifths of a batch are checked after every step, one fifth is played on time and late (``play``);
3. a failure is shrunk and printed as Python, with the command that draws its batch again.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from traceback import format_exception

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.fuzz.drawing import scripts
from tests.fuzz.play import Player, play, play_on_time_and_late, played
from tests.fuzz.script import Script

BATCH = 250
LONGEST = 60  # steps of a script


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--sequences", type=int, default=10_000, help="rounded up to whole batches of 250")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch")
    asked = parser.parse_args()
    began = time.monotonic()
    counts: Counter[str] = Counter()
    failed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        batches = {pool.submit(play_batch, asked.seed + i): asked.seed + i for i in range(-(-asked.sequences // BATCH))}
        for done in as_completed(batches):
            error = done.exception()
            if error is None:
                counts += done.result()
                print(f"{counts['sequences']} sequences, {time.monotonic() - began:.0f} s", flush=True)
            else:
                failed += 1
                print("".join(format_exception(error)), flush=True)
                print(f"again: make fuzz N={BATCH} SEED={batches[done]}", flush=True)
    print_summary(counts, failed, time.monotonic() - began)
    return 1 if failed else 0


def play_batch(number: int) -> Counter[str]:
    """Draw and play one batch; the first script that fails, shrunk, is in the notes of what is raised."""
    late = BATCH // 5
    return play_drawn(play, BATCH - late, number) + play_drawn(play_on_time_and_late, late, number)


def play_drawn(player: Player, sequences: int, number: int) -> Counter[str]:
    counts: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=sequences,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(scripts(LONGEST))
    def draw(script: Script) -> None:
        counts.update(played(script, player))
        counts["sequences"] += 1

    draw()
    return counts


def print_summary(counts: Counter[str], failed: int, seconds: float) -> None:
    steps = sum(count for kind, count in counts.items() if kind.startswith("step "))
    for kind, count in sorted(counts.items()):
        print(f"{count:>9}  {kind}")
    print(f"{counts['sequences']} sequences, {steps} steps, {failed} failed batches, {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
