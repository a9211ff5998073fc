"""Maestro's metrics for Prometheus: the store is read when Prometheus asks, and only then."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.domain.errors import MaestroError
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey
from backend.ports.decisions import DecisionLog
from backend.ports.operations import Operations
from backend.ports.performances import PerformanceHistory
from maestro.monitoring.catalogue import METRICS
from maestro.monitoring.levels import levels_of
from maestro.monitoring.samples import Sample, samples, summary_samples
from maestro.monitoring.standing import Standing, read_standing

_LOGGER = logging.getLogger(__name__)


class StoreCollector(Collector):
    """Prometheus collector of one portfolio; an error of the store becomes ``maestro_up`` 0.

    Parameters
    ----------
    policy : what the tenant's configuration document leads to
    next_tick : the first scheduled instant after another
    operations : where the tenant's newest tick and its failures stand
    """

    def __init__(
        self,
        *,
        log: DecisionLog,
        performances: PerformanceHistory,
        key: PortfolioKey,
        policy: Callable[[Mapping[str, Any]], DecisionPolicy],
        next_tick: Callable[[datetime], datetime],
        operations: Operations,
    ) -> None:
        self._log = log
        self._performances = performances
        self._key = key
        self._policy = policy
        self._next_tick = next_tick
        self._operations = operations
        self._errors = 0
        self._lock = Lock()  # scrapes may come at once
        self.failure: MaestroError | None = None

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the families of the samples that are known now."""
        try:
            found = self._samples()
            failure = None
        except MaestroError as e:
            _LOGGER.error("metrics: the store could not be read: %s", e)
            found, failure = [], e
        with self._lock:
            self.failure = failure
            self._errors += failure is not None
            errors = self._errors
        found += [Sample("up", float(failure is None)), Sample("scrape_errors_total", errors)]
        yield from self._families(found)

    def _samples(self) -> list[Sample]:
        standing = read_standing(self._log, self._performances, self._key)
        summary = self._operations.summary(self._key.tenant_id)
        told = () if summary is None else summary_samples(summary, self._key.portfolio_id)
        return [*samples(standing), *self._level_samples(standing), *told]

    def _level_samples(self, standing: Standing) -> Iterator[Sample]:
        levels = levels_of(self._policy(standing.observed.configuration))
        for name, limit in levels.limits.items():
            yield Sample("limit_ratio", limit, (name,))
        for name in ("drawdown", "correlation", "underperformance"):
            yield Sample("alert_threshold_ratio", getattr(levels.thresholds, name), (name,))
        if standing.newest is not None:
            due = self._next_tick(standing.newest.timestamp)
            yield Sample("next_decision_timestamp_seconds", due.timestamp())

    def _families(self, found: list[Sample]) -> Iterator[Metric]:
        owner = (self._key.tenant_id, self._key.portfolio_id)
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for sample in found:
            metric = METRICS[sample.metric]
            if metric.name not in families:
                kind = CounterMetricFamily if metric.is_counter else GaugeMetricFamily
                families[metric.name] = kind(metric.name, metric.about, labels=metric.labels)
            families[metric.name].add_metric([*owner, *map(str, sample.labels)], sample.value)
        yield from families.values()


def registry_of(collector: StoreCollector) -> CollectorRegistry:
    """Return a registry that holds this collector and nothing else."""
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
