"""What ``functions/main.py`` costs a cold start: time and memory of its import, in fresh processes.

Beside it the vendors alone that it cannot do without; both in turns, timed inside the process, so that the
interpreter's own start dilutes neither.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.table import Measurement, Row, Target, progress

ROUNDS = 11
ROOT = Path(__file__).resolve().parents[1]
MAIN = "import functions.main"
VENDORS = (
    "from firebase_functions import https_fn, scheduler_fn, tasks_fn\n"
    "import firebase_admin\n"
    "import google.cloud.firestore\n"
    "import numpy"
)
FIRST_TICK = (
    "import functions.main\n"
    "import google.cloud.firestore\n"
    "import backend.adapters.firestore, backend.adapters.documents, backend.engine.cycle\n"
    "import functions.bootstrap, functions.strategies.loader"
)
UNWANTED = ("pandas", "alpaca", "exchange_calendars", "vertexai", "google.genai")
MOST_RATIO = 1.15
MOST_MEGABYTES = 95.0
PROBE = """
import json, sys, time
start = time.perf_counter()
{statements}
took = time.perf_counter() - start
try:
    # Not ru_maxrss: that one starts from the peak of the process that started this one.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
found = [name for name in {unwanted!r} if name in sys.modules]
print(json.dumps([took * 1e3, peak, found]))
"""


def measure() -> Measurement:
    """Import all three in fresh processes, in turns."""
    progress(f"import_cost: {ROUNDS} fresh processes of each")
    times, peaks, found = _samples((MAIN, VENDORS, FIRST_TICK))
    vendors = median(times[VENDORS])
    bounds = Target(figure="÷ vendors", bound=MOST_RATIO), Target(figure="peak MB", bound=MOST_MEGABYTES)
    first_tick = "functions.main and what a tick needs, less the broker's client"
    return Measurement(
        name="import_cost",
        title="Import of functions/main.py",
        rows=(
            _row("functions.main", times[MAIN], peaks[MAIN], vendors, *bounds),
            Row(
                label=f"of {', '.join(UNWANTED)}: imported with it",
                figures={"modules": len(found)},
                targets=(Target(figure="modules", bound=0),),
            ),
            _row("the vendors alone", times[VENDORS], peaks[VENDORS], vendors),
            _row(first_tick, times[FIRST_TICK], peaks[FIRST_TICK], vendors),
        ),
        notes=(
            f"ms: median of {ROUNDS} fresh processes of each, in turns; peak MB: the largest of them, 2²⁰ bytes.",
            "the vendors: firebase_functions (https_fn, scheduler_fn, tasks_fn), firebase_admin, "
            "google.cloud.firestore, numpy.",
        ),
        peers=("firebase-functions", "firebase-admin", "google-cloud-firestore", "numpy"),
    )


def _samples(programs: tuple[str, ...]) -> tuple[dict[str, list[float]], dict[str, list[float]], set[str]]:
    """Return milliseconds and peak megabytes by program, and the unwanted modules that ``functions.main`` imports."""
    times: dict[str, list[float]] = {program: [] for program in programs}
    peaks: dict[str, list[float]] = {program: [] for program in programs}
    found: set[str] = set()
    for number in range(-1, ROUNDS):  # the first of each writes the bytecode and is not counted
        for program in programs:
            took, peak, modules = _imported(program)
            if number >= 0:
                times[program].append(took)
                peaks[program].append(peak)
            if program == MAIN:
                found.update(modules)
    return times, peaks, found


def _row(label: str, times: list[float], peaks: list[float], vendors: float, *targets: Target) -> Row:
    figures = {"ms": median(times), "÷ vendors": median(times) / vendors, "peak MB": max(peaks)}
    return Row(label=label, figures=figures, targets=targets)


def _imported(statements: str) -> tuple[float, float, list[str]]:
    """Import in a fresh process; return milliseconds, peak megabytes and the unwanted modules that came along."""
    code = PROBE.format(statements=statements, unwanted=UNWANTED)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    took, peak, modules = json.loads(done.stdout.splitlines()[-1])
    return took, peak, modules
