"""Run every benchmark, or those that are named: ``python -m benchmarks [NAME …]``.

Exit status 0 when all ran, whether targets are met or not; 1 when one could not run; 2 for an unknown name.
"""

import sys
from importlib import import_module

from benchmarks.table import progress, publish
from benchmarks.unavailable import BenchmarkUnavailable

NAMES = (
    "round_trips",
    "decide",
    "tick_latency",
    "import_cost",
    "scoring",
    "daily_close",
    "halt",
    "allocation",
    "tenant_memory",
    "cold_start",
    "tenants",
    "tenant_documents",
    "bill",
)


def main(wanted: list[str]) -> int:
    """Run benchmarks and publish what they measure; return the exit status."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        progress(f"expected one of {', '.join(NAMES)}, found {', '.join(unknown)}; name a benchmark, or none for all")
        return 2
    status = 0
    for name in wanted or NAMES:
        progress(f"{name}: measuring")
        try:
            publish(import_module(f"benchmarks.{name}").measure())
        except BenchmarkUnavailable as e:
            progress(f"{name}: COULD NOT RUN: {e}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
