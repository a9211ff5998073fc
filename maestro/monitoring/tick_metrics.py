"""What the ticks of this process took, for a process that lives long enough to be asked.

The store shows the newest tick alone; here every tick counts, so that rates and quantiles can be had.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Histogram

from backend.domain.measured import Measured
from backend.domain.tick import PortfolioKey
from backend.engine.telling import FAILED, FINISHED
from backend.ports.telemetry import Telemetry
from maestro.monitoring.catalogue import PORTFOLIO, PROCESS_METRICS

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class TickMetrics:
    """Counters of one registry; each series carries tenant and portfolio."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, *labels: str) -> Counter:
            full = f"maestro_{name}"
            return Counter(full, PROCESS_METRICS[full], (*PORTFOLIO, *labels), registry=registry)

        stage = "maestro_tick_stage_duration_seconds"
        self._stages = Histogram(
            stage, PROCESS_METRICS[stage], (*PORTFOLIO, "stage"), buckets=_SECONDS, registry=registry
        )
        self._ticks = counter("ticks_total", "outcome")
        self._documents = counter("tick_documents_total", "direction")
        self._trips = counter("tick_round_trips_total")
        self._orders = counter("tick_orders_total")
        self._fills = counter("tick_fills_total")
        self._failures = counter("tick_strategy_failures_total")

    def listening(self, telemetry: Telemetry, key: PortfolioKey) -> "MeteredTelemetry":
        """Return telemetry that tells everything on, and counts every tick's end."""
        return MeteredTelemetry(telemetry, self, key)

    def ended(self, name: str, facts: Mapping[str, object], measured: Measured, key: PortfolioKey) -> None:
        """Count a tick that has finished or failed."""
        owner = (key.tenant_id, key.portfolio_id)
        outcome = "failed" if name == FAILED else "resumed" if facts.get("was_resumed") else "done"
        self._ticks.labels(*owner, outcome).inc()
        for stage, milliseconds in measured.durations.items():
            self._stages.labels(*owner, stage).observe(milliseconds / 1000)
        self._documents.labels(*owner, "read").inc(measured.traffic.documents_read)
        self._documents.labels(*owner, "written").inc(measured.traffic.documents_written)
        self._trips.labels(*owner).inc(measured.traffic.round_trips)
        for counter, fact in ((self._orders, "orders"), (self._fills, "fills"), (self._failures, "failures")):
            count = facts.get(fact)
            counter.labels(*owner).inc(count if isinstance(count, int) else 0)


class MeteredTelemetry:
    """``Telemetry`` that listens for the ends of ticks."""

    def __init__(self, inner: Telemetry, metrics: TickMetrics, key: PortfolioKey) -> None:
        self._inner = inner
        self._metrics = metrics
        self._key = key

    @property
    def measured(self) -> Measured:
        return self._inner.measured

    def begun(self) -> "MeteredTelemetry":
        return MeteredTelemetry(self._inner.begun(), self._metrics, self._key)

    def about(self, **facts: object) -> AbstractContextManager[None]:
        return self._inner.about(**facts)

    def stage(self, name: str) -> AbstractContextManager[None]:
        return self._inner.stage(name)

    def event(self, name: str, /, **facts: object) -> None:
        """Tell it on; a tick that ends is counted."""
        self._inner.event(name, **facts)
        if name in (FINISHED, FAILED):
            self._metrics.ended(name, facts, self.measured, self._key)
