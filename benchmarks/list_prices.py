"""List prices in us-central1, in US dollars, without any discount, with where and when they were read.

They were read in stored copies of the pages, since no live page was at hand: check them before you rely on them.
"""

from dataclasses import dataclass

READ_ON = "2026-11-25"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """``dollars`` for each ``per`` units; ``free`` units a month, or a day where ``is_daily``."""

    name: str
    unit: str
    dollars: float
    per: float
    free: float
    source: str
    is_daily: bool = False

    def of(self, units: float) -> float:
        """Return what units cost that are not free."""
        return self.dollars * units / self.per


_FIRESTORE = "cloud.google.com/firestore/pricing"
_RUN = "cloud.google.com/run/pricing"
_SECRETS = "cloud.google.com/secret-manager/pricing"

READS = Price(
    name="Firestore reads", unit="documents", dollars=0.03, per=1e5, free=5e4, source=_FIRESTORE, is_daily=True
)
WRITES = Price(
    name="Firestore writes", unit="documents", dollars=0.09, per=1e5, free=2e4, source=_FIRESTORE, is_daily=True
)
DELETES = Price(name="Firestore TTL deletes", unit="documents", dollars=0.01, per=1e5, free=0, source=_FIRESTORE)
STORAGE = Price(name="Firestore storage", unit="GiB-months", dollars=0.15, per=1, free=1, source=_FIRESTORE)
PROCESSOR = Price(name="Cloud Run processor", unit="vCPU-seconds", dollars=0.000024, per=1, free=1.8e5, source=_RUN)
MEMORY = Price(name="Cloud Run memory", unit="GiB-seconds", dollars=0.0000025, per=1, free=3.6e5, source=_RUN)
REQUESTS = Price(name="Cloud Run requests", unit="requests", dollars=0.40, per=1e6, free=2e6, source=_RUN)
TASKS = Price(
    name="Cloud Tasks", unit="operations", dollars=0.40, per=1e6, free=1e6, source="cloud.google.com/tasks/pricing"
)
JOBS = Price(
    name="Cloud Scheduler", unit="jobs", dollars=0.10, per=1, free=3, source="cloud.google.com/scheduler/pricing"
)
SECRETS = Price(name="Secret Manager versions", unit="versions", dollars=0.06, per=1, free=6, source=_SECRETS)
ACCESSES = Price(name="Secret Manager accesses", unit="accesses", dollars=0.03, per=1e4, free=1e4, source=_SECRETS)
LOGS = Price(
    name="Cloud Logging", unit="GiB", dollars=0.50, per=1, free=50, source="cloud.google.com/stackdriver/pricing"
)
TRAFFIC = Price(
    name="Traffic to the broker", unit="GiB", dollars=0.12, per=1, free=1, source="cloud.google.com/vpc/network-pricing"
)

PRICES = (
    READS,
    WRITES,
    DELETES,
    STORAGE,
    PROCESSOR,
    MEMORY,
    REQUESTS,
    TASKS,
    JOBS,
    SECRETS,
    ACCESSES,
    LOGS,
    TRAFFIC,
)
